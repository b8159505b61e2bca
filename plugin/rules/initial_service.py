"""The one initial service of each access site in the encounter."""

from plugin.domain import CareSetting, Category, Fact, Role, Technique
from plugin.rules.base import Said, looking_at, rule, since
from plugin.rules.hours import first_hour
from plugin.rules.placement import Placed
from plugin.rules.primary_reason import for_the_reason, no_reason_charted, passed_over
from plugin.rules.saying import code_for, suggest
from plugin.rules.visit import Visit


@rule(
    "INITIAL-SERVICE",
    title="One initial service for each access site and encounter, by the hierarchy; clock order never matters",
    cites=("cms-ch04-230-2", "ncci-11-b2", "aapc-hierarchy", "decided-ties"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Role.INITIAL, Category.CHEMOTHERAPY, Category.THERAPEUTIC),
)
def initial_service(placed: Placed, visit: Visit) -> list[Said]:
    """An infusion earns its first hour, a push its one unit (dossier R1, R4, R7; never reset at midnight)."""
    code = code_for(placed, Role.INITIAL, visit)
    if code is None:
        return []
    kept = placed.kept
    if placed.service.technique is Technique.INFUSION:
        kept, _ = first_hour(placed.kept, visit)
    visit.book.rank(placed.category, placed.service.technique or Technique.INFUSION)
    return [*suggest(code, (kept,), placed, visit, _why(placed, visit))]


def _why(placed: Placed, visit: Visit) -> Fact:
    return Fact(_reason(placed, visit), (), placed.service.ids)


def _reason(placed: Placed, visit: Visit) -> str:
    if visit.setting is CareSetting.OFFICE:
        if for_the_reason([(placed.service, placed.category)], visit):
            return "the office visit was for it"
        if no_reason_charted(visit):
            return "no reason of the office visit is charted; it ranks highest in the hierarchy"
        if passed_over(visit):
            return (
                "the visit's reason names another service; this one stays initial, so that every add-on has its parent"
            )
    return "it is the highest ranking service of its access site"
