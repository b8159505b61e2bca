"""Every counted service in its place: which is initial at each access site, and what the others are beside it.

The place decides which rules look at a service; the minutes it keeps are the minutes it can earn with.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from plugin.domain import Category, Fact, Role, Route, Service, Stretch, Technique, Timing
from plugin.rules.base import Kind
from plugin.rules.visit import Visit

NECESSITY = re.compile(
    r"incompatib|\bnot\b.{0,20}\bcompatib|dual[- ]access|"
    r"\b(second|separate|additional|another|2nd)\b.{0,20}\b(p?iv|line|site|access|catheter)\b",
    re.IGNORECASE,
)
FOR_THE_RATE_ONLY = re.compile(r"\b(flow )?rate\b.{0,30}\b(not|could|unable)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Placed:
    """A service, or the part of it that shares one fate.

    `kept` are the minutes it can earn with; `shared` those it lost to services placed before it, `beside` theirs.
    `considered` is the role it was weighed for, which names the code of a decline; `why` is the reason of a decline.
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


Counted = tuple[Service, Category]
Tree = list[Counted]


def is_timed(service: Service) -> bool:
    """Whether its time is good enough to choose and to count by."""
    return service.timing in (Timing.TIMED, Timing.UNTIMED_PUSH) and service.technique is not None


def in_a_vein(service: Service) -> bool:
    """Whether it belongs to an access site."""
    return service.route is Route.INTRAVENOUS


def necessity_of_two_sites(visit: Visit) -> bool:
    """Whether a note or a reason says why two sites were needed; a rate that one line could not carry is none."""
    said = [
        text
        for service, _ in visit.counted
        for a in service.administrations
        for text in (*a.notes, *(term.text for term in a.reasons))
    ]
    return any(NECESSITY.search(text) and not FOR_THE_RATE_ONLY.search(text) for text in said)


def access_trees(services: Iterable[Counted], visit: Visit) -> list[Tree]:
    """The services of each access site, the one with the encounter's initial service first.

    One tree unless two sites are documented and so is their necessity (NCCI policy manual ch. XI B.2, addendum D11).
    Services without a site belong to the first tree.
    """
    served = list(services)
    sites = {service.access_site for service, _ in served if service.access_site}
    if len(sites) < 2 or not necessity_of_two_sites(visit):
        return [served] if served else []
    first = choose_initial(served, visit)
    first_site = first[0].access_site if first else ""
    by_site: dict[str, Tree] = defaultdict(list)
    for counted in served:
        by_site[counted[0].access_site or first_site].append(counted)
    return sorted(
        by_site.values(),
        key=lambda tree: (tree[0][0].access_site != first_site, tree[0][0].start, tree[0][0].id),
    )


def choose_initial(tree: Iterable[Counted], visit: Visit) -> Counted | None:
    """The initial service of a tree by the facility hierarchy; hydration is left to `hydration.py`.

    Ties: the drug with the longest span, then the earliest start, then the id; within one drug its earliest interval
    (addendum D1).
    """
    ranked: dict[str, list[tuple[int, Counted]]] = defaultdict(list)
    for counted in tree:
        service, category = counted
        if category is Category.HYDRATION or not is_timed(service) or service.technique is None:
            continue
        rank = visit.book.rank(category, service.technique)
        if rank is not None:
            ranked[service.drug.key].append((rank, counted))
    best = min((rank for group in ranked.values() for rank, _ in group), default=None)
    groups = [[counted for rank, counted in group if rank == best] for group in ranked.values()]
    return min(
        (min(group, key=_by_start) for group in sorted(filter(None, groups), key=_longest_first)[:1]),
        default=None,
        key=_by_start,
    )


def _by_start(counted: Counted) -> tuple[int, str]:
    return counted[0].start, counted[0].id


def _longest_first(group: Tree) -> tuple[int, int, str]:
    longest = max(service.minutes for service, _ in group)
    return -longest, *min(_by_start(counted) for counted in group)


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
        key=_by_start,
    )
