"""Drugs for pain or nausea after an operation are part of it (dossier R25); the chart may say so, or leave it open."""

import re

from plugin.domain import Ask, Decline, NotApplicable, ProcedureDone, Service
from plugin.rules.base import NOT_APPLICABLE, Said, rule, since
from plugin.rules.marks import Mark
from plugin.rules.not_counted import declined
from plugin.rules.procedure_link import KIND, before_surgery, is_apart, is_procedure, link_question, procedure_at
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, mentions

COMPLAINT = r"(pain|analgesi\w*|discomfort|nausea|vomiting|emesis|n/v)"
AFTER = r"(post-? ?(op|surg|proc|an(a)?esth)\w*|after (the |this |her |his )?(surgery|operation|procedure))"
FOR_AFTERCARE = Words(rf"\bponv\b|\b{AFTER}[^.;]{{0,30}}\b{COMPLAINT}\b|\b{COMPLAINT}\b[^.;]{{0,30}}\b{AFTER}")
NOT_FOR_IT = Words(
    r"\b(no|not|non|never|denie[sd]|without|unrelated|rather|instead|history|h/o|chronic)\b[^.;]{0,25}"
    rf"\b({AFTER}|ponv\b)"
)
ACUTE_AFTER_OPERATION = ("G89.12", "G89.18")  # pain after a chest operation, or after another
# The surgery section of CPT without lines and tubes: veins and arteries, bladder catheter, airway, stomach tube.
SURGERY_CODE = re.compile(r"(?!36|5170[1-3]|31500|4375[23])[1-6]\d{4}")
CPT = ("cpt", "hcpcs")
OPERATION = re.compile(
    r"(?<!phleb)(ectomy|otomy|ostomy|plasty|pexy|rrhaphy|desis|centesis)\b|"
    r"(colono|gastro|duodeno|broncho|cysto|hystero|laparo|arthro|endo|sigmoido|uretero|thoraco|nephro)scop|"
    r"emboli[sz]ation|\b(surgery|operation|repair|excision|resection|incision|debridement|amputation|biopsy|ablation|"
    r"lithotripsy|curettage|c(a)?esarean|fixation|(closed|open) reduction|graft(ing)?|implantation|"
    r"(cardiac|heart|coronary) catheteri[sz]ation|(hip|knee|shoulder|joint|valve) replacement)\b",
    re.IGNORECASE,
)
SOURCES = ("procedure-integral", "miami-charges", "vitalware-recovery", "ngs-postoperative-pain")


@rule(
    "PROCEDURE-AFTERCARE",
    title="A drug charted as given for pain or nausea after that day's operation is part of the operation",
    cites=SOURCES,
    in_force=since("2006-01-01"),
    when=(Mark.PROCEDURES,),
)
def procedure_aftercare(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """The chart says what it was for, and the operation stands in it (dossier R25)."""
    if is_apart(service, visit) or not (_said_for_aftercare(service, visit) and _relieves(service, visit)):
        return NOT_APPLICABLE
    begun = [done.start or done.stop for done in _operations(service, visit)]
    if any(moment and moment.timestamp() <= service.start for moment in begun):
        return declined(service, "for pain or nausea after the operation, part of it")
    return NOT_APPLICABLE


@rule(
    "AFTERCARE-LINK",
    title="A drug for pain or nausea after an operation whose purpose isn't charted, or noted with no operation: asked",
    cites=SOURCES,
    in_force=since("2006-01-01"),
    when=(Mark.PROCEDURES, FOR_AFTERCARE),
)
def aftercare_link(visit: Visit) -> list[Said]:
    """The line stands until somebody answers: morphine may as well be for what brought the patient (dossier R25)."""
    return [
        link_question(s)
        for s, _ in visit.counted
        if not (visit.stated(KIND, s.id) or procedure_at(s, visit) or before_surgery(s))
        and (_said_for_aftercare(s, visit) or (_relieves(s, visit) and _after_one(s, visit)))
    ]


def _said_for_aftercare(service: Service, visit: Visit) -> bool:
    """By a note, a reason in words, or the diagnosis of acute pain after an operation."""
    said = [t for a in service.administrations for t in (*a.notes, *(term.text for term in a.reasons))]
    if any(mentions(FOR_AFTERCARE, text) and not mentions(NOT_FOR_IT, text) for text in said):
        return True
    return any(code.startswith(ACUTE_AFTER_OPERATION) for code in visit.reason_codes(service))


def _relieves(service: Service, visit: Visit) -> bool:
    return visit.book.flag(service.drug.key, "pain-or-nausea")


def _after_one(service: Service, visit: Visit) -> bool:
    """Given when an operation of that day was over."""
    ended = [done.stop for done in _operations(service, visit)]
    return any(moment and moment.timestamp() < service.start for moment in ended)


def _operations(service: Service, visit: Visit) -> list[ProcedureDone]:
    """The operations of the service's day."""
    day = visit.day_of(service.ids[0], service.start)
    return [
        done
        for done in visit.chart.procedures
        if (moment := done.start or done.stop) and visit.local_day(moment) == day and _is_operation(done)
    ]


def _is_operation(done: ProcedureDone) -> bool:
    """By its code in the surgery section of CPT, or by its words."""
    if not is_procedure(done):
        return False
    return any((t.system in CPT and SURGERY_CODE.fullmatch(t.code)) or OPERATION.search(t.text) for t in done.terms)
