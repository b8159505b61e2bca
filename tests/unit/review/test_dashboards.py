"""The dashboards' numbers, worked by hand."""

from datetime import date

import pytest

from plugin.review.dashboards import (
    Figures,
    Table,
    dismissed,
    missing_stops,
    questions,
    time_to_post,
    unit_of,
    weeks_of,
)


def visit(day: date, unit: str = "chairs", **changes: object) -> Figures:
    """A visit, changed."""
    usual = {"infusions": 0, "missing_stops": 0, "asked": 0, "answered": 0, "posted": None, "dismissed_by": {}}
    return Figures(unit=unit, day=day, **(usual | changes))


MONDAY, SUNDAY, NEXT = date(2026, 3, 2), date(2026, 3, 8), date(2026, 3, 9)


def test_missing_stops_by_unit_and_week():
    """Sunday belongs to the week of the Monday before; 1 of 8 is 12 percent; without infusions there is no rate."""
    table = missing_stops(
        [
            visit(MONDAY, infusions=5, missing_stops=1),
            visit(SUNDAY, infusions=3),
            visit(NEXT, infusions=2, missing_stops=2),
            visit(MONDAY, "", infusions=1),
            visit(MONDAY, "office"),
        ]
    )
    assert table.rows == (
        ("chairs", "2026-03-02", 8, 1, 12),
        ("chairs", "2026-03-09", 2, 2, 100),
        ("unit not charted", "2026-03-02", 1, 0, 0),
    )


def test_more_stops_missing_than_infusions_left_is_all_of_them():
    """An administration that was taken back since can't make a rate of 200 percent."""
    assert missing_stops([visit(MONDAY, infusions=1, missing_stops=2)]).rows[0][3:] == (1, 100)


def test_questions_answered_by_week():
    """Weeks without a question are left out."""
    table = questions([visit(MONDAY, asked=3, answered=1), visit(SUNDAY, asked=1, answered=1), visit(NEXT)])
    assert table.rows == (("2026-03-02", 4, 2),)


def test_time_to_post():
    """Posted after 0, 1 and 6 days: the middle is 1, the most 6; posted on an earlier day, by the clocks, is 0."""
    table = time_to_post(
        [
            visit(MONDAY, posted=MONDAY),
            visit(MONDAY, posted=date(2026, 3, 3)),
            visit(MONDAY, posted=SUNDAY),
            visit(MONDAY),
            visit(NEXT, posted=SUNDAY),
        ]
    )
    assert table.rows == (("2026-03-02", 3, 1.0, 6), ("2026-03-09", 1, 0.0, 0))


def test_dismissed_by_reason():
    """Most first, then by name."""
    table = dismissed([visit(MONDAY, dismissed_by={"B": 1, "A": 1}), visit(NEXT, dismissed_by={"C": 2, "B": 0})])
    assert table.rows == (("C", 2), ("A", 1), ("B", 1))


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        ("Emergency Department, Bed 21", "Emergency Department"),
        ("Ambulatory Infusion Suite, Bay 3", "Ambulatory Infusion Suite"),
        ("Infusion Center - Chair 6", "Infusion Center"),
        ("ED; 07; A", "ED"),
        ("Outpatient Infusion Clinic", "Outpatient Infusion Clinic"),
        ("Clinic, East Wing", "Clinic, East Wing"),
        ("Infusion-Room", "Infusion"),
        ("Bed 3", "Bed 3"),
        ("Location/l1", "Location/l1"),
        ("", "unit not charted"),
    ],
)
def test_a_unit_is_its_place_without_room_and_bed(place, unit):
    """Three beds of one unit are one row; what isn't written so stays as it is."""
    assert unit_of(place) == unit


def test_beds_of_a_unit_count_together():
    """One of four, not one of one beside none of three."""
    table = missing_stops(
        [visit(MONDAY, "ED, Bed 1", infusions=1, missing_stops=1), visit(MONDAY, "ED, Bed 2", infusions=3)]
    )
    assert table.rows == (("ED", "2026-03-02", 4, 1, 25),)


def test_a_week_without_a_row_is_shown_as_a_gap():
    """From the second to the twenty-third of March there are four Mondays."""
    table = Table(("unit", "week"), (("a", "2026-03-23"), ("b", "2026-03-02")))
    assert weeks_of(table, 1) == ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]
    assert weeks_of(Table(("unit", "week"), ()), 1) == []
