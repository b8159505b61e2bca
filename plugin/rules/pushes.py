"""Pushes beside the initial service."""

from plugin.domain import Fact, Role, Technique
from plugin.rules.base import Said, looking_at, rule, since
from plugin.rules.placement import Placed
from plugin.rules.saying import code_for, decline, suggest
from plugin.rules.visit import Visit


@rule(
    "PUSH-NEW-DRUG",
    title="A push of a drug not given before in the encounter",
    cites=("aapc-hierarchy", "noridian-push-infusion"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Role.SEQUENTIAL, Technique.PUSH),
)
def push_new_drug(placed: Placed, visit: Visit) -> list[Said]:
    """Once for each new drug (dossier R13, R15)."""
    code = code_for(placed, Role.SEQUENTIAL, visit)
    why = Fact("a drug of its own, not the initial service", (), placed.service.ids)
    return [*suggest(code, (placed.kept,), placed, visit, why)] if code else []


@rule(
    "PUSH-SAME-DRUG",
    title="A push of the same drug again, more than 30 minutes later, in a facility only",
    cites=("miami-charges", "mue-2026-10", "decided-repeat-push"),
    in_force=since("2009-01-01"),
    looks_at=looking_at(Role.ADDITIONAL_PUSH),
)
def push_same_drug(placed: Placed, visit: Visit) -> list[Said]:
    """Dossier R15, addendum A3: the unit limit for practitioners is 0, so an office has no code for it."""
    code = code_for(placed, Role.ADDITIONAL_PUSH, visit)
    if code:
        why = Fact("more than 30 min after the drug was last given", (), placed.service.ids)
        return [*suggest(code, (placed.kept,), placed, visit, why)]
    named = visit.book.code_anywhere(placed.category, Role.ADDITIONAL_PUSH, Technique.PUSH)
    return [*decline(named, placed.kept, Fact("a repeat push of the same drug has no code in an office"))]
