"""The drawing: well formed whatever was charted, within the content policy, and saying all it shows."""

import re
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from plugin.domain import Category, Drug, NamedService
from plugin.domain.replacing import replace
from plugin.web.timeline_svg import MOST_NARROW, draw_narrow, draw_swatch, draw_timeline
from plugin.web.views.timeline import Bar, Lane, build_timeline
from plugin.web.views.timeline_layout import label_left, place_bars, scale_for, text_width, ticks
from tests.unit.web.sample_charts import CATEGORIES, charge, chemo_day, given, minutes

SVG = "{http://www.w3.org/2000/svg}"


def timeline_of(coded):
    anchors = {a.id: f"given-{number}" for number, a in enumerate(coded.chart.administrations, start=1)}
    return build_timeline(coded, CATEGORIES.get, anchors)


@pytest.fixture(scope="module")
def picture():
    """The chemotherapy day, parsed as XML."""
    return ElementTree.fromstring(draw_timeline(timeline_of(chemo_day())))  # noqa: S314


def words(element) -> list[str]:
    return ["".join(text.itertext()) for text in element.iter(f"{SVG}text")]


@cache
def tags_of_the_sample() -> set[str]:
    return {e.tag for e in ElementTree.fromstring(draw_timeline(timeline_of(chemo_day()))).iter()}  # noqa: S314


def named_drug(name: str):
    coded = chemo_day()
    first, *rest = coded.chart.administrations
    chart = replace(coded.chart, administrations=(replace(first, drug=Drug(name), site=name), *rest))
    return replace(coded, chart=chart)


@for_all(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda name: name.strip()))
def test_any_charted_words_stay_words(name):
    """A drug's name can't become markup, and is drawn as it was charted."""
    drawn = ElementTree.fromstring(draw_timeline(timeline_of(named_drug(name))))  # noqa: S314
    assert any(text.startswith(name) for text in words(drawn))
    assert {e.tag for e in drawn.iter()} == tags_of_the_sample()


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\x7f", "\ufffe"])
def test_what_xml_cannot_hold_is_left_out(control):
    """A control character in a name must not spoil the picture."""
    drawn = ElementTree.fromstring(draw_timeline(timeline_of(named_drug(f"Sal{control}ine"))))  # noqa: S314
    assert any(text.startswith("Saline") for text in words(drawn))


def test_no_style_no_script_no_event_attribute(picture):
    """The content policy forbids them all."""
    assert not [e.tag for e in picture.iter() if e.tag in {f"{SVG}style", f"{SVG}script"}]
    assert not [name for e in picture.iter() for name in e.attrib if name == "style" or name.startswith("on")]


def test_links_stay_on_the_page(picture):
    """A bar links to its row in the table and to nothing else."""
    targets = [link.get("href") for link in picture.iter(f"{SVG}a")]
    assert targets[0].startswith("#given-")
    assert all(re.fullmatch(r"#given-\d+", target) for target in targets)
    assert len(targets) == 12


def test_every_bar_is_named_in_words(picture):
    """A screen reader, and the tooltip, get the drug, the time and what became of it."""
    names = {title.get("id"): title.text for title in picture.iter(f"{SVG}title") if title.get("id")}
    links = [link.get("aria-labelledby") for link in picture.iter(f"{SVG}a")]
    assert all(link in names for link in links)
    paclitaxel = names["given-7-name"]
    assert paclitaxel.startswith("Paclitaxel 300 mg, 09:30\N{EN DASH}12:37, 187 min. ")
    assert "96415, unit 2 of 2" in paclitaxel
    assert "a further unit needs 31" in paclitaxel


def test_codes_stand_on_the_minutes_that_earned_them(picture):
    """Each coded stretch is labelled, units counted."""
    drawn = words(picture)
    assert {"96413", "96415 (1/2)", "96415 (2/2)", "96417", "96367"} <= set(drawn)
    assert drawn.count("96375") == 4


def test_a_missing_stop_is_visibly_open(picture):
    """One torn edge with its question, for the one stop that is asked about."""
    assert words(picture).count("stop?") == 1
    assert "start?" not in words(picture)


def test_pieces_point_to_their_charge(picture):
    """What lights up with the second charge are its two hours."""
    lit = [e for e in picture.iter(f"{SVG}rect") if e.get("data-charge") == "charge-2"]
    assert len(lit) == 2


def test_each_category_has_a_pattern_of_its_own(picture):
    """Colour alone must not carry the meaning."""
    patterns = {p.get("id"): ElementTree.tostring(p) for p in picture.iter(f"{SVG}pattern")}
    shapes = {id_: re.sub(rb"#[0-9a-f]{6}", b"", drawn.replace(id_.encode(), b"")) for id_, drawn in patterns.items()}
    assert len(set(shapes.values())) == len(shapes) == 7


@pytest.mark.parametrize("category", [*Category, None])
def test_swatches_are_hidden_from_screen_readers(category):
    """The words beside a swatch say it all."""
    assert ElementTree.fromstring(draw_swatch(category)).get("aria-hidden") == "true"  # noqa: S314


def ends_at(hours: int):
    """The sample day with a drug of a long name in the last hour."""
    coded = chemo_day()
    late = given(99, "a drug with a name that is longer than its bar is wide, in a bag", f"{hours}:30", f"{hours}:45")
    return replace(coded, chart=replace(coded.chart, administrations=(*coded.chart.administrations, late)))


