"""Attested facts over a chart: they hold while the chart is silent, and the chart speaks for itself afterwards."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from plugin.domain import (
    Administration,
    AttestedFact,
    Chart,
    Drug,
    Encounter,
    Neighbour,
    Quantity,
    Route,
    Stated,
    Status,
    Technique,
    Term,
)
from plugin.domain.replacing import replace
from plugin.review.overlay import facts_between, needs_addendum, overlay, state_of

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
STOP = START + timedelta(minutes=62)
GIVEN = Administration("MedicationAdministration/m1", Status.COMPLETED, Drug("cefepime"), START, instant=True)
CHART = Chart(Encounter("Encounter/e1", "Patient/p1"), (GIVEN,))
STOPPED = AttestedFact("missing-stop-time", GIVEN.id, "stop", STOP.isoformat())


def chart_with(**changes) -> Chart:
    """The chart after somebody charted something."""
    return replace(CHART, administrations=(replace(GIVEN, **changes),))


def test_a_stop_is_laid_over_and_marked_and_the_chart_is_as_it_was():
    """The copy has the stop and says whose word it is; the chart itself still has none."""
    (laid,) = overlay(CHART, [STOPPED]).administrations
    assert (laid.stop, laid.instant, laid.attested) == (STOP, False, ("stop",))
    assert CHART.administrations == (GIVEN,)
    assert GIVEN.stop is None


@pytest.mark.parametrize(
    ("charted", "state"),
    [
        ({}, "waiting"),
        ({"stop": STOP}, "charted"),
        ({"stop": STOP + timedelta(seconds=40)}, "charted"),
        ({"stop": STOP + timedelta(minutes=1)}, "overtaken"),
        ({"site": "left arm"}, "waiting"),
    ],
)
def test_where_a_fact_stands(charted, state):
    """To the minute; a change of something else leaves it waiting."""
    assert state_of(STOPPED, chart_with(**charted)) == state


def test_a_class_that_somebody_names_stands_before_the_drugs_own_terms():
    """A drug nobody knows becomes one the rules can place."""
    fact = AttestedFact("unknown-drug-class", GIVEN.id, "drug-class", "therapeutic")
    charted = chart_with(drug=Drug("trial drug", (Term("text", "", "trial drug"),)))
    (laid,) = overlay(charted, [fact]).administrations
    assert laid.drug == Drug("trial drug", (Term("class", "therapeutic"), Term("text", "", "trial drug")))


def test_a_chart_that_says_something_else_is_left_alone():
    """What was charted later wins, and nothing is marked as attested."""
    charted = chart_with(stop=STOP + timedelta(minutes=9))
    assert overlay(charted, [STOPPED]) == charted


def test_a_fact_about_what_is_gone_counts_for_nothing():
    """The administration was taken out of the chart."""
    empty = replace(CHART, administrations=())
    assert state_of(STOPPED, empty) == "gone"
    assert overlay(empty, [STOPPED]) == empty


@pytest.mark.parametrize(
    "after",
    [
        chart_with(stop=STOP, instant=False),
        chart_with(route=Route.INTRAVENOUS, technique=Technique.PUSH),
        chart_with(site="a site of its own"),
        chart_with(dose=Quantity(Decimal("12.5"), "mg")),
        replace(CHART, stated=(Stated("pump-owner", GIVEN.id, "clinic"),)),
    ],
    ids=["stop", "route", "site", "dose", "stated"],
)
def test_what_an_answer_changes_becomes_facts_that_do_the_same(after):
    """Facts read off a tried answer, laid over the chart, give the chart the answer gave, but for the mark."""
    facts = facts_between("k", CHART, after) or ()
    laid = overlay(CHART, facts)
    assert replace(laid, administrations=tuple(replace(a, attested=()) for a in laid.administrations)) == after


@pytest.mark.parametrize(
    ("element", "answer"),
    [
        ("drug-class", lambda a: replace(a, drug=Drug("cefepime", (Term("class", "therapeutic"),)))),
        ("dose", lambda a: replace(a, dose=Quantity(Decimal("2000"), "mg"))),
        ("route", lambda a: replace(a, route=Route.INTRAVENOUS)),
    ],
)
def test_an_answer_after_an_attested_stop_becomes_a_fact_too(element, answer):
    """What was attested before is on the chart that is asked about, marked; it stands in the way of nothing."""
    laid = overlay(CHART, [STOPPED])
    tried = replace(laid, administrations=(answer(laid.administrations[0]),))
    (fact,) = facts_between("k", laid, tried) or ()
    assert (fact.about, fact.element) == (GIVEN.id, element)


def test_waste_can_be_stated_after_an_attested_stop():
    """Stated words go beside the marked administration."""
    laid = overlay(CHART, [STOPPED])
    waste = Stated("vial-size-or-waste", GIVEN.id, "one 2 g vial, nothing discarded")
    (fact,) = facts_between("vial-size-or-waste", laid, replace(laid, stated=(waste,))) or ()
    assert (fact.element, fact.value) == ("stated", waste.value)


def test_an_answer_that_no_fact_can_carry_is_none():
    """Notes can't be attested."""
    assert facts_between("k", CHART, chart_with(notes=("two sites were needed",))) is None


def test_an_earlier_visits_charge_can_be_stated():
    """It goes when the EHR itself says what was charged there."""
    near = Neighbour("Encounter/e0", "EMER", None, None)
    chart = replace(CHART, neighbours=(near,))
    charged = replace(chart, neighbours=(replace(near, charged=("96365",)),))
    (fact,) = facts_between("second-encounter", chart, charged) or ()
    assert overlay(chart, [fact]) == charged
    assert state_of(fact, replace(chart, neighbours=(replace(near, charged=("96360",)),))) == "overtaken"


def test_only_what_the_chart_can_carry_waits_for_it():
    """A time waits for its late entry; a stated fact has no place in the chart."""
    assert needs_addendum(STOPPED)
    assert not needs_addendum(AttestedFact("pump-owner", GIVEN.id, "stated", "clinic"))
