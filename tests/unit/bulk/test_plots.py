"""Any words may stand in a plot, and none of them become markup."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.bulk import plots

SVG = "{http://www.w3.org/2000/svg}"


@given(st.text(max_size=80))
def test_words_of_a_chart_stay_words(words):
    """They come back as they went in, without what can't be printed and cut to a length."""
    drawn = ET.fromstring(plots.bars("title", [(words, 1, "under", "1")]))  # noqa: S314 - our own
    shown = "".join(c if c.isprintable() else " " for c in words)[:60]

    assert (drawn.findall(f"{SVG}text")[0].text or "") == shown
    assert [element.tag for element in drawn] == [f"{SVG}title", f"{SVG}text", f"{SVG}rect", f"{SVG}text"]


def test_bars_are_as_long_as_their_amounts():
    """The largest takes all the room, half of it half, and a loss is as long as a gain."""
    drawn = ET.fromstring(plots.bars("t", [("a", 4, "under", ""), ("b", -2, "over", "")]))  # noqa: S314
    lengths = [float(bar.attrib["width"]) for bar in drawn.findall(f"{SVG}rect")]

    assert lengths == [plots.BAR, plots.BAR / 2]


@pytest.mark.parametrize("name", ["A", "Prairie Gate Hospital, Rheumatology and Dermatology Clinic"])
def test_no_name_runs_off_the_picture(name):
    """Names end where the squares begin; 60 letters of common width (8.2 of 13 px) have room before them."""
    drawn = ET.fromstring(plots.hours_by_unit("t", {name: [0] * 24}))  # noqa: S314
    label = next(text for text in drawn.findall(f"{SVG}text") if text.text == name)
    squares = [float(square.attrib["x"]) for square in drawn.findall(f"{SVG}rect")]

    assert float(label.attrib["x"]) == min(squares) - 8
    assert float(label.attrib["x"]) >= 8.2 * len(name) - 1
    assert float(drawn.attrib["width"]) >= max(squares) + plots.CELL


def test_every_hour_of_a_unit_has_its_square_and_its_number():
    """Two at eight, five at fifteen."""
    row = [0] * 24
    row[8], row[15] = 2, 5
    drawn = ET.fromstring(plots.hours_by_unit("t", {"Clinic": row}))  # noqa: S314
    numbers = [text.text for text in drawn.findall(f"{SVG}text")]

    assert len(drawn.findall(f"{SVG}rect")) == 24
    assert numbers[24:] == ["Clinic", "2", "5"]


def test_a_part_is_filled_within_its_whole():
    """Three of four asked, then one of two: frames of all the room and half of it, filled to three and one quarter."""
    drawn = ET.fromstring(plots.parts("t", [("a", 3, 4, "3 of 4"), ("b", 1, 2, "1 of 2")]))  # noqa: S314
    widths = [float(bar.attrib["width"]) for bar in drawn.findall(f"{SVG}rect")]

    assert widths == [plots.BAR * 0.75, plots.BAR, plots.BAR * 0.25, plots.BAR * 0.5]
    assert [text.text for text in drawn.findall(f"{SVG}text")] == ["a", "3 of 4", "b", "1 of 2"]


def test_a_week_has_its_rate_in_words_on_a_ground_that_lets_it_be_read():
    """Also the darkest: its number has a contrast of at least 4.5 to 1; a week without infusions has none."""
    drawn = ET.fromstring(plots.rates_by_week("t", ["2 Mar", "9 Mar", "16 Mar"], {"Clinic": [0, None, 100]}))  # noqa: S314
    texts, squares = drawn.findall(f"{SVG}text"), drawn.findall(f"{SVG}rect")

    assert [text.text for text in texts] == ["2 Mar", "9 Mar", "16 Mar", "Clinic", "0%", "100%"]
    grounds = [on_white(each.attrib["fill"], float(each.attrib.get("fill-opacity", 1))) for each in squares]
    assert min(contrast(ground, on_white(texts[-1].attrib["fill"])) for ground in grounds) >= 4.5


def test_a_count_is_the_darker_the_larger():
    """One of at most four is a quarter of the way from 0.08 to 0.65; nothing is neither counted nor coloured."""
    drawn = ET.fromstring(plots.counts_by_week("t", ["2 Mar", "9 Mar", "16 Mar"], {"Ann": [1, 0, 4]}))  # noqa: S314
    squares = drawn.findall(f"{SVG}rect")

    assert [text.text for text in drawn.findall(f"{SVG}text")][3:] == ["Ann", "1", "4"]
    assert [each.attrib.get("fill-opacity") for each in squares] == ["0.22", None, "0.65"]


def on_white(colour: str, opacity: float = 1) -> float:
    """The relative luminance (WCAG 2.2) of a colour that lies on white."""
    parts = (int(colour[at : at + 2], 16) / 255 * opacity + 1 - opacity for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    """The contrast ratio of two luminances."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
