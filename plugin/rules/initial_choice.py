"""Which service is initial: by the facility hierarchy (dossier R1), or by the office visit's reason (dossier R2)."""

from collections import defaultdict
from collections.abc import Iterable

from plugin.domain import Category, Technique
from plugin.rules.placement import Counted, Tree, by_start, is_timed
from plugin.rules.primary_reason import for_the_reason, reason_is_hydration
from plugin.rules.visit import Visit


def choose_initial(tree: Iterable[Counted], visit: Visit) -> Counted | None:
    """The initial service of a tree, by the facility hierarchy or for the office visit's reason (`primary_reason.py`).

    Hydration is initial where no drug is, which `fluids.py` sees to.

    Ties: the drug with the longest span, then the earliest start, then the id; within one drug its earliest interval
    (addendum D1).
    """
    served = list(tree)
    if _hydration_comes_first(served, visit):
        return None
    for_reason = for_the_reason(served, visit)
    ranked: dict[str, list[tuple[int, Counted]]] = defaultdict(list)
    for counted in _chemotherapy(served) or for_reason or served:
        service, category = counted
        if category is Category.HYDRATION or not is_timed(service) or service.technique is None:
            continue
        rank = visit.book.rank(category, service.technique)
        if rank is not None:
            ranked[service.drug.key].append((rank, counted))
    best = min((rank for group in ranked.values() for rank, _ in group), default=None)
    groups = [[counted for rank, counted in group if rank == best] for group in ranked.values()]
    return min(
        (min(group, key=by_start) for group in sorted(filter(None, groups), key=_longest_first)[:1]),
        default=None,
        key=by_start,
    )


def _chemotherapy(tree: Tree) -> Tree:
    """The tree's chemotherapy, its infusions first: nothing else is a parent of the add-ons it earns (dossier R12)."""
    timed = [c for c in tree if c[1] is Category.CHEMOTHERAPY and is_timed(c[0])]
    return [c for c in timed if c[0].technique is Technique.INFUSION] or timed


def _longest_first(group: Tree) -> tuple[int, int, str]:
    longest = max(service.minutes for service, _ in group)
    return -longest, *min(by_start(counted) for counted in group)


def _hydration_comes_first(tree: Tree, visit: Visit) -> bool:
    """An office visit for hydration, where the site takes the reason by the letter although the edit fails."""
    drugs = any(category is not Category.HYDRATION for _, category in tree)
    fluids = any(category is Category.HYDRATION and is_timed(service) for service, category in tree)
    if not (drugs and fluids and reason_is_hydration(visit)):
        return False
    return visit.book.position("office_hydration_reason") == "literal"
