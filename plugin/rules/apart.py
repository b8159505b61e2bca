"""Administrations with a code of their own, outside the families by time: declotting, thrombolysis, pumps, devices.

Dossier R23, R24; addendum A10, A14, R38, R40, R48. What a pump or a wearable injector is told by stands in `pumps.py`.
"""

import re
from collections import defaultdict
from datetime import date

from plugin.domain import (
    Ask,
    Category,
    Decline,
    DrugClass,
    Fact,
    NotApplicable,
    Notice,
    Role,
    Route,
    Service,
    Suggest,
    Technique,
)
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_stated
from plugin.rules.base import NOT_APPLICABLE, Said, looking_at, rule, since
from plugin.rules.marks import Mark
from plugin.rules.pumps import OF_PUMPS, OWNER, UNDECIDED, by_pump
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, says

DECLOT = Words(
    r"\b(declot|cathflo|catheter clearance|dwell)|\b(catheter|port|line|picc|lumen)\b.{0,30}\bocclu|"
    r"\bocclu\w+.{0,30}\b(catheter|port|line|picc|lumen)\b"
)
BESIDE_A_FLUSH = re.compile(r"99[2-4]\d\d|G0463|3659[12]")  # a visit, or blood drawn from the line
STROKE, HEART, LUNG = ("I63",), ("I21", "I22", "I24"), ("I26",)
THROMBOLYTIC, TRANSFUSION = DrugClass.THROMBOLYTIC, Category.TRANSFUSION
PURPOSE = "thrombolytic-purpose"


def apart(service: Service, category: Category, visit: Visit) -> str:
    """The technique under which the code book has a code for it, empty for an ordinary service."""
    if category is TRANSFUSION:
        return ""
    if service.drug.drug_class is THROMBOLYTIC:
        return {"catheter": "declot", "stroke": "stroke thrombolysis", "heart": "coronary thrombolysis"}.get(
            purpose_of(service, visit), ""
        )
    if service.drug.key == "pemivibart" and service.route is Route.INTRAVENOUS:
        return "pemivibart infusion"
    return "" if visit.words.isdisjoint(OF_PUMPS) else by_pump(service, category, visit)


def purpose_of(service: Service, visit: Visit) -> str:
    """What a thrombolytic was for: as stated, by route and text, else by the reason; empty when nothing tells."""
    if stated := visit.stated(PURPOSE, service.id):
        return stated
    if own := _purposes(visit.reason_codes(service)):
        return own[0] if len(own) == 1 else ""
    if service.route is Route.CATHETER_CLEARANCE or says(DECLOT, _of_the_dose(service)):
        return "catheter"
    found = _purposes(visit.diagnosis_codes)
    return found[0] if len(found) == 1 else ""


def _purposes(codes: frozenset[str]) -> list[str]:
    purposes = {"stroke": STROKE, "heart": HEART, "lung": LUNG}
    return [name for name, starts in purposes.items() if any(code.startswith(starts) for code in codes)]


def _of_the_dose(service: Service) -> list[str]:
    """What was written of the dose itself; a diagnosis may speak of an occlusion, too."""
    return [t for a in service.administrations for t in (a.drug.text, a.route_text, a.site, *a.notes)]


