"""Cutting running minutes into units."""

from datetime import date

import pytest

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, Stretch
from plugin.rules.hours import beyond_first_hour, further_hours
from plugin.rules.visit import Visit
from plugin.timeline import Timeline
from tests.properties.building import chart

VISIT = Visit(
    chart=chart(),
    setting=CareSetting.FACILITY,
    timeline=Timeline((), (), {}),
    book=CodeBook.load().as_of(date(2026, 3, 2)),
)


def minutes_of(hours) -> tuple[list[int], int]:
    """Minutes of each unit, and those left over."""

    def length(stretches) -> int:
        return sum(stretch.stop - stretch.start for stretch in stretches) // 60

    return [length(unit) for unit in hours.of_unit], length(hours.left)


@pytest.mark.parametrize(
    ("ran", "units", "left"),
    [
        (30, [], 30),
        (31, [31], 0),
        (60, [60], 0),
        (90, [60], 30),
        (91, [60, 31], 0),
        (120, [60, 60], 0),
        (150, [60, 60], 30),
        (151, [60, 60, 31], 0),
    ],
)
def test_an_hour_is_earned_by_more_than_half_of_it(ran, units, left):
    """Every minute is in a unit or left over, and the last unit may be short (CMS ch. 12 30.5.E)."""
    assert (units, left) == minutes_of(further_hours((Stretch("m1", 0, ran * 60),), ran, VISIT))


@pytest.mark.parametrize(
    ("ran", "units", "left"), [(16, [], 0), (60, [], 0), (90, [], 30), (91, [31], 0), (151, [60, 31], 0)]
)
def test_the_first_hour_is_not_counted_again(ran, units, left):
    """Beyond 60 minutes the same halves decide (R10)."""
    assert (units, left) == minutes_of(beyond_first_hour((Stretch("m1", 0, ran * 60),), VISIT))


def test_units_run_on_over_pauses():
    """A unit may be made of stretches with a pause between, each tied to its own administration."""
    stretches = (Stretch("m1", 0, 50 * 60), Stretch("m2", 80 * 60, 130 * 60))
    (unit,) = beyond_first_hour(stretches, VISIT).of_unit

    assert (Stretch("m2", 90 * 60, 130 * 60),) == unit


def test_seconds_are_rounded_down_once_over_the_whole_span():
    """45.5 and 45.5 minutes are 91 together, though each alone is 45 (D3)."""
    stretches = (Stretch("m1", 0, 2730), Stretch("m2", 3000, 5730))

    assert 1 == beyond_first_hour(stretches, VISIT).units
