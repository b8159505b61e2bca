"""What holds for one key after a new edition: what was known, what the edition tells, and the days it speaks for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from plugin.codebook.importers.site_tables import Row

FIRST, LAST = date.min, date.max
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """What is said of a key on the days from first to last, both included; `last` is `date.max` while it holds."""

    first: date
    last: date
    values: Row
    source: Row


@dataclass(frozen=True, slots=True)
class Window:
    """The days an edition speaks for: from its own first day to the day before the next edition."""

    first: date
    last: date


def splice(known: list[Span], told: list[Span], window: Window) -> list[Span]:
    """Inside the window what the edition tells; outside it what was known, and before it what only the edition knows.

    Spans that touch and say the same become one, with the source of the earlier: importing a file twice changes
    nothing.
    """
    ended = [span.last + _ONE for span in told if span.last < window.first]
    window = Window(min([window.first, *ended]), window.last)
    outside = [piece for span in known for piece in _outside(span, window)]
    inside = [piece for span in told if (piece := _clip(span, window.first, window.last))]
    earlier = [piece for span in told for piece in _uncovered(span, known, window)]
    return list(_joined(sorted([*outside, *inside, *earlier], key=lambda span: span.first)))


def without_overlap(told: list[Span]) -> list[Span]:
    """Each span ended the day before the next begins: some edits end on the first day of their successor."""
    ordered = sorted(told, key=lambda span: span.first)
    return [
        replace(span, last=min(span.last, after.first - _ONE)) if after and after.first > span.first else span
        for span, after in zip(ordered, [*ordered[1:], None], strict=False)  # none at all has no successor either
    ]


def _clip(span: Span, first: date, last: date) -> Span | None:
    clipped = replace(span, first=max(span.first, first), last=min(span.last, last))
    return clipped if clipped.first <= clipped.last else None


def _outside(span: Span, window: Window) -> Iterator[Span]:
    if window.first > FIRST and (before := _clip(span, FIRST, window.first - _ONE)):
        yield before
    if window.last < LAST and (after := _clip(span, window.last + _ONE, LAST)):
        yield after


def _uncovered(span: Span, known: list[Span], window: Window) -> Iterator[Span]:
    """The parts of a span before the window on which nothing was known."""
    left = [span] if span.first < window.first else []
    for other in [*known, Span(window.first, LAST, (), ())]:
        left = [piece for part in left for piece in _outside(part, Window(other.first, other.last))]
    yield from left


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    waiting: Span | None = None
    for span in spans:
        if waiting and waiting.last < LAST and waiting.values == span.values and waiting.last + _ONE == span.first:
            waiting = replace(waiting, last=span.last)
            continue
        if waiting:
            yield waiting
        waiting = span
    if waiting:
        yield waiting
