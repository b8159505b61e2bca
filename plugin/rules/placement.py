"""Every counted service in its place: what it is to the others of its access site, and which minutes it keeps.

The place decides which rules look at a service; the minutes it keeps are the minutes it can earn with.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from plugin.domain import Category, Fact, Role, Route, Service, Stretch, Technique, Timing
from plugin.rules.base import Kind


class Placed(Struct, frozen=True, gc=False):
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
DRUGS, HYDRATION = frozenset({Category.THERAPEUTIC, Category.CHEMOTHERAPY}), Category.HYDRATION
INFUSION, PUSH = Technique.INFUSION, Technique.PUSH
KNOWN_TIMES = frozenset({Timing.TIMED, Timing.UNTIMED_PUSH})


class Parts(NamedTuple):
    """The timed services of a tree, in its order: drug infusions, drug pushes and fluids."""

    infusions: Tree
    pushes: Tree
    fluids: list[Service]


def is_timed(service: Service) -> bool:
    """Whether its time is good enough to choose and to count by."""
    return service.timing in KNOWN_TIMES and service.technique is not None


def in_a_vein(service: Service) -> bool:
    """Whether it belongs to an access site."""
    return service.route is Route.INTRAVENOUS


def into_an_artery(service: Service) -> bool:
    """Whether it stands outside the hierarchy for its route (dossier R24b)."""
    return service.route is Route.INTRA_ARTERIAL


def parts_of(tree: Iterable[Counted]) -> Parts:
    """What of a tree can be placed by its time."""
    infusions: Tree = []
    pushes: Tree = []
    fluids: list[Service] = []
    for counted in tree:
        service, category = counted
        if not is_timed(service):
            continue
        if category is HYDRATION:
            fluids.append(service)
        elif category in DRUGS:
            if service.technique is INFUSION:
                infusions.append(counted)
            elif service.technique is PUSH:
                pushes.append(counted)
    return Parts(infusions, pushes, fluids)


def by_start(counted: Counted) -> tuple[int, str]:
    """The order of start, then id."""
    return counted[0].start, counted[0].id
