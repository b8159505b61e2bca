"""Visits to choose from, in words."""

from zoneinfo import ZoneInfo

import pytest

from plugin.ehr.encounters import Visit
from plugin.web.views.visits import list_visits

CHICAGO = ZoneInfo("America/Chicago")
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def visit(start: str = "", stop: str = "", **more) -> Visit:
    """A finished ambulatory visit."""
    return Visit(
        **({"id": "e1", "encounter_class": "AMB", "status": "finished", "kind": ""} | more), start=start, stop=stop
    )


@pytest.mark.parametrize(
    ("start", "stop", "when"),
    [
        # 15:20 UTC is 09:20 in Chicago in winter.
        ("2026-03-02T15:20:00Z", "2026-03-02T18:05:00Z", f"2 Mar 2026, 09:20{DASH}12:05 (UTC{MINUS}06:00)"),
        (
            "2026-03-02T22:30:00-06:00",
            "2026-03-03T01:15:00-06:00",
            f"2 Mar 2026, 22:30 to 3 Mar 2026, 01:15 (UTC{MINUS}06:00)",
        ),
        # Clocks went forward on 8 March 2026 at two.
        (
            "2026-03-08T01:00:00-06:00",
            "2026-03-08T04:00:00-05:00",
            f"8 Mar 2026, 01:00 (UTC{MINUS}06:00) to 8 Mar 2026, 04:00 (UTC{MINUS}05:00)",
        ),
        ("2026-03-02T09:20:00-06:00", "", f"2 Mar 2026, 09:20 (UTC{MINUS}06:00), no end charted"),
        ("2026-03-02T09:20:00-06:00", "later", f"2 Mar 2026, 09:20 (UTC{MINUS}06:00), no end charted"),
        ("2026-03-02", "2026-03-04", "2 Mar 2026, time not charted"),
        ("", "2026-03-04T10:00:00Z", "Start not charted"),
        ("<b>", "", "Start not charted"),
    ],
)
def test_when_in_the_facilitys_zone(start, stop, when):
    """Date and time with the offset; what isn't charted is said, never made up."""
    assert [each.when for each in list_visits([visit(start, stop)], {}, {}, CHICAGO)] == [when]


def test_without_a_zone_the_charted_offset_is_shown():
    """India is half an hour off."""
    [listed] = list_visits([visit("2026-03-02T09:20:00+05:30")], {}, {}, None)
    assert listed.when == "2 Mar 2026, 09:20 (UTC+05:30), no end charted"


def test_what_where_and_how_much():
    """A class in words, a place by its name where that is known and not at all where it isn't, ids last."""
    named = visit(encounter_class="emergency", kind="Infusion visit", status="onleave", places=("Bay 3", "Location/l1"))
    plain = visit(id="e2", encounter_class="", status="in-progress", places=("Location/l2",), number="8801")
    first, second = list_visits([named, plain], {"Location/l1": "Suite 4"}, {"e1": 1, "e2": 0}, CHICAGO)
    assert (first.what, first.where) == ("Emergency, Infusion visit, on leave", "Bay 3, Suite 4")
    assert (first.given, first.reference) == ("1 administration charted", "Encounter e1")
    assert (second.what, second.where) == ("Class not charted, in progress", "")
    assert (second.given, second.reference) == ("No administration charted", "Encounter 8801")


def test_what_is_not_known_is_not_counted():
    """No number at all is better than a wrong one."""
    assert [each.given for each in list_visits([visit()], {}, {}, CHICAGO)] == [""]
