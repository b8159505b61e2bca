"""Moments in words."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from plugin.domain import Chart, Encounter
from plugin.web.views.times import WallClock, clock_for, counted, day_words, offset_words

NEW_YORK = ZoneInfo("America/New_York")


def test_a_moment_is_told_in_the_facilitys_zone_with_its_offset():
    """14:05 UTC is 09:05 in New York in winter."""
    told = WallClock(NEW_YORK).day_and_time(datetime(2026, 3, 2, 14, 5, tzinfo=UTC))
    assert told == "2 Mar 2026, 09:05 (UTC\N{MINUS SIGN}05:00)"


def test_a_span_over_midnight_says_so():
    """The second time stands on the next day."""
    clock = WallClock(UTC)
    told = clock.span(datetime(2026, 3, 2, 23, 30, tzinfo=UTC), datetime(2026, 3, 3, 1, 15, tzinfo=UTC))
    assert told == "23:30\N{EN DASH}01:15 (+1 day)"


def test_midnights_are_those_of_the_zone():
    """Midnight in New York is 05:00 UTC in winter; the ends themselves don't count."""
    clock = WallClock(NEW_YORK)
    start = int(datetime(2026, 3, 2, 5, tzinfo=UTC).timestamp())
    found = clock.midnights(start, start + 50 * 3600)
    assert [datetime.fromtimestamp(at, UTC) for at in found] == [
        datetime(2026, 3, 3, 5, tzinfo=UTC),
        datetime(2026, 3, 4, 5, tzinfo=UTC),
    ]


def test_midnights_follow_a_clock_change():
    """After 8 March 2026 midnight in New York is 04:00 UTC."""
    clock = WallClock(NEW_YORK)
    start = int(datetime(2026, 3, 8, 12, tzinfo=UTC).timestamp())
    assert clock.midnights(start, start + 86400) == (int(datetime(2026, 3, 9, 4, tzinfo=UTC).timestamp()),)


def test_both_offsets_are_named_where_the_clock_changes_in_between():
    """A reader must see that one hour is missing."""
    words = WallClock(NEW_YORK).zone_words(datetime(2026, 3, 8, 6, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC))
    assert words == "America/New_York (UTC\N{MINUS SIGN}05:00 then UTC\N{MINUS SIGN}04:00)"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "UTC+00:00"), (330, "UTC+05:30"), (-210, "UTC\N{MINUS SIGN}03:30")],
)
def test_offsets_with_half_hours(minutes, words):
    """Offsets are not always whole hours."""
    assert offset_words(datetime(2026, 1, 1, tzinfo=timezone(timedelta(minutes=minutes)))) == words


def test_the_clock_is_the_charts_zone_then_the_charted_offset_then_utc():
    """A chart always has a clock."""
    charted = timezone(timedelta(hours=-6))
    start = datetime(2026, 3, 2, 8, tzinfo=charted)
    with_start = Encounter("Encounter/e", "Patient/p", start=start)
    assert clock_for(Chart(with_start, zone=NEW_YORK)).zone is NEW_YORK
    assert clock_for(Chart(with_start)).zone is charted
    assert clock_for(Chart(Encounter("Encounter/e", "Patient/p"))).zone is UTC


def test_counts_agree_with_their_words():
    """One record, two records."""
    assert [counted(n, "record") for n in (0, 1, 2)] == ["0 records", "1 record", "2 records"]


def test_a_day_has_no_leading_zero():
    """2 Mar, not 02 Mar."""
    assert day_words(date(2026, 3, 2)) == "2 Mar 2026"
