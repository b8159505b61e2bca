"""Spans of days on which the same rows hold: between two of them some row begins or ends."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta

NEXT = timedelta(days=1)


class Spans:
    """Numbers the spans between the days on which anything begins or ends; an end that is not known is None."""

    def __init__(self, held: Iterable[tuple[date | None, date | None]]) -> None:
        turns: set[date] = set()
        for first, last in held:
            turns.add(first or date.min)
            if last is not None and last < date.max:
                turns.add(last + NEXT)
        self._turns = sorted(turns)

    def number(self, day: date) -> int:
        """The span of a day: what holds on one of its days holds on all of them."""
        return bisect_right(self._turns, day)

    def first_day(self, number: int) -> date:
        """The day on which a span begins."""
        return self._turns[number - 1] if number else date.min
