"""Laws that hold for every chart, whatever is in it."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, Chart, CodedEncounter, Status
from plugin.domain.interval import union
from plugin.domain.replacing import replace
from plugin.rules.differences import code_encounter
from plugin.rules.engine import run
from plugin.rules.lines import charge_lines
from tests.properties.building import MORNING, ZONE, codes
from tests.properties.building import chart as chart_of
from tests.properties.building import given as administration
from tests.properties.generating import Drawing, Given, Sketch, choices, later, settings_of_care, sketches

BOOK = CodeBook.load()
NOT_GIVEN = (Status.NOT_DONE, Status.ENTERED_IN_ERROR, Status.ON_HOLD)
INITIAL = ("96360", "96365", "96374", "96409", "96413")
# What may stand behind an add-on (CPT notes as the dossier lists them, A9); one of them must be charged beside it.
PARENTS = {
    "96361": INITIAL,
    "96366": ("96365", "96367"),
    "96367": ("96365", "96374", "96409", "96413"),
    "96368": ("96365", "96366", "96413", "96415", "96416"),
    "96370": ("96369",),
    "96371": ("96369",),
    "96375": ("96365", "96374", "96409", "96413"),
    "96376": ("96365", "96374", "96409", "96413"),
    "96411": ("96409", "96413"),
    "96415": ("96413", "96417"),
    "96417": ("96413",),
}


def coded(chart: Chart, setting: CareSetting | None = None, sides: Any = None) -> CodedEncounter:
    """The chart coded with the product's own tables."""
    return code_encounter(chart, BOOK, setting, sides)


def units(chart: Chart, setting: CareSetting | None = None) -> dict[str, int]:
    """Units by code of one run."""
    return codes(charge_lines(run(chart, BOOK, setting)))


def essence(one: CodedEncounter) -> tuple[Any, ...]:
    """What is said about a chart, without how its moments are written."""
    return (
        [(c.key, c.units, c.administrations, c.minutes, c.rules, c.citations, c.caveats) for c in one.charges],
        [(a.kind, a.administrations) for a in one.asks],
        one.would,
        [(n.kind, n.administrations) for n in one.notices],
        [(r.rules, type(r.outcome).__name__, r.outcome.administrations) for r in one.rulings],
        one.complete,
        one.day,
        one.positions,
    )


def wording(one: CodedEncounter) -> list[str]:
    """Every sentence about a chart."""
    facts = [fact for line in one.charges for fact in line.evidence]
    facts += [ask.question for ask in one.asks] + [notice.text for notice in one.notices]
    facts += [fact for ruling in one.rulings for fact in getattr(ruling.outcome, "because", ())]
    return [fact.text() for fact in facts]


@given(sketches(), settings_of_care, choices())
def test_nothing_is_raised_and_no_rules_are_in_conflict(sketch: Sketch, setting: CareSetting | None, sides: Any):
    """Any chart is coded: no exception, and no two rules claim the same minutes, or leave some."""
    one = coded(Drawing().chart(sketch), setting, sides)

    assert one.rulings or not sketch.given
    assert [issue.found for issue in one.issues] == (["an odd one"] if sketch.blocked else [])


@given(sketches(), settings_of_care)
def test_every_counted_second_is_spoken_for_once(sketch: Sketch, setting: CareSetting | None):
    """The claims on each administration add up to its counted time and do not overlap."""
    ruled = run(Drawing().chart(sketch), BOOK, setting)
    claims = defaultdict(list)
    for ruling in ruled.rulings:
        for claim in getattr(ruling.outcome, "claims", ()):
            claims[claim.administration].append(claim)
    counted = defaultdict(list)
    for service in ruled.visit.timeline.services:
        for stretch in service.stretches:
            counted[stretch.administration].append(stretch)

    assert {id: union(spans) for id, spans in counted.items()} == {id: union(spans) for id, spans in claims.items()}
    assert {id: sum(s.stop - s.start for s in spans) for id, spans in counted.items()} == {
        id: sum(s.stop - s.start for s in spans) for id, spans in claims.items()
    }


@given(sketches(), settings_of_care, st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(sketch: Sketch, setting: CareSetting | None, random: Random):
    """Administrations, diagnoses and neighbours may come in any order."""
    chart = Drawing().chart(sketch)
    given_, diagnoses = list(chart.administrations), list(chart.diagnoses)
    random.shuffle(given_)
    random.shuffle(diagnoses)
    shuffled = replace(chart, administrations=tuple(given_), diagnoses=tuple(diagnoses))

    one, other = coded(chart, setting), coded(shuffled, setting)

    assert essence(one) == essence(other)
    assert wording(one) == wording(other)


@given(sketches(), st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-11))]))
def test_the_offset_that_moments_are_written_in_changes_nothing(sketch: Sketch, written_in: tzinfo):
    """The facility's zone is known, so the same instants give the same outcomes however they are written."""
    assert essence(coded(Drawing().chart(sketch))) == essence(coded(Drawing(written_in=written_in).chart(sketch)))


@given(sketches(), st.sampled_from([datetime(2026, 3, 7, 8, tzinfo=ZONE), datetime(2026, 10, 31, 8, tzinfo=ZONE)]))
def test_a_clock_change_inside_the_visit_changes_no_minutes(sketch: Sketch, eve: datetime):
    """The same elapsed minutes earn the same units across the night on which clocks are set forward or back."""
    assert units(Drawing(morning=later(MORNING, 14)).chart(sketch)) == units(Drawing(morning=eve).chart(sketch))


