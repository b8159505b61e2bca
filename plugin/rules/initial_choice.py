"""Which service is initial: by the facility hierarchy (dossier R1), or by the office visit's reason (dossier R2)."""

from collections.abc import Iterable

from plugin.domain import CareSetting, Category, Technique
from plugin.rules.placement import Counted, Tree, is_timed
from plugin.rules.primary_reason import for_the_reason, reason_is_hydration
from plugin.rules.visit import Visit

CHEMOTHERAPY, HYDRATION, INFUSION = Category.CHEMOTHERAPY, Category.HYDRATION, Technique.INFUSION


def choose_initial(tree: Iterable[Counted], visit: Visit) -> Counted | None:
    """The initial service of a tree, by the facility hierarchy or for the office visit's reason (`primary_reason.py`).

    The tree is in order of start, then id.
    Hydration is initial where no drug is, which `fluids.py` sees to.

    Ties: the drug with the longest span, then the earliest start, then the id; within one drug its earliest interval
    (addendum D1).
    """
    served = list(tree)
    if _hydration_comes_first(served, visit):
        return None
    drugs = [c for c in served if c[1] is not HYDRATION and is_timed(c[0])]
    candidates = _best_ranked(_chemotherapy(drugs) or for_the_reason(drugs, visit) or drugs, visit)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    longest: dict[str, int] = {}
    earliest: dict[str, Counted] = {}
    for counted in candidates:
        drug = counted[0].drug.key
        longest[drug] = max(longest.get(drug, 0), counted[0].minutes)
        earliest.setdefault(drug, counted)
    return max(earliest.values(), key=lambda counted: longest[counted[0].drug.key])


def _chemotherapy(drugs: Tree) -> Tree:
    """The tree's chemotherapy, its infusions first: nothing else is a parent of the add-ons it earns (dossier R12)."""
    chemotherapy = [c for c in drugs if c[1] is CHEMOTHERAPY]
    return [c for c in chemotherapy if c[0].technique is INFUSION] or chemotherapy


def _best_ranked(candidates: Tree, visit: Visit) -> Tree:
    """Those that stand highest in the hierarchy of initial services."""
    best, found = None, Tree()
    for counted in candidates:
        service, category = counted
        rank = visit.book.rank(category, service.technique) if service.technique else None
        if rank is None or (best is not None and rank > best):
            continue
        if rank != best:
            best, found = rank, []
        found.append(counted)
    return found


def _hydration_comes_first(tree: Tree, visit: Visit) -> bool:
    """An office visit for hydration, where the site takes the reason by the letter although the edit fails."""
    if visit.setting is not CareSetting.OFFICE:
        return False
    drugs = any(category is not Category.HYDRATION for _, category in tree)
    fluids = any(category is Category.HYDRATION and is_timed(service) for service, category in tree)
    if not (drugs and fluids and reason_is_hydration(visit)):
        return False
    return visit.book.position("office_hydration_reason") == "literal"
