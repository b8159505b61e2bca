"""The timeline as values: lanes, open ends, and what became of each stretch."""

from datetime import date, timedelta

import pytest

from plugin.domain import Category, ClassSpan, CodedEncounter, NamedService, Status, Technique
from plugin.domain.replacing import replace
from plugin.web.views.bar_words import bar_words
from plugin.web.views.timeline import Bar, PieceKind, Timeline, build_timeline
from tests.unit.web.sample_charts import CATEGORIES, DAY, at, charge, chemo_day, given, seconds


def timeline_of(coded: CodedEncounter) -> Timeline:
    anchors = {a.id: f"given-{number}" for number, a in enumerate(coded.chart.administrations, start=1)}
    return build_timeline(coded, CATEGORIES.get, anchors)


def bar_of(timeline: Timeline, number: int) -> Bar:
    id_ = f"MedicationAdministration/m{number}"
    return next(bar for lane in timeline.lanes for bar in lane.bars if bar.id == id_)


def with_administrations(*administrations) -> CodedEncounter:
    """The sample visit with other administrations, nothing coded yet."""
    coded = chemo_day()
    return replace(coded, chart=replace(coded.chart, administrations=administrations), charges=(), asks=(), rulings=())


@pytest.fixture
def timeline():
    """The chemotherapy day."""
    return timeline_of(chemo_day())


def test_lanes_are_sites_by_time_then_injections_then_what_does_not_count(timeline):
    """The reader finds each access in one place."""
    assert [(lane.name, lane.counts) for lane in timeline.lanes] == [
        ("Left forearm", True),
        ("Right chest port", True),
        ("Injections", True),
        ("Does not count", False),
    ]


def test_what_was_not_given_and_a_flush_do_not_count(timeline):
    """Both stand in the last lane."""
    assert [bar.label for bar in timeline.lanes[-1].bars] == ["Lorazepam 1 mg", "Heparin lock flush 500 USP units"]


def test_each_unit_of_a_charge_is_a_piece_of_the_bar(timeline):
    """Paclitaxel ran 187 minutes: a first hour, two more, and seven minutes that earned nothing."""
    pieces = bar_of(timeline, 7).pieces
    assert [(p.kind, p.code, p.unit, p.units, (p.stop - p.start) // 60) for p in pieces] == [
        (PieceKind.CODED, "96413", 1, 1, 60),
        (PieceKind.CODED, "96415", 1, 2, 60),
        (PieceKind.CODED, "96415", 2, 2, 60),
        (PieceKind.DECLINED, "96415", 1, 1, 7),
    ]
    assert [p.charge for p in pieces] == ["charge-1", "charge-2", "charge-2", ""]


def test_a_bar_has_the_category_of_its_codes(timeline):
    """Colour and pattern follow the code that was earned, or that was considered."""
    assert bar_of(timeline, 7).category is Category.CHEMOTHERAPY
    assert bar_of(timeline, 5).category is Category.THERAPEUTIC
    assert bar_of(timeline, 1).category is Category.HYDRATION
    assert bar_of(timeline, 12).category is None


def test_an_end_that_is_asked_about_is_open(timeline):
    """Magnesium was charted as one moment, and its stop is asked for."""
    bar = bar_of(timeline, 9)
    assert (bar.open_start, bar.open_stop) == (False, True)
    assert timeline.stop >= bar.stop + 1800


def test_a_push_charted_as_a_moment_is_not_open(timeline):
    """Pushes are not timed."""
    bar = bar_of(timeline, 2)
    assert bar.is_moment
    assert not bar.open_stop


def test_still_running_is_open_without_a_question():
    """An infusion in progress has no stop yet."""
    running = given(1, "Vancomycin", "09:00", status=Status.IN_PROGRESS, running_until=at("10:30"))
    bar = bar_of(timeline_of(with_administrations(running)), 1)
    assert (bar.stop, bar.open_stop) == (seconds("10:30"), True)


def test_what_has_no_time_of_day_is_named_not_drawn():
    """A date alone can't stand on a time line."""
    dated = given(1, "Vancomycin", "09:00", start=None, date_only=DAY, dose="1 g")
    timeline = timeline_of(with_administrations(dated))
    assert timeline.untimed == ("Vancomycin 1 g",)
    assert timeline.lanes == ()


def test_midnights_and_class_changes_are_marked():
    """A stay over midnight, moved to observation in between."""
    long = given(1, "Vancomycin", "22:00", technique=Technique.INFUSION, stop=at("02:00", DAY + timedelta(days=1)))
    coded = with_administrations(long)
    moved = (ClassSpan("EMER", at("20:00"), at("23:00")), ClassSpan("OBSENC", at("23:00"), None))
    encounter = replace(coded.chart.encounter, classes=moved)
    timeline = timeline_of(replace(coded, chart=replace(coded.chart, encounter=encounter)))
    assert [mark.text for mark in timeline.marks] == ["Now observation", "Tue 3 Mar 2026"]
    assert timeline.marks[1].at == int(at("00:00", date(2026, 3, 3)).timestamp())


def test_same_site_written_differently_by_case_is_told_apart_only_by_words():
    """Spaces and the first letter don't make another lane."""
    one, two = given(1, "A", "09:00", site="left  forearm"), given(2, "B", "10:00", site="Left forearm")
    coded = replace(chemo_day(), chart=replace(chemo_day().chart, administrations=(one, two)))
    assert [lane.name for lane in timeline_of(coded).lanes] == ["Left forearm"]


def test_a_bar_has_its_trade_name_role_and_evidence():
    """Of the service it belongs to; what was not counted has none."""
    service = NamedService(
        ("MedicationAdministration/m7",), "specialty", "chemotherapy", "infusion", "initial", "right chest port", 187, 1
    )
    timeline = timeline_of(replace(chemo_day(), services=(service,)))
    assert (bar_of(timeline, 7).trade, bar_of(timeline, 7).tier) == ("specialty, initial", 1)
    assert (bar_of(timeline, 11).trade, bar_of(timeline, 11).tier) == ("", 0)
    words = bar_words(bar_of(timeline, 7), timeline.clock)
    assert words.startswith("Paclitaxel 300 mg (specialty, initial), 09:30")
    assert "Evidence: charted start and stop." in words


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("not earned", "hydration, earned no code"),
        ("by its own code", "hydration"),
        ("untimed", "hydration, times missing"),
    ],
)
def test_a_bar_without_a_code_gets_its_category_from_the_service(role, told):
    """So that its colour says what it is, and its words why it has no role."""
    service = NamedService(("MedicationAdministration/m1",), "hydration", "hydration", "infusion", role, "", 70, 1)
    timeline = timeline_of(replace(with_administrations(*chemo_day().chart.administrations), services=(service,)))
    assert (bar_of(timeline, 1).category, bar_of(timeline, 1).trade) == (Category.HYDRATION, told)


def test_what_no_stretch_says_is_said_of_the_bar():
    """A drug line is for an administration and for none of its minutes."""
    coded = chemo_day()
    drug_line = charge("J1200", 1, (3,))
    timeline = timeline_of(replace(coded, charges=(*coded.charges, drug_line)))
    last = len(coded.charges) + 1
    assert bar_of(timeline, 3).charges == (f"charge-{last}",)
    assert "J1200: 1 unit." in bar_words(bar_of(timeline, 3), timeline.clock)