@rule(
    "THROMBOLYTIC-PURPOSE",
    title="A thrombolytic is coded by its purpose; unknown, it is asked",
    cites=("thrombolytic-purposes", "chemo-lines-clot"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(DrugClass.THROMBOLYTIC),
)
def thrombolytic_purpose(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """Stroke, heart, catheter have codes of their own; anything else is an ordinary push or infusion."""
    if purpose_of(service, visit):
        return NOT_APPLICABLE
    answers = tuple(
        Answer(words, with_stated(PURPOSE, service.id, value))
        for words, value in (
            ("a stroke", "stroke"),
            ("the heart", "heart"),
            ("a blocked catheter", "catheter"),
            ("a lung embolism or another clot", "systemic"),
        )
    )
    question = Fact("What was {} given for?", (service.drug.text,), service.ids)
    return Ask(PURPOSE, service.ids, service.stretches, question, answers)


@rule(
    "OWN-CODE",
    title="Declotting, thrombolysis, an on-body injector, a pump started or refilled: one code a day, by what was done",
    cites=("chemo-lines-clot", "thrombolytic-purposes", "a54682-on-body", "pumps-asco", "pumps-g0498", "pumps-refill"),
    in_force=since("2006-01-01"),
    when=(Mark.OWN_CODE,),
)
def own_code(visit: Visit) -> list[Said]:
    """Bolus and infusion of one purpose are one service; dwell time is not infusion time; a PCA goes to a coder."""
    groups: dict[tuple[Category, str, date], list[Service]] = defaultdict(list)
    for service, category in visit.counted:
        if name := visit.own_codes.get(service.id, ""):
            family = category if "pump" in name else Category.THERAPEUTIC
            groups[(family, name, visit.day_of(service.ids[0], service.start))].append(service)
    said: list[Said] = []
    for (category, name, day), services in groups.items():
        said += _coded(category, name, day, services, visit)
    return said


def _coded(category: Category, name: str, day: date, services: list[Service], visit: Visit) -> list[Said]:
    row = visit.book.ever(category, Role.SEPARATE, name)
    here = row is not None and visit.setting in row.settings
    in_force = row is not None and row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)
    code = row.code if row is not None and here and in_force else None
    visit.book.rows += [row.row] if row is not None else []
    claims = tuple(s for service in services for s in service.stretches)
    ids = tuple(i for service in services for i in service.ids)
    why = Fact("{}", (f"{services[0].drug.text or services[0].drug.key}: {name}",), ids)
    if code is None or _silent(name, services):
        named = row.code if row is not None else None
        where = Fact("" if here and in_force else "{} is not reported in this setting on that day", (named or "it",))
        if name in UNDECIDED:
            where = Fact(UNDECIDED[name], (), ids)
        facts = (why, where) if where.template else (why,)
        return [Decline(named, ids, claims, facts), Notice("manual-unlisted", ids, facts[-1])]
    tier = max(service.tier for service in services)
    said: list[Said] = [Suggest(code, 1, day, ids, claims, (why,), (claims,) if claims else (), tier=tier)]
    if category is Category.CHEMOTHERAPY and name == "pump start":
        said += [_whose_pump(service) for service in services if not visit.stated(OWNER, service.id)]
    return said


def _silent(name: str, services: list[Service]) -> bool:
    """Bolus-only tenecteplase for a stroke: the sources say nothing (addendum R38)."""
    bolus_only = all(s.technique is Technique.PUSH for s in services)
    return name == "stroke thrombolysis" and bolus_only and services[0].drug.key == "tenecteplase"


def _whose_pump(service: Service) -> Ask:
    question = Fact("Whose pump went home with the patient: the clinic's, or a supplier's?", (), service.ids)
    owners = {"the clinic's": "clinic", "a supplier's": "supplier"}
    answers = tuple(Answer(words, with_stated(OWNER, service.id, owner)) for words, owner in owners.items())
    return Ask(OWNER, service.ids, (), question, answers)


@rule(
    "PORT-FLUSH-ALONE",
    title="Flushing an implanted port is reported only when nothing else was done",
    cites=("port-flush",),
    in_force=since("2006-01-01"),
    when=(DrugClass.FLUSH,),
)
def port_flush(visit: Visit) -> list[Said]:
    """Dossier R24, addendum A10."""
    flushes = [s for s, _ in visit.counted if s.drug.drug_class is DrugClass.FLUSH]
    code = visit.book.code(Category.THERAPEUTIC, Role.SEPARATE, "port flush", visit.setting)
    if not flushes or code is None:
        return []
    claims = tuple(s for service in flushes for s in service.stretches)
    ids = tuple(i for service in flushes for i in service.ids)
    day = visit.day_of(ids[0], flushes[0].start)
    if beside := [charged for charged in visit.chart.charged if BESIDE_A_FLUSH.fullmatch(charged)]:
        only = Fact("{} is charged too: a port's flush is reported only alone", (", ".join(beside),), ids)
        return [Decline(code, ids, claims, (only,))]
    why = Fact("an implanted port was flushed, and nothing else was given", (), ids)
    return [Suggest(code, 1, day, ids, claims, (why,), (claims,) if claims else ())]
