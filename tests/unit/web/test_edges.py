"""What each end of a bar rests on, and that each kind is drawn in a way of its own."""

import re
from xml.etree import ElementTree

import pytest
from msgspec import structs

from plugin.domain import Tier
from plugin.domain.charge import ChargeMinutes
from plugin.domain.replacing import replace
from plugin.web.svg_edges import draw_edge
from plugin.web.timeline_svg import draw_timeline
from plugin.web.views.edges import Edge, edges_of
from plugin.web.views.legend import legend_for
from plugin.web.views.timeline import Mark, pieces_by_administration
from plugin.web.views.timeline_layout import WIDTH, place_lanes, runs_of, scale_for, text_width, words_of_run
from tests.unit.web.sample_charts import chemo_day, given
from tests.unit.web.test_timeline_svg import timeline_of

CHARTED = given(1, "cefepime", "09:00", "09:45")
OPEN = replace(CHARTED, stop=None)


@pytest.mark.parametrize(
    ("administration", "tier", "edges"),
    [
        (CHARTED, Tier.CHARTED, (Edge.CHARTED, Edge.CHARTED)),
        (CHARTED, 0, (Edge.CHARTED, Edge.CHARTED)),
        (replace(CHARTED, from_device=True), Tier.PAIRED, (Edge.PAIRED, Edge.PAIRED)),
        (OPEN, Tier.PAIRED, (Edge.CHARTED, Edge.PAIRED)),
        (OPEN, Tier.STILL_RUNNING, (Edge.CHARTED, Edge.RUNNING)),
        (OPEN, Tier.COMPUTED, (Edge.CHARTED, Edge.COMPUTED)),
        (replace(CHARTED, attested=("stop",)), Tier.ATTESTED, (Edge.CHARTED, Edge.ATTESTED)),
        (replace(CHARTED, attested=("start", "stop")), Tier.ATTESTED, (Edge.ATTESTED, Edge.ATTESTED)),
    ],
)
def test_what_each_end_rests_on(administration, tier, edges):
    """The start is charted unless a device or a person said it; a stop that isn't charted says where it is from."""
    assert edges_of(administration, tier) == edges


def test_no_two_kinds_of_ends_look_the_same():
    """Told apart without colour: each kind has its own shapes."""
    drawn = {"".join(element.as_str() for element in draw_edge(edge, 10, 10)) for edge in Edge}
    assert len(drawn) == len(Edge)


def test_the_legend_explains_ends_once_one_is_not_the_charts_own():
    """A plainly charted day needs no such words."""
    coded = chemo_day()
    plain = replace(coded, chart=replace(coded.chart, administrations=(CHARTED,)), asks=())
    assert not any(sample.words.startswith("end:") for sample in legend_for(timeline_of(plain)))
    attested = replace(plain, chart=replace(plain.chart, administrations=(replace(CHARTED, attested=("stop",)),)))
    words = [sample.words for sample in legend_for(timeline_of(attested))]
    assert words[-2:] == ["end: charted", "end: attested, not charted"]


def test_zoom_widens_a_minute_and_zero_fits_the_stay():
    """Twice as close is twice as wide a minute; the whole of a long stay is no wider than the page."""
    timeline = timeline_of(chemo_day())
    normal, closer = scale_for(timeline), scale_for(timeline, 2.0)
    assert closer.per_minute == 2 * normal.per_minute
    assert closer.width > normal.width
    bars = timeline.lanes[0].bars
    last = replace(bars[-1], start=bars[-1].start + 6 * 86_400, stop=bars[-1].stop + 6 * 86_400, pieces=())
    lane = replace(timeline.lanes[0], bars=(*bars[:-1], last))
    stay = replace(timeline, lanes=(lane,), stop=last.stop)
    assert scale_for(stay).width > 3 * WIDTH
    assert scale_for(stay, 0).width < 1.5 * WIDTH


def test_two_hundred_administrations_are_drawn_and_named():
    """A bar with its facts for each; where nothing of so many counts, the words above the bars are left out."""
    coded = chemo_day()
    times = [(f"{8 + n // 20:02d}:{n % 20 * 3:02d}", f"{8 + n // 20:02d}:{n % 20 * 3 + 2:02d}") for n in range(200)]
    many = tuple(given(n, f"drug {n}", *span) for n, span in enumerate(times, start=1))
    timeline = timeline_of(replace(coded, chart=replace(coded.chart, administrations=many), charges=(), rulings=()))
    drawn = draw_timeline(timeline)
    assert sum(len(lane.bars) for lane in timeline.lanes) == 200
    assert all(re.search(rf'-name">drug {n}\b', drawn) for n in range(1, 201))
    assert ">drug 100<" not in drawn
    [lane] = place_lanes(timeline, scale_for(timeline))
    assert not lane.named
    counted = place_lanes(replace(timeline, lanes=(replace(lane.lane, counts=True),)), scale_for(timeline))
    assert counted[0].named
    assert lane.height < counted[0].height / 2


def test_the_words_of_near_marks_do_not_run_into_each_other():
    """What finds no room beside the one before stands a row higher; all of it stays within the picture."""
    timeline = timeline_of(chemo_day())
    end = timeline.stop
    marks = (Mark(timeline.start, "far away"), Mark(end - 1200, "Inpatient order"), Mark(end, "Thu 5 Mar 2026"))
    drawn = ElementTree.fromstring(draw_timeline(replace(timeline, marks=marks)))  # noqa: S314 - our own
    placed = {words.text: words for words in drawn.iter() if words.tag.endswith("text")}
    heights = [float(placed[mark.text].get("y")) for mark in marks]
    assert heights[0] == heights[1]
    assert heights[1] - heights[2] >= 14
    top, width = (float(drawn.get("viewBox").split()[number]) for number in (1, 2))
    assert top <= heights[2] - 12
    for mark in marks:
        middle, half = float(placed[mark.text].get("x")), text_width(mark.text) / 2
        assert 0 <= middle - half < middle + half <= width


def test_the_units_of_a_picture_add_up():
    """An hour that goes on in the next bag counts where it began: seven and two are nine, not seven and three."""
    charge = chemo_day().charges[1]
    first, second = (ChargeMinutes(unit, "a", 4, unit * 3600, unit * 3600 + 3600) for unit in (1, 2))
    rest, third = ChargeMinutes(2, "b", 4, 10_800, 11_000), ChargeMinutes(3, "b", 4, 11_000, 14_600)
    line = structs.replace(charge, units=3, minutes=(first, second, rest, third))
    pieces = pieces_by_administration(replace(chemo_day(), charges=(line,), rulings=()))
    told = {name: [words_of_run(run) for run in runs_of(own)] for name, own in pieces.items()}
    assert told == {"a": [f"{line.code} \N{MULTIPLICATION SIGN}2"], "b": [line.code]}
