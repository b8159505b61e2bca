"""Infusions beside the initial one: another drug after it, another at the same time, the same drug again."""

from plugin.domain import Category, Fact, Notice, Role, Technique
from plugin.domain.interval import minutes
from plugin.rules.base import Said, looking_at, rule, since
from plugin.rules.hours import first_hour, further_hours
from plugin.rules.placement import Placed
from plugin.rules.saying import code_for, decline, suggest
from plugin.rules.visit import Visit

DRUGS = (Category.CHEMOTHERAPY, Category.THERAPEUTIC, Technique.INFUSION)


@rule(
    "SEQUENTIAL-INFUSION",
    title="Another drug infused before or after, 16 minutes or more",
    cites=("aapc-sequencing", "aapc-hierarchy"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Role.SEQUENTIAL, *DRUGS),
)
def sequential_infusion(placed: Placed, visit: Visit) -> list[Said]:
    """The first hour of a new drug (dossier R13)."""
    code = code_for(placed, Role.SEQUENTIAL, visit)
    kept, _ = first_hour(placed.kept, visit)
    why = Fact("a drug of its own, not the initial service", (), placed.service.ids)
    return [*suggest(code, (kept,), placed, visit, why)] if code else []


@rule(
    "SHARED-MINUTES",
    title="Minutes shared with a service placed before it stay with that service",
    cites=("medlearn-overlap", "decided-carving"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Role.SEQUENTIAL, Role.ADDITIONAL_HOUR, *DRUGS),
)
def shared_minutes(placed: Placed, visit: Visit) -> list[Said]:
    """A drug earns the sequential or the concurrent code for a span, not both (dossier R14, addendum A7)."""
    if not placed.shared:
        return []
    code = code_for(placed, Role.CONCURRENT, visit)
    why = Fact("{} min were shared with another infusion on the same line", (minutes(placed.shared),), placed.beside)
    said: list[Said] = [*decline(code, placed.shared, why)]
    if placed.category is Category.CHEMOTHERAPY:
        said.append(Notice("manual-unlisted", placed.service.ids, why))
    return said


@rule(
    "CONCURRENT-INFUSION",
    title="Another drug infused at the same time through the same line, once an encounter",
    cites=("asco-concurrent", "aapc-concurrent", "haugen-overlap"),
    in_force=since("2009-01-01"),
    looks_at=looking_at(Role.CONCURRENT),
)
def concurrent_infusion(placed: Placed, visit: Visit) -> list[Said]:
    """Not by time, never chemotherapy, never hydration; needs an infusion as the initial service (R14, A9)."""
    code = code_for(placed, Role.CONCURRENT, visit)
    if code is None:
        return []
    if visit.first_concurrent != placed.service.id:
        return [*decline(code, placed.kept, Fact("the concurrent code is reported once an encounter"))]
    if not visit.further_codes.union(visit.initial_list).intersection(visit.book.concurrent_parents()):
        why = Fact("the initial service is no infusion, so the concurrent code has no parent", (), placed.beside)
        return [*decline(code, placed.kept, why), Notice("manual-unlisted", placed.service.ids, why)]
    return [*suggest(code, (placed.kept,), placed, visit, Fact("it ran beside another drug", (), placed.beside))]


@rule(
    "REPEAT-INFUSION",
    title="The same drug infused again: a further hour when the interval is more than 30 minutes",
    cites=("hcpro-same-substance", "hcpro-short-infusions"),
    in_force=since("2009-01-01"),
    looks_at=looking_at(Role.ADDITIONAL_HOUR, *DRUGS),
)
def repeat_infusion(placed: Placed, visit: Visit) -> list[Said]:
    """Never a second first hour (dossier R12a; position `same_drug_time`)."""
    code = code_for(placed, Role.ADDITIONAL_HOUR, visit)
    if code is None or not placed.kept:
        return []
    hours = further_hours(placed.kept, minutes(placed.kept), visit)
    ids = placed.service.ids
    remainder = Fact("{} min of the same drug again are left, not more than 30", (hours.left_minutes,), ids)
    again = Fact("the same drug was infused before", (), ids)
    return [*suggest(code, hours.of_unit, placed, visit, again), *decline(code, hours.left, remainder)]
