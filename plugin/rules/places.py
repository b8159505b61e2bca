"""From counted services to placed ones: access site by access site, then what stands outside the hierarchy."""

from msgspec.structs import replace

from plugin.domain import PROVEN, Category, DrugClass, Role, Route, Technique, Timing
from plugin.domain.interval import union
from plugin.rules.access import access_trees
from plugin.rules.arterial_placed import place_arterial
from plugin.rules.base import Kind
from plugin.rules.fluids import Beside, place_hydration
from plugin.rules.initial_choice import choose_initial
from plugin.rules.injections_placed import place_injections
from plugin.rules.overlap import place_infusions
from plugin.rules.placement import Parts, Placed, Tree, by_start, into_an_artery, is_timed, parts_of
from plugin.rules.pushes_placed import Given, place_pushes
from plugin.rules.reaction import with_modifiers
from plugin.rules.second_visit import second_visit_modifier
from plugin.rules.visit import Visit

# Drugs whose labelling asks for hydration before or after them (dossier R19 names cisplatin; the others by practice).
NEEDS_HYDRATION = frozenset({"cisplatin", "ifosfamide"})
# What runs into the vein under a code of its own; a dwell in a catheter or a pump gone home doesn't.
RUN_HERE = ("pemivibart infusion", "stroke thrombolysis", "coronary thrombolysis", "patient-controlled analgesia")
FLUSH, INTRAVENOUS, TRANSFUSION = DrugClass.FLUSH, Route.INTRAVENOUS, Category.TRANSFUSION
NO_STOP = Timing.NO_STOP


def place(visit: Visit) -> list[Placed]:
    """Every counted service, or part of one, exactly once."""
    at_a_site: Tree = []
    arterial: Tree = []
    apart: Tree = []
    own = visit.own_codes
    for counted in visit.counted:
        service, category = counted
        if service.drug.drug_class is FLUSH or service.id in own:
            continue  # coded by a visit-wide rule, by what was done and not by time and place
        in_a_tree = service.route is INTRAVENOUS and category is not TRANSFUSION
        (at_a_site if in_a_tree else arterial if into_an_artery(service) else apart).append(counted)
    at_a_site.sort(key=by_start)
    trees = [(tree, parts_of(tree)) for tree in access_trees(at_a_site, visit)]
    given = Given()
    for _, parts in trees:
        given.infusions(s for s, _ in parts.infusions)
    placed: list[Placed] = []
    for number, (tree, parts) in enumerate(trees):
        second_site = (visit.book.position("second_site_modifier"),) if number else ()
        of_tree = with_modifiers(_place_tree(tree, parts, arterial, given, visit), visit)
        placed += _marked(of_tree, second_site or second_visit_modifier(visit))
    unknown = [(s, Category.THERAPEUTIC) for s in visit.unknown]
    placed += [Placed(s, c, Kind.UNTIMED) for s, c in [*at_a_site, *unknown] if not is_timed(s)]
    placed += with_modifiers(place_arterial(arterial, visit), visit)
    return placed + place_injections(apart, visit)


def _place_tree(tree: Tree, parts: Parts, arterial: Tree, given: Given, visit: Visit) -> list[Placed]:
    initial = choose_initial(tree, visit)
    placed = place_infusions(parts.infusions, initial, visit) + place_pushes(parts.pushes, initial, given, visit)
    if parts.fluids:
        placed += place_hydration(parts.fluids, _beside(tree, parts, arterial, visit), initial is None, visit)
    return placed


def _beside(tree: Tree, parts: Parts, arterial: Tree, visit: Visit) -> Beside:
    """What hydration gives way to: all that runs at its site, and into an artery (NCCI policy manual ch. XI B.6)."""
    if arterial:
        tree = [*tree, *arterial]
        parts = parts_of(tree)
    own = visit.own_codes
    infused = [s for s, _ in parts.infusions]
    infused += [s for s, c in visit.counted if c is TRANSFUSION or (own and own.get(s.id) in RUN_HERE)]
    open_starts = [
        s.start
        for s, category in tree
        if s.timing is NO_STOP and s.technique is Technique.INFUSION and category is not Category.HYDRATION
    ]
    return Beside(
        runs=union([p for s in infused for p in s.stretches]),
        pushes=union([p for s, _ in parts.pushes if s.tier in PROVEN for p in s.stretches]),
        open_from=min(open_starts) if open_starts else None,
        protected=not NEEDS_HYDRATION.isdisjoint([s.drug.key for s, _ in tree]),
    )


def _marked(placed: list[Placed], modifiers: tuple[str, ...]) -> list[Placed]:
    """A further access site or a second visit: its initial service and that service's hours carry the modifier."""
    if not modifiers:
        return placed
    return [replace(p, modifiers=(*p.modifiers, *modifiers)) if p.role is Role.INITIAL else p for p in placed]
