"""How documentation and work went, week by week: tables of counts that hold nobody's name.

A week is named by its Monday; a visit counts in the week of its day.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

NO_UNIT = "unit not charted"
# What charts write behind the name of a unit: "Emergency Department, Bed 3", "ED; 07; A".
_WITHIN = re.compile(r"\s*(?:[,;/-]\s*(?:bed|bay|chair|pod|room|rm|seat)\b.*|(?:;\s*[^;]{0,4})+)$", re.IGNORECASE)
Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Figures:
    """One visit: infusions that ended, the most that ever lacked a stop, questions, and the day it was posted."""

    unit: str
    day: date
    infusions: int
    missing_stops: int
    asked: int
    answered: int
    posted: date | None
    dismissed_by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Table:
    """A dashboard's numbers: a heading for each column, and rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def unit_of(place: str) -> str:
    """The unit that a charted place lies in: its name without room, bay, chair and bed."""
    return _WITHIN.sub("", place) or place or NO_UNIT


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def missing_stops(visits: Iterable[Figures]) -> Table:
    """By unit and week: of the infusions that ended, how many had no charted stop, and their share in percent."""
    sums: defaultdict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for each in visits:
        counted = sums[unit_of(each.unit), monday(each.day)]
        counted[0] += each.infusions
        counted[1] += min(each.missing_stops, each.infusions)
    rows = [
        (unit, week.isoformat(), infusions, missing, round(100 * missing / infusions))
        for (unit, week), (infusions, missing) in sorted(sums.items())
        if infusions
    ]
    return Table(("unit", "week", "infusions", "without stop", "percent"), tuple(rows))


def questions(visits: Iterable[Figures]) -> Table:
    """By week: questions that the charts left open, and how many of them no longer are."""
    asked: Counter[date] = Counter()
    answered: Counter[date] = Counter()
    for each in visits:
        asked[monday(each.day)] += each.asked
        answered[monday(each.day)] += each.answered
    rows = [(week.isoformat(), asked[week], answered[week]) for week in sorted(asked) if asked[week]]
    return Table(("week", "asked", "answered"), tuple(rows))


def time_to_post(visits: Iterable[Figures]) -> Table:
    """By week of the visit: how many were posted, and the days from the visit to the first posting, in the middle."""
    days: defaultdict[date, list[int]] = defaultdict(list)
    for each in visits:
        if each.posted is not None:
            days[monday(each.day)].append(max(0, (each.posted - each.day).days))
    rows = [(week.isoformat(), len(some), float(median(some)), max(some)) for week, some in sorted(days.items())]
    return Table(("week", "posted encounters", "median days", "most days"), tuple(rows))


def dismissed(visits: Iterable[Figures]) -> Table:
    """Dismissed lines by the listed reason, most first."""
    counts: Counter[str] = Counter()
    for each in visits:
        counts.update(each.dismissed_by)
    most_first = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))
    return Table(("reason", "lines"), tuple(most_first))


def weeks_of(table: Table, column: int) -> Sequence[str]:
    """Every week from the first to the last that a table names: one without a row is a gap to be seen."""
    named = [date.fromisoformat(str(row[column])) for row in table.rows]
    if not named:
        return []
    first, count = min(named), (max(named) - min(named)).days // 7 + 1
    return [(first + timedelta(weeks=number)).isoformat() for number in range(count)]
