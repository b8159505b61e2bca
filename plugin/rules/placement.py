"""Every counted service in its place: what it is to the others of its access site, and which minutes it keeps.

The place decides which rules look at a service; the minutes it keeps are the minutes it can earn with.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from plugin.domain import Category, Fact, Role, Route, Service, Stretch, Technique, Timing
from plugin.rules.base import Kind


@dataclass(frozen=True, slots=True)
class Placed:
    """A service, or the part of it that shares one fate.

    `kept` are the minutes it can earn with; `shared` those it lost to services placed before it, `beside` theirs.
    `considered` is the role it was weighed for, which names the code of a decline; `why` is the reason of a decline.
    `by_hand` sends it to a coder: no code says what was done.
    """

    service: Service
    category: Category
    role: Role | Kind
    kept: tuple[Stretch, ...] = ()
    shared: tuple[Stretch, ...] = ()
    beside: tuple[str, ...] = ()
    considered: Role = Role.SEPARATE
    modifiers: tuple[str, ...] = ()
    why: Fact | None = None
    by_hand: bool = False


Counted = tuple[Service, Category]
Tree = list[Counted]


def is_timed(service: Service) -> bool:
    """Whether its time is good enough to choose and to count by."""
    return service.timing in (Timing.TIMED, Timing.UNTIMED_PUSH) and service.technique is not None


def in_a_vein(service: Service) -> bool:
    """Whether it belongs to an access site."""
    return service.route is Route.INTRAVENOUS


def techniques(tree: Iterable[Counted], technique: Technique) -> Tree:
    """The timed services of one technique that carry a drug, in order of start."""
    return sorted(
        (
            (service, category)
            for service, category in tree
            if is_timed(service)
            and service.technique is technique
            and category in (Category.CHEMOTHERAPY, Category.THERAPEUTIC)
        ),
        key=by_start,
    )


def by_start(counted: Counted) -> tuple[int, str]:
    """The order of start, then id."""
    return counted[0].start, counted[0].id
