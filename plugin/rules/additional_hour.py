"""Time beyond the first hour of an infusion."""

from plugin.domain import Category, Fact, Role, Technique
from plugin.rules.base import Said, looking_at, rule, since
from plugin.rules.hours import beyond_first_hour, within_first_hour
from plugin.rules.placement import Placed
from plugin.rules.saying import code_for, decline, suggest
from plugin.rules.visit import Visit


@rule(
    "TIME-ADDITIONAL-HOUR",
    title="A unit for each further hour, and for a last part of more than 30 minutes",
    cites=("cms-ch12-30-5", "aapc-hierarchy", "decided-minutes"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Role.INITIAL, Role.SEQUENTIAL, Category.CHEMOTHERAPY, Category.THERAPEUTIC, Technique.INFUSION),
)
def additional_hour(placed: Placed, visit: Visit) -> list[Said]:
    """Same family as the infusion itself, whatever the initial service is (dossier R10, R12)."""
    if within_first_hour(placed.kept, visit):
        return []
    hours = beyond_first_hour(placed.kept, visit)
    code = code_for(placed, Role.ADDITIONAL_HOUR, visit)
    if code is None or not (hours.units or hours.left):
        return []
    ids = placed.service.ids
    remainder = Fact("{} min are left, not more than 30", (hours.left_minutes,), ids)
    further = Fact("beyond the first hour", (), ids)
    return [*suggest(code, hours.of_unit, placed, visit, further), *decline(code, hours.left, remainder)]
