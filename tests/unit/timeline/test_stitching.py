"""Which rows are one service (D2): by order, by pause, by a gap of nothing, by rows that end one."""

from datetime import date
from decimal import Decimal

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Quantity, Rate, Status, Tier, Timing
from plugin.timeline import build_timeline
from tests.properties.building import chart, given

VIEW = CodeBook.load().as_of(date(2026, 3, 2))


def services(*administrations):
    """The services of a chart."""
    return build_timeline(chart(*administrations), VIEW).services


def shape(*administrations) -> list[tuple[list[str], int]]:
    """For each service the numbers of its rows, and its minutes."""
    return [([id.rpartition("/m")[2] for id in s.ids], s.minutes) for s in services(*administrations)]


def per_hour(amount: int) -> Rate:
    """A rate in mL per hour."""
    return Rate(Quantity(Decimal(amount), "mL"), Quantity(Decimal(1), "h"))


NOTHING = Quantity(Decimal(0), "mL")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, 60, "a"), (60, 90, "a")], [(["1", "2"], 90)]),
        ([(0, 60, "a"), (75, 90, "a")], [(["1", "2"], 75)]),
        ([(0, 60, "a"), (76, 96, "a")], [(["1"], 60), (["2"], 20)]),
        ([(0, 60, "a"), (60, 90, "b")], [(["1"], 60), (["2"], 30)]),
        ([(0, 60, ""), (60, 90, "")], [(["1", "2"], 90)]),
        ([(0, 60, ""), (61, 91, "")], [(["1"], 60), (["2"], 30)]),
        ([(0, 60, "a"), (30, 90, "a")], [(["1", "2"], 90)]),
        ([(60, 90, "a"), (0, 60, "a")], [(["2", "1"], 90)]),
        ([(0, 30, "a"), (40, 70, "a"), (80, 110, "a")], [(["1", "2", "3"], 90)]),
    ],
)
def test_rows_join_by_order_and_gap(rows, expected):
    """15 minutes within one order, nothing at all without one; overlapping rows count once."""
    charted = [given(n, "ceftriaxone", a, b, request=order) for n, (a, b, order) in enumerate(rows, start=1)]

    assert expected == shape(*charted)


def test_a_charted_stop_is_a_pause_whatever_the_gap():
    """Stopped and resumed under one order is one service (R22a)."""
    stopped = given(1, "ceftriaxone", 0, 30, request="a", status=Status.STOPPED)

    assert [(["1", "2"], 60)] == shape(stopped, given(2, "ceftriaxone", 120, 150, request="a"))


def test_other_drugs_other_sites_and_pushes_never_join():
    """One drug, one site, and something that runs."""
    assert 2 == len(services(given(1, "ceftriaxone", 0, 60), given(2, "vancomycin", 60, 90)))
    assert 2 == len(services(given(1, "ceftriaxone", 0, 60), given(2, "ceftriaxone", 60, 90, site="right hand")))
    pushes = [given(n, "morphine", a, a + 5, "IV push", request="a") for n, a in ((1, 0), (2, 5))]
    assert [(["1"], 5), (["2"], 5)] == shape(*pushes)


def test_rows_join_by_what_they_are_part_of():
    """A rate change that names its parent is a segment of it."""
    parent, change = given(1, "heparin", 0, 60), given(2, "heparin", 65, 120, part_of=("MedicationAdministration/m1",))

    assert [(["1", "2"], 115)] == shape(parent, change)


def test_a_row_of_dose_nothing_ends_the_running_one():
    """The stop is known from a linked row: tier 2, and both rows stand behind the service."""
    running = given(1, "heparin", 0, None, request="a")
    (service,) = services(running, given(2, "heparin", 45, None, request="a", dose=NOTHING))

    assert (Timing.TIMED, 45, Tier.PAIRED) == (service.timing, service.minutes, service.tier)
    assert ("MedicationAdministration/m1", "MedicationAdministration/m2") == service.ids


def test_a_lone_stop_ends_the_open_row_of_its_order():
    """One row says when it began, the next when it ended."""
    (service,) = services(
        given(1, "heparin", 0, None, request="a"), given(2, "heparin", None, 50, request="a", instant=False)
    )

    assert (50, Tier.PAIRED) == (service.minutes, service.tier)


def test_a_changed_rate_ends_the_row_before():
    """Rates charted one after another are one run, open at its end."""
    rows = [given(n, "heparin", a, None, request="a", rate=per_hour(r)) for n, a, r in ((1, 0, 10), (2, 30, 12))]
    (service,) = services(*rows)

    assert Timing.NO_STOP is service.timing
    assert ("MedicationAdministration/m1", "MedicationAdministration/m2") == service.ids


def test_what_was_not_given_is_no_segment():
    """A held row between two given ones neither joins nor parts them."""
    held = given(2, "ceftriaxone", 60, 70, request="a", status=Status.ON_HOLD)
    timeline = build_timeline(
        chart(given(1, "ceftriaxone", 0, 60, request="a"), held, given(3, "ceftriaxone", 70, 90, request="a")), VIEW
    )

    assert [80] == [s.minutes for s in timeline.services]
    assert ("MedicationAdministration/m2",) == tuple(a.id for a in timeline.not_given)


def test_services_stand_in_order_of_start_then_id():
    """A total order, whatever order the rows came in."""
    rows = [given(3, "ceftriaxone", 10, 40), given(2, "vancomycin", 10, 40), given(1, "ondansetron", 20, 40)]

    assert ["2", "3", "1"] == [s.id.rpartition("/m")[2] for s in services(*rows)]
