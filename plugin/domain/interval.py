"""Half-open stretches of time in whole seconds since 1970-01-01T00:00Z.

Seconds, not datetimes: subtracting two datetimes of one zone ignores a clock change between them.
A list of intervals is sorted and disjoint wherever a docstring says "set".
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct


class Interval(Struct, frozen=True, order=True, gc=False):
    """`start` belongs to it, `stop` does not."""

    start: int
    stop: int


class Stretch(Struct, frozen=True, order=True, gc=False):
    """Part of one administration's running time; the unit in which minutes are coded, declined or asked about."""

    administration: str
    start: int
    stop: int


def seconds(spans: Iterable[Interval | Stretch]) -> int:
    """The seconds the spans hold together; overlaps count twice."""
    total = 0
    for span in spans:
        total += span.stop - span.start
    return total


def minutes(spans: Iterable[Interval | Stretch]) -> int:
    """Whole minutes of the spans together, rounded down once (decision D3 of the code book)."""
    total = 0
    for span in spans:
        total += span.stop - span.start
    return total // 60


def union(spans: Iterable[Interval | Stretch]) -> list[Interval]:
    """The spans as a set: sorted, disjoint, touching ones joined; empty ones are dropped."""
    joined: list[Interval] = []
    for start, stop in sorted([(span.start, span.stop) for span in spans]):
        insert(joined, start, stop)
    return joined


def insert(joined: list[Interval], start: int, stop: int) -> None:
    """Put a span where it belongs in a set, joining what it touches; an empty one is dropped."""
    if start >= stop:
        return
    if not joined or start > joined[-1].stop:
        joined.append(Interval(start, stop))
        return
    first, beyond = bisect_left(joined, Interval(start, start)), bisect_left(joined, Interval(stop + 1, stop + 1))
    if first and joined[first - 1].stop >= start:
        first -= 1
    if first < beyond:
        start, stop = min(start, joined[first].start), max(stop, joined[beyond - 1].stop)
    joined[first:beyond] = [Interval(start, stop)]


def outside(stretch: Stretch, covers: Sequence[Interval]) -> list[Stretch]:
    """What is left of `stretch` when the set `covers` is taken away."""
    left, at = [], stretch.start
    for cover in meeting(stretch, covers):
        if cover.start > at:
            left.append(Stretch(stretch.administration, at, cover.start))
        at = cover.stop
    if at < stretch.stop:
        left.append(Stretch(stretch.administration, at, stretch.stop))
    return left


def inside(stretch: Stretch, covers: Sequence[Interval]) -> list[Stretch]:
    """The parts of `stretch` that the set `covers` holds."""
    return [
        Stretch(stretch.administration, max(stretch.start, cover.start), min(stretch.stop, cover.stop))
        for cover in meeting(stretch, covers)
    ]


def meeting(stretch: Interval | Stretch, covers: Sequence[Interval]) -> Sequence[Interval]:
    """The intervals of a set that reach into a stretch, in order."""
    start, stop = stretch.start, stretch.stop
    if not covers or covers[-1].stop <= start or covers[0].start >= stop:
        return ()
    first = bisect_left(covers, Interval(start, start))
    if first and covers[first - 1].stop > start:
        first -= 1
    return covers[first : bisect_left(covers, Interval(stop, stop), first)]


def split_after(stretches: Sequence[Stretch], limit: int) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """The first `limit` seconds of the stretches, and the rest."""
    if seconds(stretches) <= limit:
        return tuple(stretches), ()
    first: list[Stretch] = []
    for index, stretch in enumerate(stretches):
        length = stretch.stop - stretch.start
        if length > limit:
            cut = stretch.start + limit
            head = [Stretch(stretch.administration, stretch.start, cut)] if limit else []
            return (*first, *head), (Stretch(stretch.administration, cut, stretch.stop), *stretches[index + 1 :])
        first.append(stretch)
        limit -= length
    return tuple(first), ()


class Clock(Struct, frozen=True, gc=False):
    """A moment kept as a value in a fact, put into words as local HH:MM only when somebody reads it."""

    seconds: int
    zone: tzinfo

    def __format__(self, spec: str) -> str:
        return datetime.fromtimestamp(self.seconds, self.zone).strftime(spec or "%H:%M")
