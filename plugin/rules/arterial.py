"""Drugs into an artery: part of a procedure, chemotherapy by its minutes, or an injection (dossier R24b)."""

import re

from plugin.domain import Ask, Category, Decline, Fact, NotApplicable, ProcedureDone, Role, Route, Service, Technique
from plugin.rules.base import NOT_APPLICABLE, Said, looking_at, rule, since
from plugin.rules.categories import category_of
from plugin.rules.not_counted import declined
from plugin.rules.placement import Placed, into_an_artery
from plugin.rules.procedure_link import is_apart, link_question, procedure_at, runs_at
from plugin.rules.saying import by_the_hour, suggest
from plugin.rules.visit import Visit

EMBOLIZING = re.compile(r"\b3724[1-4]\b|emboli[sz](e|ed|ing|ation)|\b(deb-?)?tace\b", re.IGNORECASE)
PUSHED, INFUSED, INJECTED = "arterial push", "arterial infusion", "arterial injection"


@rule(
    "ARTERIAL-PROCEDURE",
    title="A drug into an artery is part of an embolization it is given in; whether of another procedure, is asked",
    cites=("chemoembolization", "catheterization-drugs", "procedure-integral"),
    in_force=since("2006-01-01"),
    when=(Route.INTRA_ARTERIAL,),
)
def arterial_procedure(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """Chemotherapy with no procedure charted stands by itself, as published; any other drug hardly ever does."""
    if not into_an_artery(service) or is_apart(service, visit):
        return NOT_APPLICABLE
    embolizations = [done for done in visit.chart.procedures if _embolizes(done)]
    if any(runs_at(done, service) for done in embolizations):
        return declined(service, "part of the embolization it was given in")
    is_other = category_of(service, visit) is Category.THERAPEUTIC
    if is_other and service.technique is Technique.INFUSION:
        return declined(service, "infused into an artery, for which this family has no code but for chemotherapy")
    if is_other or embolizations or procedure_at(service, visit):
        return link_question(service, service.stretches)
    return NOT_APPLICABLE


def _embolizes(done: ProcedureDone) -> bool:
    return any(EMBOLIZING.search(f"{term.code} {term.text}") for term in done.terms)


@rule(
    "ARTERIAL-CHEMOTHERAPY",
    title="Chemotherapy into an artery: a push up to 15 minutes, else an infusion with its further hours",
    cites=("ia-chemo", "cms-ch12-30-5"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Role.SEPARATE, Category.CHEMOTHERAPY, Technique.PUSH, Technique.INFUSION),
)
def arterial_chemotherapy(placed: Placed, visit: Visit) -> list[Said]:
    """It stands beside any initial service; neither code is one (dossier R1, R10, R12, R24b)."""
    if not into_an_artery(placed.service):
        return []
    if placed.service.technique is Technique.PUSH:
        return _one(PUSHED, placed, visit)
    first = visit.book.code(Category.CHEMOTHERAPY, Role.SEPARATE, INFUSED, visit.setting)
    further = visit.book.code(Category.CHEMOTHERAPY, Role.ADDITIONAL_HOUR, INFUSED, visit.setting)
    return [*by_the_hour(first, further, placed, visit, "infused into an artery")] if first and further else []


@rule(
    "ARTERIAL-INJECTION",
    title="A drug other than chemotherapy injected into an artery, apart from any procedure",
    cites=("cpt-2009", "mue-2026-10"),
    in_force=since("2009-01-01"),
    looks_at=looking_at(Role.SEPARATE, Category.THERAPEUTIC, Technique.PUSH),
)
def arterial_injection(placed: Placed, visit: Visit) -> list[Said]:
    """One for each dose that somebody says was given by itself (dossier R24b)."""
    return _one(INJECTED, placed, visit) if into_an_artery(placed.service) else []


def _one(technique: str, placed: Placed, visit: Visit) -> list[Said]:
    code = visit.book.code(placed.category, Role.SEPARATE, technique, visit.setting)
    why = Fact("given into an artery, which stands beside any initial service", (), placed.service.ids)
    return [*suggest(code, (placed.kept,), placed, visit, why)] if code else []