@pytest.mark.parametrize("coded", [chemo_day(), ends_at(14), ends_at(23)], ids=["day", "longer", "evening"])
def test_nothing_is_drawn_over_something_else(coded):
    """On one track each bar with its label ends before the next begins, and all of it is in the picture."""
    timeline = timeline_of(coded)
    scale = scale_for(timeline)
    for lane in timeline.lanes:
        ends: dict[int, float] = {}
        for track, bar in place_bars(lane.bars, scale):
            left = label_left(bar, scale)
            assert 0 <= left <= scale.x(bar.start)
            assert left >= ends.get(track, 0.0)
            ends[track] = max(left + text_width(bar.label), scale.x(bar.stop))
            assert ends[track] <= scale.width


def many(count: int):
    """A long stay: one administration every 20 minutes."""
    coded = chemo_day()
    bars = tuple(
        Bar(
            f"MedicationAdministration/m{n}",
            f"given-{n}",
            f"Drug {n}",
            n * 1200,
            n * 1200 + 900,
            False,
            False,
            None,
            (),
        )
        for n in range(1, count + 1)
    )
    timeline = timeline_of(coded)
    return replace(timeline, lanes=(Lane("Port", True, bars),), start=bars[0].start, stop=bars[-1].stop, marks=())


def test_two_hundred_administrations_are_drawn_wide_rather_than_small():
    """The picture grows and scrolls; ticks keep their distance."""
    timeline = many(200)
    scale = scale_for(timeline)
    assert scale.width > 1300
    columns = [scale.x(at) for at in ticks(scale, timeline.clock)]
    assert min(b - a for a, b in pairwise(columns)) >= 60
    drawn = ElementTree.fromstring(draw_timeline(timeline))  # noqa: S314
    assert len(list(drawn.iter(f"{SVG}a"))) == 200


def test_ticks_stand_on_round_local_times():
    """Quarter hours and hours of the facility's clock."""
    timeline = timeline_of(chemo_day())
    assert {timeline.clock.time(at)[-2:] for at in ticks(scale_for(timeline), timeline.clock)} <= {"00", "30"}


def test_an_empty_timeline_is_still_a_picture():
    """Nothing timed, nothing broken."""
    coded = chemo_day()
    nothing = replace(
        coded,
        chart=replace(coded.chart, administrations=(given(1, "X", "09:00", start=None),)),
        charges=(),
        asks=(),
        rulings=(),
    )
    drawn = ElementTree.fromstring(draw_timeline(timeline_of(nothing)))  # noqa: S314
    assert list(drawn.iter(f"{SVG}a")) == []


def test_the_trade_name_is_drawn_where_its_track_is_free():
    """Beside the label; not where it would run into the next bar, and once for the bars of one service."""
    paclitaxel = NamedService(
        ("MedicationAdministration/m7", "MedicationAdministration/m8"),
        *("specialty", "chemotherapy", "infusion", "initial", "right chest port", 187, 1),
    )
    narrow = replace(paclitaxel, administrations=("MedicationAdministration/m2",), name="a" * 80)
    coded = replace(chemo_day(), services=(paclitaxel, narrow))
    drawn = words(ElementTree.fromstring(draw_timeline(timeline_of(coded))))  # noqa: S314
    assert [text for text in drawn if "specialty, initial" in text] == [
        "Paclitaxel 300 mg \N{MIDDLE DOT} specialty, initial"
    ]
    assert not [text for text in drawn if "a" * 80 in text]


def test_a_code_without_room_is_named_after_its_bar_once():
    """A sliver's code stands after the bar, as one beside others; not when the bar shows it already."""
    coded = chemo_day()
    sliver = charge("96367", 1, (7,), minutes(7, (1, "09:30", "09:32")))
    again = charge("96413", 1, (7,), minutes(7, (1, "09:30", "09:32"), (1, "09:33", "10:33")))
    hour = charge("96413", 1, (7,), minutes(7, (1, "09:33", "10:33")))
    beside = words(ElementTree.fromstring(draw_timeline(timeline_of(replace(coded, charges=(sliver, hour))))))  # noqa: S314
    repeated = words(ElementTree.fromstring(draw_timeline(timeline_of(replace(coded, charges=(again,))))))  # noqa: S314
    assert [text for text in beside if "96367" in text] == ["also 96367"]
    assert [text for text in repeated if "96413" in text] == ["96413"]


def test_the_narrow_picture_tells_the_same_and_needs_the_wide_one():
    """Every bar with its name and codes, no wider than a telephone, and no id twice on the page; it has no patterns."""
    timeline = timeline_of(chemo_day())
    wide, narrow = (ElementTree.fromstring(drawn) for drawn in (draw_timeline(timeline), draw_narrow(timeline)))  # noqa: S314
    assert float(narrow.get("width")) <= 340
    assert [e.get("id") for e in narrow.iter() if e.get("id")] == []
    assert list(narrow.iter(f"{SVG}pattern")) == []
    ids = {e.get("id") for e in wide.iter()}
    links = [a.get("aria-labelledby") for a in narrow.iter(f"{SVG}a")]
    assert sorted(links) == sorted(a.get("aria-labelledby") for a in wide.iter(f"{SVG}a"))
    assert ids.issuperset(links)
    fills = {f[5:-1] for e in narrow.iter() if (f := e.get("fill", "")).startswith("url(#")}
    assert fills
    assert ids.issuperset(fills)


def test_too_many_bars_are_not_squeezed_onto_a_telephone():
    """Then the list is what is read there."""
    coded = chemo_day()
    first = coded.chart.administrations[0]
    many = tuple(replace(first, id=f"MedicationAdministration/x{n}") for n in range(MOST_NARROW + 1))
    assert draw_narrow(timeline_of(replace(coded, chart=replace(coded.chart, administrations=many)))) == ""
