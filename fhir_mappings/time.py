"""FHIR dateTime with its precision and its zone.

Charts hold days without a time, times without a zone, `T24:00:00`, leap seconds and times the clock change made
impossible or double.
A day is never a midnight: `Moment.at` is None unless a time of day was charted.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import Enum

from msgspec import Struct

from fhir_mappings.elements import Element, shown

WRITTEN = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:(?P<t>[Tt ])(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?P<fraction>[.,][0-9]{1,30})?)?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
LONGEST = 64
PLAUSIBLE_YEARS = range(1900, 2200)
NO_OFFSET = timedelta(0)
FARTHEST_OFFSET = timedelta(hours=14)
SUNDAYS_OF_CLOCK_CHANGE = ((3, 7), (11, 0))
"""Month, and the days after its first Sunday at which clocks change in the United States."""


class Precision(Enum):
    """How exactly a moment was charted; NONE when it could not be read."""

    NONE = "none"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    MINUTE = "minute"
    SECOND = "second"


class Moment(Struct, frozen=True, gc=False):
    """A charted moment.

    `at` is set when a time of day was charted, with a fixed offset; `day` when at least a day was.
    `zone_assumed`: it had no offset; `in_utc`: it was charted in UTC and no zone is known.
    `clock_change`: read in its zone it happens twice or never, so it times nothing.
    `oddity` says what was unusual, `unreadable` that nothing could be made of it.
    """

    at: datetime | None = None
    day: date | None = None
    precision: Precision = Precision.NONE
    zone_assumed: bool = False
    in_utc: bool = False
    clock_change: bool = False
    oddity: str = ""
    unreadable: bool = False


NOTHING = Moment()
UNREADABLE = Moment(unreadable=True, oddity="not read: a FHIR dateTime belongs here")


def read_moment(text: str, zone: tzinfo | None, fallback: tzinfo | None = None) -> Moment:
    """Reads a FHIR dateTime, instant or date.

    With `zone` the moment is converted to it; without, the charted offset is kept.
    A time without an offset is read in `zone`, else in `fallback` (an offset charted nearby), else in UTC.
    """
    match = WRITTEN.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return UNREADABLE
    try:
        if match["month"] is None or match["day"] is None:
            return _coarse(match)
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
        if day.year not in PLAUSIBLE_YEARS:
            return UNREADABLE
        if match["hour"] is None:
            return Moment(day=day, precision=Precision.DAY)
        return _timed(match, day, zone, fallback)
    except (ValueError, OverflowError):
        return UNREADABLE


def _coarse(match: re.Match[str]) -> Moment:
    month = match["month"]
    date(int(match["year"]), int(month or 1), 1)
    return Moment(precision=Precision.MONTH if month else Precision.YEAR)


def _timed(match: re.Match[str], day: date, zone: tzinfo | None, fallback: tzinfo | None) -> Moment:
    wall, oddities = _wall_clock(match, day)
    precision = Precision.SECOND if match["second"] else Precision.MINUTE
    offset = match["offset"]
    if offset is None:
        return _without_offset(wall, zone, fallback, precision, oddities)
    charted = _offset(offset)
    if offset not in ("Z", "z") and ":" not in offset:
        oddities.append("offset without colon")
    at = fixed(wall.replace(tzinfo=charted).astimezone(zone or charted))
    if at.year not in PLAUSIBLE_YEARS:
        raise ValueError("no year of a chart")
    in_utc = zone is None and charted.utcoffset(None) == NO_OFFSET
    return Moment(at, at.date(), precision, in_utc=in_utc, oddity=", ".join(oddities))


def _wall_clock(match: re.Match[str], day: date) -> tuple[datetime, list[str]]:
    """The clock on the wall, whole seconds, and what was unusual about how it was written."""
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    oddities = []
    if match["t"] != "T":
        oddities.append("date and time not parted by T")
    if match["second"] is None:
        oddities.append("no seconds")
    add = timedelta(0)
    if (hour, minute, second) == (24, 0, 0):
        hour, add = 0, timedelta(days=1)
        oddities.append("24:00 read as the start of the next day")
    if second == 60:
        second, add = 59, timedelta(seconds=1)
        oddities.append("leap second read as the next second")
    return datetime(day.year, day.month, day.day, hour, minute, second) + add, oddities  # noqa: DTZ001


def _offset(written: str) -> timezone:
    if written in ("Z", "z"):
        return UTC
    length = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    if length > FARTHEST_OFFSET or int(written[-2:]) > 59:
        raise ValueError("offset out of range")
    return timezone(-length if written[0] == "-" else length)


def _without_offset(
    wall: datetime, zone: tzinfo | None, fallback: tzinfo | None, precision: Precision, oddities: list[str]
) -> Moment:
    first = wall.replace(tzinfo=zone or fallback or UTC)
    change = first.utcoffset() != first.replace(fold=1).utcoffset()
    if change:
        oddities.append("at this time the clocks change: it happens twice or never")
    at = fixed(first)
    return Moment(at, at.date(), precision, zone_assumed=True, clock_change=change, oddity=", ".join(oddities))


def fixed(at: datetime) -> datetime:
    """The same moment with a plain offset, so that differences count the seconds that really passed."""
    return at.replace(tzinfo=timezone(at.utcoffset() or timedelta(0)), fold=0)


def read_time(element: Element, name: str, zone: tzinfo | None, fallback: tzinfo | None = None) -> Moment:
    """The moment under `name`, with its issues noted; an unreadable one blocks where the element matters."""
    text = element.text(name)
    if not text:
        return NOTHING
    moment = read_moment(text, zone, fallback)
    if moment.oddity:
        element.say(name, moment.oddity, blocks=moment.unreadable and element.matters)
    elif moment.at is None and element.matters:
        element.say(name, "no time of day was charted: it times nothing", found=shown(text))
    return moment


def may_span_clock_change(start: datetime, stop: datetime) -> bool:
    """Whether clocks in the United States may have changed between two times whose zone nobody knows.

    They change at 02:00 on the second Sunday of March and the first of November; an hour either side is in doubt.
    """
    for year in range(start.year, min(stop.year, start.year + 2) + 1):
        for month, later in SUNDAYS_OF_CLOCK_CHANGE:
            first = date(year, month, 1)
            sunday = first + timedelta(days=(6 - first.weekday()) % 7 + later)
            one = datetime(sunday.year, sunday.month, sunday.day, 1, tzinfo=start.tzinfo)
            if start < one + timedelta(hours=2) and stop > one:
                return True
    return False
