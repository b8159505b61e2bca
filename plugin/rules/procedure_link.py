"""Drugs given while a procedure ran, or before surgery: part of it, or not, is asked (dossier R25)."""

import re

from plugin.domain import Ask, Decline, Fact, NotApplicable, ProcedureDone, Service, Stretch
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_stated
from plugin.rules.base import NOT_APPLICABLE, Said, rule, since
from plugin.rules.marks import Mark
from plugin.rules.not_counted import declined
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, mentions, says

BEFORE_SURGERY = Words(r"\bpre-?op(erative(ly)?)?\b|\bsurgical prophylaxis\b")
GIVING_A_DRUG = re.compile(
    r"\b(96[34]\d\d|36430|36000|36410|36415|3659[12])\b|infusion|injection|chemotherap|transfusion|hydration|intravenous|administration|vaccin",
    re.IGNORECASE,
)
PLACING_A_LINE = Words(
    r"^(?=.*\b(peripheral|p?iv|intravenous|veins?|venous|ven[ie]puncture|phlebotomy|saline lock)\b)"
    r"(\W*\b(insert(ion|ed)?|plac(e|ed|ement|ing)|start(ed|ing)?|establish(ed|ment)?|remov(al|ed)|chang(e|ed)|re|of|an?|the|"
    r"in|into|to|for|new|with|by|under|peripheral(ly)?|p?iv|intravenous|veins?|venous|vascular|line|catheters?|"
    r"cannulas?|cannulae|cannulation|catheteri[sz]ation|access|ven[ie]puncture|puncture|phlebotomy|saline|lock|left|"
    r"right|hand|wrist|fore?arm|arm|antecubital|fossa|ac|upper|limb|extremity|ultrasound|us|guided|guidance|"
    r"\d+ ?g(a|auge)?|\d+|blood|draw|sampl(e|ing)|specimen|collection|routine|procedure)\b)+\W*$|"
    r"^(?=.*\bport)(?=.*\b(de-?)?access)(\W*\b((de-?)?access(ed|ing)?|ports?|port-?a-?cath|mediport|of|an?|the|with|for|"
    r"implant(ed|able)|venous|vascular|chest|huber|needle|device|flush(ed|ing)?|procedure)\b)+\W*$"
)  # every word of it: a line put in during an operation names more
KIND, PART_OF_IT, APART = "procedure-link", "part of the procedure", "apart from it"


def runs_at(done: ProcedureDone, service: Service) -> bool:
    """Whether the service was started in the charted time of a procedure."""
    if done.start is None or done.stop is None:
        return False
    return done.start.timestamp() <= service.start <= done.stop.timestamp()


def is_procedure(done: ProcedureDone) -> bool:
    """Giving a drug or placing a line is none."""
    return not any(GIVING_A_DRUG.search(f"{t.code} {t.text}") or mentions(PLACING_A_LINE, t.text) for t in done.terms)


def procedure_at(service: Service, visit: Visit) -> ProcedureDone | None:
    """The procedure with a charted time that the service was started in."""
    return next((done for done in visit.chart.procedures if runs_at(done, service) and is_procedure(done)), None)


def before_surgery(service: Service) -> bool:
    """Whether it is noted as given before an operation, as a routine antibiotic is."""
    return says(BEFORE_SURGERY, (note for a in service.administrations for note in a.notes))


def is_apart(service: Service, visit: Visit) -> bool:
    """Whether somebody says that it was no part of a procedure."""
    return visit.stated(KIND, service.id) == APART


def link_question(service: Service, claims: tuple[Stretch, ...] = ()) -> Ask:
    """Whether it was given as part of a procedure; with claims, its minutes wait for the answer."""
    question = Fact("Was {} given as part of a procedure?", (service.drug.text,), service.ids)
    answers = tuple(Answer(text, with_stated(KIND, service.id, text)) for text in (PART_OF_IT, APART))
    return Ask(KIND, service.ids, claims, question, answers)


@rule(
    "PROCEDURE-DRUG",
    title="What somebody says was part of a procedure is not coded apart from it",
    cites=("procedure-integral",),
    in_force=since("2006-01-01"),
    when=(Mark.STATED,),
)
def procedure_drug(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """Only as stated; the time alone asks."""
    if visit.stated(KIND, service.id) == PART_OF_IT:
        return declined(service, "part of the procedure it was given in")
    return NOT_APPLICABLE


@rule(
    "PROCEDURE-LINK",
    title="A drug given while a procedure ran, or noted as given before surgery: whether it belongs to it is asked",
    cites=("procedure-integral",),
    in_force=since("2006-01-01"),
    when=(Mark.PROCEDURES, BEFORE_SURGERY),
)
def procedure_link(visit: Visit) -> list[Said]:
    """The line stands until somebody answers."""
    return [
        link_question(s)
        for s, _ in visit.counted
        if not visit.stated(KIND, s.id) and (procedure_at(s, visit) or before_surgery(s))
    ]