@given(sketches(), st.data())
def test_splitting_a_segment_where_nothing_changes_changes_nothing(sketch: Sketch, data: st.DataObject):
    """One row of an order cut in two that touch is the same infusion."""
    whole = [one for one in sketch.given if can_be_split(one)]
    assume(whole)
    cut = data.draw(st.sampled_from(whole))
    assert cut.start is not None
    assert cut.stop is not None
    moment = data.draw(st.integers(cut.start + 120, cut.stop - 120))
    halves = (replace(cut, stop=moment), replace(cut, number=50 + cut.number, start=moment))
    split = replace(sketch, given=(*(one for one in sketch.given if one is not cut), *halves))

    assert units(Drawing().chart(sketch)) == units(Drawing().chart(split))


def can_be_split(one: Given) -> bool:
    """A plain row of an order that was meant to run; a row others are linked to, or with its own plan, is not plain."""
    if one.start is None or one.stop is None or not one.order or one.how not in ("IVPB", "IV", "SC infusion"):
        return False
    plain = one.infuse_over is None and one.ordered is None and one.part_of is None and not one.dose
    return plain and one.rate is None and one.running_until is None and one.stop - one.start > 240


@given(sketches(), settings_of_care)
def test_one_initial_service_for_each_site_and_visit(sketch: Sketch, setting: CareSetting | None):
    """Never more than one initial unit for each documented site, and no more than one without a modifier."""
    chart = Drawing().chart(sketch)
    sites = {s.access_site for s in run(chart, BOOK, setting).visit.timeline.services} - {""}
    initial = [line for line in charge_lines(run(chart, BOOK, setting)) if line.code in INITIAL]

    assert sum(line.units for line in initial) <= max(len(sites), 1)
    assert sum(line.units for line in initial if not line.modifiers) <= 1


@given(sketches(), settings_of_care, choices())
def test_no_add_on_stands_without_a_parent(sketch: Sketch, setting: CareSetting | None, sides: Any):
    """Each add-on code has one of its parents among the charges."""
    charged = {line.code for line in charge_lines(run(Drawing().chart(sketch), BOOK, setting, sides))}

    assert [code for code in charged if code in PARENTS and not charged.intersection(PARENTS[code])] == []


@given(sketches(), settings_of_care)
def test_what_was_not_given_is_never_billed(sketch: Sketch, setting: CareSetting | None):
    """Not-done, in-error and on-hold rows are in no charge, and without them the charges are the same."""
    not_given = {one.id for one in sketch.given if one.status in NOT_GIVEN}
    assume(not_given)
    without = replace(sketch, given=tuple(one for one in sketch.given if one.id not in not_given))
    lines = charge_lines(run(Drawing().chart(sketch), BOOK, setting))

    assert not_given.intersection(id for line in lines for id in line.administrations) == set()
    assert codes(lines) == units(Drawing().chart(without), setting)


@given(sketches(), settings_of_care, st.randoms(use_true_random=False))
def test_ids_decide_nothing_when_starts_differ(sketch: Sketch, setting: CareSetting | None, random: Random):
    """The id is the last tie-break; where no two rows start together it is never reached."""
    starts = [one.start for one in sketch.given]
    assume(None not in starts and len(set(starts)) == len(starts))
    numbers = [one.number for one in sketch.given]
    random.shuffle(numbers)
    new = dict(zip((one.number for one in sketch.given), numbers, strict=True))
    renamed = replace(
        sketch,
        given=tuple(
            replace(one, number=new[one.number], part_of=new.get(one.part_of or 0, one.part_of)) for one in sketch.given
        ),
    )

    assert units(Drawing().chart(sketch), setting) == units(Drawing().chart(renamed), setting)


@given(sketches(), settings_of_care, choices())
def test_every_charge_says_why(sketch: Sketch, setting: CareSetting | None, sides: Any):
    """Each charge has a rule, a citation, a fact that can be read, an administration and its minutes."""
    for line in coded(Drawing().chart(sketch), setting, sides).charges:
        assert line.rules
        assert line.citations
        assert line.administrations
        assert [fact.text() for fact in line.evidence]
        assert [fact for fact in line.evidence if fact.references]
        assert {minute.unit for minute in line.minutes} <= set(range(1, line.units + 1))


LONE = {
    "therapeutic alone": ("ceftriaxone", "IVPB", []),
    "chemotherapy alone": ("paclitaxel", "IVPB", []),
    "hydration alone": ("sodium chloride 0.9%", "IVPB", []),
    "under the skin": ("immune globulin", "SC infusion", []),
    "sequential after chemotherapy": ("ceftriaxone", "IVPB", [(8, "paclitaxel", -200, -100)]),
    "sequential after a push": ("ceftriaxone", "IVPB", [(8, "doxorubicin", -200, -190)]),
    "hydration after an infusion": ("sodium chloride 0.9%", "IVPB", [(8, "ceftriaxone", -200, -100)]),
}


@pytest.mark.parametrize("role", LONE)
@pytest.mark.parametrize("setting", list(CareSetting))
def test_one_more_minute_never_earns_less_and_adds_one_unit_at_most(role: str, setting: CareSetting):
    """From 2 minutes to beyond the sixth hour, in every family and role where nothing overlaps.

    A repeat interval is left out: its push of 15 minutes earns what its 16 to 30 minutes do not (R12a, R15).
    """
    drug, how, beside = LONE[role]
    before = 0
    for length in range(2, 400):
        others = (administration(n, name, start, stop) for n, name, start, stop in beside)
        now = sum(units(chart_of(administration(1, drug, 0, length, how), *others), setting).values())
        assert before <= now <= before + 1 or length == 2, length
        before = now
