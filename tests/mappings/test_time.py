"""FHIR dateTime: precision, zone, and what clocks do."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.time import Precision, may_span_clock_change, read_moment

NEW_YORK = ZoneInfo("America/New_York")
EST = timezone(timedelta(hours=-5))
EDT = timezone(timedelta(hours=-4))


@pytest.mark.parametrize(
    ("text", "precision", "day"),
    [
        ("2026", Precision.YEAR, None),
        ("2026-03", Precision.MONTH, None),
        ("2026-03-02", Precision.DAY, date(2026, 3, 2)),
        ("2026-03-02T10:00Z", Precision.MINUTE, date(2026, 3, 2)),
        ("2026-03-02T10:00:00Z", Precision.SECOND, date(2026, 3, 2)),
        ("2026-03-02t10:00:00z", Precision.SECOND, date(2026, 3, 2)),
        ("2026-03-02 10:00:00Z", Precision.SECOND, date(2026, 3, 2)),
        ("2026-03-02T10:00:00.123456789Z", Precision.SECOND, date(2026, 3, 2)),
    ],
)
def test_precision_is_what_was_charted(text: str, precision: Precision, day: date | None) -> None:
    """A moment knows how exactly it was charted; less than a day is no day."""
    moment = read_moment(text, None)
    assert (precision, day) == (moment.precision, moment.day)


@pytest.mark.parametrize("text", ["2026", "2026-03", "2026-03-02"])
def test_less_than_a_time_of_day_is_no_time(text: str) -> None:
    """A day is never taken for its midnight."""
    assert read_moment(text, NEW_YORK).at is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-13",
        "2026-00",
        "0000",
        "2026-02-30",
        "2026-03-02T25:00:00Z",
        "2026-03-02T24:00:01Z",
        "2026-03-02T10:60:00Z",
        "2026-03-02T10:00:61Z",
        "2026-03-02T10:00:00+14:01",
        "2026-03-02T10:00:00+05:60",
        "2026-03-02T10",
        "2026-03-02T10:00:00 Z",
        "2026-3-2",
        "٢٠٢٦-03-02",
        "2026-03-02T10:00:00Z2026",
        "9999-12-31T24:00:00Z",
        "x" * 1000,
    ],
)
def test_what_is_no_time_is_unreadable(text: str) -> None:
    """Nothing is made of a text that is no FHIR dateTime."""
    moment = read_moment(text, None)
    assert (True, None, None) == (moment.unreadable, moment.at, moment.day)


def test_the_charted_offset_is_kept_when_no_zone_is_known() -> None:
    """Without a facility zone the nurse's offset stands."""
    at = read_moment("2026-07-02T10:00:00-07:00", None).at
    assert at is not None
    assert "2026-07-02T10:00:00-07:00" == at.isoformat()


def test_a_known_zone_converts_with_a_plain_offset() -> None:
    """With a zone the moment is in it, and differences across the clock change count real seconds."""
    first, last = read_moment("2026-11-01T05:30:00Z", NEW_YORK).at, read_moment("2026-11-01T06:30:00Z", NEW_YORK).at
    assert first is not None
    assert last is not None
    assert ("2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00") == (first.isoformat(), last.isoformat())
    assert timedelta(hours=1) == last - first


@pytest.mark.parametrize("text", ["2026-03-02T10:00:00Z", "2026-03-02T10:00:00+00:00", "2026-03-02T10:00:00-00:00"])
def test_utc_is_told_only_when_no_zone_is_known(text: str) -> None:
    """UTC with no zone known is marked, because its calendar day may not be the facility's."""
    assert (True, False) == (read_moment(text, None).in_utc, read_moment(text, NEW_YORK).in_utc)


@pytest.mark.parametrize("clock", ["01:00:00", "01:30:00", "01:59:59"])
def test_the_hour_that_happens_twice_is_marked(clock: str) -> None:
    """A local time that names two moments times nothing."""
    assert read_moment(f"2026-11-01T{clock}", NEW_YORK).clock_change


@pytest.mark.parametrize("clock", ["00:59:59", "02:00:00"])
def test_the_times_beside_it_are_clear(clock: str) -> None:
    """One second before and after the doubled hour there is no doubt."""
    assert not read_moment(f"2026-11-01T{clock}", NEW_YORK).clock_change


@pytest.mark.parametrize(
    ("clock", "marked"), [("01:59:59", False), ("02:00:00", True), ("02:59:59", True), ("03:00:00", False)]
)
def test_the_hour_that_never_happens_is_marked(clock: str, marked: bool) -> None:
    """A local time that names no moment times nothing."""
    assert marked == read_moment(f"2026-03-08T{clock}", NEW_YORK).clock_change


def test_an_offset_leaves_no_doubt() -> None:
    """The doubled hour with an offset is one moment."""
    assert not read_moment("2026-11-01T01:30:00-05:00", NEW_YORK).clock_change


@pytest.mark.parametrize(
    ("start", "stop", "doubt"),
    [
        ("2026-11-01T00:00", "2026-11-01T01:00", False),
        ("2026-11-01T00:00", "2026-11-01T01:01", True),
        ("2026-11-01T02:59", "2026-11-01T05:00", True),
        ("2026-11-01T03:00", "2026-11-01T05:00", False),
        ("2026-03-07T22:00", "2026-03-08T06:00", True),
        ("2026-03-01T00:00", "2026-03-01T06:00", False),
        ("2026-10-30T00:00", "2026-11-03T00:00", True),
        ("2025-12-31T00:00", "2027-01-01T00:00", True),
        ("2026-06-01T00:00", "2026-06-02T00:00", False),
    ],
)
def test_only_nights_of_a_clock_change_are_in_doubt(start: str, stop: str, doubt: bool) -> None:
    """With no zone at all, an interval is doubted only around 02:00 of the two Sundays."""
    begins, ends = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, stop))
    assert doubt == may_span_clock_change(begins, ends)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)), st.integers(-840, 840))  # noqa: DTZ001
def test_a_written_time_reads_back(at: datetime, offset: int) -> None:
    """What Python writes with any offset FHIR allows is read as the same moment, to the second."""
    charted = at.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    for zone in (None, NEW_YORK):
        assert charted == read_moment(charted.isoformat(), zone).at
