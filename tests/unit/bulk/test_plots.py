"""Any words may stand in a plot, and none of them become markup."""

from xml.etree import ElementTree as ET

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


def test_every_hour_of_a_unit_has_its_square_and_its_number():
    """Two at eight, five at fifteen."""
    row = [0] * 24
    row[8], row[15] = 2, 5
    drawn = ET.fromstring(plots.hours_by_unit("t", {"Clinic": row}))  # noqa: S314
    numbers = [text.text for text in drawn.findall(f"{SVG}text")]

    assert len(drawn.findall(f"{SVG}rect")) == 24
    assert numbers[24:] == ["Clinic", "2", "5"]
