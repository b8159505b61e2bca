"""The only place where charted words enter a drawing.

svg.py types the elements and writes them, but does not escape; these elements do, so text can't become markup.
Attributes never hold charted words: names are given by <title>, which `aria-labelledby` points to.
"""

from dataclasses import dataclass

import svg

INK, SOFT, RULE, PAPER, ASK = "#1b2733", "#55626f", "#d5dce3", "#ffffff", "#8a4b00"
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))


def drawable(words: str) -> str:
    """The words as XML can hold them: markup escaped, control characters left out."""
    return svg.escape(words.translate(_CONTROLS))


@dataclass
class Words(svg.Text):
    """A <text> whose words are escaped."""

    def __post_init__(self) -> None:
        self.text = drawable(self.text or "")


@dataclass
class Part(svg.TSpan):
    """A <tspan> whose words are escaped, within a <text>."""

    def __post_init__(self) -> None:
        self.text = drawable(self.text or "")


@dataclass
class Name(svg.Title):
    """A <title> whose words are escaped: the accessible name, and the tooltip."""

    def __post_init__(self) -> None:
        self.text = drawable(self.text or "")


@dataclass
class Description(svg.Desc):
    """A <desc> whose words are escaped."""

    def __post_init__(self) -> None:
        self.text = drawable(self.text or "")


def label(
    at: tuple[float, float], words: str, tone: str, *, anchor: str = "start", bold: bool = False, halo: str = "#f9fbfc"
) -> Words:
    """Words at a point; `tone` is soft, ink, ask, or on (on colour)."""
    colour = {"soft": SOFT, "ink": INK, "ask": ASK, "on": PAPER}[tone]
    shown = Words(x=round(at[0], 1), y=round(at[1], 1), text=words, fill=colour, class_=[tone])
    shown.extra = {"text-anchor": anchor, "font-weight": "600" if bold else "400"}
    # A halo in the colour of the ground keeps rules, and the ends of pieces, from running through the letters.
    shown.stroke, shown.stroke_width, shown.paint_order = halo, 3, "stroke"
    return shown
