"""Cutting running minutes into units: the first hour, further hours, and the remainder that earns nothing.

A further hour needs more than 30 minutes beyond the hour (CMS Claims Processing Manual ch. 12 §30.5.E).
"""

from collections.abc import Sequence

from msgspec import Struct

from plugin.domain import Stretch
from plugin.domain.interval import minutes, seconds, split_after
from plugin.rules.visit import Visit

Stretches = tuple[Stretch, ...]


class Hours(Struct, frozen=True, gc=False):
    """`units` earned, the stretches of each, what is `left` over, and the whole minutes of that remainder."""

    units: int
    of_unit: tuple[Stretches, ...]
    left: Stretches
    left_minutes: int


def first_hour(kept: Sequence[Stretch], visit: Visit) -> tuple[Stretches, Stretches]:
    """The stretches of the first hour, and those beyond it."""
    hour = visit.book.limit("first_hour")
    return (tuple(kept), ()) if minutes(kept) <= hour else split_after(kept, hour * 60)


def within_first_hour(kept: Stretches, visit: Visit) -> bool:
    """Whether nothing is left beyond the first hour."""
    return seconds(kept) <= visit.book.limit("first_hour") * 60


def further_hours(stretches: Stretches, total: int, visit: Visit) -> Hours:
    """Units of one hour in `total` whole minutes of `stretches`; a last part counts when it is long enough."""
    hour = visit.book.limit("further_hour")
    hours, last_part = divmod(total, hour)
    counts = last_part > visit.book.limit("last_part_must_exceed")
    if not hours and not counts:
        return Hours(0, (), stretches, last_part)
    of_unit: list[Stretches] = []
    rest: Stretches = stretches
    for unit in range(hours + counts):
        last = unit == hours + counts - 1 and counts
        part, rest = (rest, ()) if last else split_after(rest, hour * 60)
        of_unit.append(part)
    if of_unit and not last_part:  # seconds short of a minute stay with the last hour
        of_unit[-1], rest = (*of_unit[-1], *rest), ()
    return Hours(hours + counts, tuple(of_unit), rest, 0 if counts else last_part)


def beyond_first_hour(kept: Stretches, visit: Visit) -> Hours:
    """Further hours after the first; minutes are rounded down once, over the whole span."""
    _, beyond = first_hour(kept, visit)
    return further_hours(beyond, max(minutes(kept) - visit.book.limit("first_hour"), 0), visit)
