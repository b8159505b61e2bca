"""Contrast of the page's colours and of the timeline's fills, by the formula of WCAG 2."""

import re
from itertools import product
from pathlib import Path

import pytest

from plugin.web.svg_fills import FILLS
from plugin.web.timeline_svg import ASK, INK, SOFT

CSS = (Path(__file__).parents[3] / "static" / "review.css").read_text(encoding="utf-8")
GROUNDS = ("paper", "ground", "lane")
# Words in a signal colour stand on their own ground or on paper.
PAIRS = [
    *product(("ink", "soft", "link"), GROUNDS),
    *product(("good", "ask", "bad"), ("paper", "ground")),
    ("good", "good-ground"),
    ("ask", "ask-ground"),
    ("bad", "bad-ground"),
    ("ink", "info-ground"),
    ("ink", "ask-ground"),
    ("soft", "info-ground"),
    ("accent-ink", "accent"),
    ("accent", "paper"),
]


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colours(scheme: str) -> dict[str, str]:
    """The page's colours by name; the dark ones are the second block of them."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[["light", "dark"].index(scheme)]))


def test_the_formula_is_right():
    """Black on white is 21, by definition."""
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("words", "ground"), PAIRS)
def test_words_can_be_read(scheme, words, ground):
    """4.5 to 1, which WCAG asks of ordinary text."""
    palette = colours(scheme)
    assert contrast(palette[words], palette[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), [("focus", "paper"), ("focus", "ground"), ("soft", "paper")])
def test_focus_and_edges_of_fields_can_be_seen(scheme, edge, ground):
    """3 to 1, which WCAG asks of parts of controls."""
    palette = colours(scheme)
    assert contrast(palette[edge], palette[ground]) >= 3


@pytest.mark.parametrize("fill", [colour for pair in FILLS.values() for colour in pair])
def test_white_codes_can_be_read_on_every_fill(fill):
    """On the ground of a pattern and on its lines."""
    assert contrast("#ffffff", fill) >= 4.5


@pytest.mark.parametrize("ink", [INK, SOFT, ASK])
@pytest.mark.parametrize("ground", ["#ffffff", "#f4f7f9"])
def test_the_drawing_alone_can_be_read(ink, ground):
    """As a file or on paper, without the page's style sheet."""
    assert contrast(ink, ground) >= 4.5
