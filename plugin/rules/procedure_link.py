"""Sedation and test agents given while a procedure ran: part of it, or not, is asked (dossier R25)."""

from plugin.domain import Ask, Decline, Fact, NotApplicable, ProcedureDone, Service
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_stated
from plugin.rules.base import NOT_APPLICABLE, Said, rule, since
from plugin.rules.not_counted import declined
from plugin.rules.visit import Visit

KIND, PART_OF_IT = "procedure-link", "part of the procedure"


def procedure_at(service: Service, visit: Visit) -> ProcedureDone | None:
    """The procedure with a charted time that the service was started in, for drugs that often belong to one."""
    if not visit.book.flag(service.drug.key, "procedure-drug"):
        return None
    for done in visit.chart.procedures:
        if done.start and done.stop and done.start.timestamp() <= service.start <= done.stop.timestamp():
            return done
    return None


@rule(
    "PROCEDURE-DRUG",
    title="What somebody says was part of a procedure is not coded apart from it",
    cites=("procedure-integral",),
    in_force=since("2006-01-01"),
    when=lambda visit: bool(visit.chart.stated),
)
def procedure_drug(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """Only as stated; the time alone asks."""
    if visit.stated(KIND, service.id) == PART_OF_IT:
        return declined(service, "part of the procedure it was given in")
    return NOT_APPLICABLE


@rule(
    "PROCEDURE-LINK",
    title="Sedation or a test agent given while a procedure ran: whether it belongs to it is asked",
    cites=("procedure-integral",),
    in_force=since("2006-01-01"),
    when=lambda visit: bool(visit.chart.procedures),
)
def procedure_link(visit: Visit) -> list[Said]:
    """The line stands until somebody answers."""
    return [
        Ask(
            KIND,
            s.ids,
            (),
            Fact("Was {} given as part of the procedure of that time?", (s.drug.text,), (*s.ids, done.id)),
            (Answer(PART_OF_IT, with_stated(KIND, s.id, PART_OF_IT)),),
        )
        for s, _ in visit.counted
        if (done := procedure_at(s, visit)) and not visit.stated(KIND, s.id)
    ]
