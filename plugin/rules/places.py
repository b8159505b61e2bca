"""From counted services to placed ones: access site by access site, then what stands outside the hierarchy."""

from collections.abc import Sequence
from dataclasses import replace

from plugin.domain import Category, DrugClass, Role, Service, Technique, Tier, Timing
from plugin.domain.interval import Interval, union
from plugin.rules.access import access_trees
from plugin.rules.base import Kind
from plugin.rules.fluids import Beside, place_hydration
from plugin.rules.initial_choice import choose_initial
from plugin.rules.injections_placed import place_injections
from plugin.rules.overlap import place_infusions
from plugin.rules.placement import Counted, Placed, Tree, in_a_vein, is_timed, techniques
from plugin.rules.pushes_placed import Given, place_pushes
from plugin.rules.reaction import with_modifier
from plugin.rules.second_visit import second_visit_modifier
from plugin.rules.visit import Visit

# Drugs whose labelling asks for hydration before or after them (dossier R19 names cisplatin; the others by practice).
NEEDS_HYDRATION = ("cisplatin", "ifosfamide")


def place(visit: Visit) -> list[Placed]:
    """Every counted service, or part of one, exactly once."""
    ordinary = [c for c in visit.counted if not has_own_code(c, visit)]
    at_a_site = [c for c in ordinary if in_a_vein(c[0]) and c[1] is not Category.TRANSFUSION]
    given = Given()
    given.infusions(s for s, _ in techniques(at_a_site, Technique.INFUSION))
    placed: list[Placed] = []
    for number, tree in enumerate(access_trees(at_a_site, visit)):
        second_site = (visit.book.position("second_site_modifier"),) if number else ()
        of_tree = [with_modifier(p, visit) for p in _place_tree(tree, given, visit)]
        placed += _marked(of_tree, second_site or second_visit_modifier(visit))
    unknown = [(s, Category.THERAPEUTIC) for s in visit.unknown]
    placed += [Placed(s, c, Kind.UNTIMED) for s, c in [*at_a_site, *unknown] if not is_timed(s)]
    return placed + place_injections([c for c in ordinary if c not in at_a_site], visit)


def has_own_code(counted: Counted, visit: Visit) -> bool:
    """Whether a visit-wide rule codes it by what was done, not by time and place."""
    return counted[0].id in visit.own_codes or counted[0].drug.drug_class is DrugClass.FLUSH


def _place_tree(tree: Tree, given: Given, visit: Visit) -> list[Placed]:
    initial = choose_initial(tree, visit)
    infusions = techniques(tree, Technique.INFUSION)
    pushes = techniques(tree, Technique.PUSH)
    placed = place_infusions(infusions, initial, visit) + place_pushes(pushes, initial, given, visit)
    fluids = [s for s, category in tree if category is Category.HYDRATION and is_timed(s)]
    if fluids:
        placed += place_hydration(fluids, _beside(tree, infusions, pushes, visit), initial is None, visit)
    return placed


def _beside(tree: Tree, infusions: Sequence[Counted], pushes: Sequence[Counted], visit: Visit) -> Beside:
    apart = [s for s, category in visit.counted if category is Category.TRANSFUSION or _runs_with_own_code(s, visit)]
    open_starts = [
        s.start
        for s, category in tree
        if s.timing is Timing.NO_STOP and s.technique is Technique.INFUSION and category is not Category.HYDRATION
    ]
    return Beside(
        runs=union(Interval(p.start, p.stop) for s in [*(s for s, _ in infusions), *apart] for p in s.stretches),
        pushes=union(Interval(p.start, p.stop) for s, _ in pushes if s.tier <= Tier.PAIRED for p in s.stretches),
        open_from=min(open_starts, default=None),
        protected=any(s.drug.key in NEEDS_HYDRATION for s, _ in tree),
    )


def _runs_with_own_code(service: Service, visit: Visit) -> bool:
    """A drug that runs into the vein under a code of its own; a dwell in a catheter or a pump gone home doesn't."""
    return visit.own_codes.get(service.id) in ("pemivibart infusion", "stroke thrombolysis", "coronary thrombolysis")


def _marked(placed: list[Placed], modifiers: tuple[str, ...]) -> list[Placed]:
    """A further access site or a second visit: its initial service and that service's hours carry the modifier."""
    if not modifiers:
        return placed
    return [replace(p, modifiers=(*p.modifiers, *modifiers)) if p.role is Role.INITIAL else p for p in placed]
