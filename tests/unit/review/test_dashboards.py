"""The dashboards' numbers, worked by hand."""

from datetime import date

from plugin.review.dashboards import Figures, dismissed, missing_stops, questions, time_to_post


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
