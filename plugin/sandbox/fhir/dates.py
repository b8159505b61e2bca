"""FHIR dates as half-open spans of epoch seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

EVER = 1e18
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?")


def span_of(text: str) -> tuple[float, float]:
    """The span a FHIR date or dateTime covers, by its precision; without an offset it is read as UTC.

    Raises ValueError where the text is no FHIR date.
    """
    match = _DATE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a FHIR date or dateTime; a + in an address must be written %2B")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    moment = datetime(
        int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
    )
    low = (moment - _offset(zone)).timestamp() + float(fraction or 0)
    return low, low + _length(moment, month, day, hour, second, fraction)


def _offset(zone: str | None) -> timedelta:
    if not zone or zone == "Z":
        return timedelta(0)
    sign = -1 if zone[0] == "-" else 1
    return sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))


def _length(moment: datetime, *parts: str | None) -> float:
    month, day, hour, second, fraction = parts
    if not month:
        return (moment.replace(year=moment.year + 1) - moment).total_seconds()
    if not day:
        following = moment.replace(year=moment.year + moment.month // 12, month=moment.month % 12 + 1)
        return (following - moment).total_seconds()
    if not hour:
        return 86400.0
    if not second:
        return 60.0
    return 0.001 if fraction else 1.0


def span_of_element(value: Any) -> tuple[float, float] | None:
    """The span of a dateTime or Period element, open ends reaching for ever; None where it can't be read."""
    try:
        if isinstance(value, str):
            return span_of(value)
        if isinstance(value, dict) and (value.get("start") or value.get("end")):
            low = span_of(value["start"])[0] if value.get("start") else -EVER
            high = span_of(value["end"])[1] if value.get("end") else EVER
            return low, high
    except (TypeError, ValueError, OverflowError):
        return None
    return None


COMPARISONS = {
    "eq": "low >= :low AND high <= :high",
    "ne": "NOT (low >= :low AND high <= :high)",
    "gt": "high > :high",
    "lt": "low < :low",
    "ge": "high > :low",
    "le": "low < :high",
    "sa": "low >= :high",
    "eb": "high <= :low",
}
