"""An infusion that came with the patient counts from arrival on (dossier R22b, unsourced: to be verified)."""

from msgspec.structs import replace

from plugin.domain import Ask, Decline, Fact, NotApplicable, Ruling, Service
from plugin.domain.interval import Interval, inside, outside
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_stated
from plugin.rules.base import NOT_APPLICABLE, Said, rule, since
from plugin.rules.care_setting import inpatient_stay
from plugin.rules.marks import Mark
from plugin.rules.not_counted import declined
from plugin.rules.visit import Visit, distinct
from plugin.rules.wording import Words, says

ELSEWHERE = Words(r"\b(ems|ambulance|paramedics?|en route|prior to arrival|outside (hospital|facility)|transferring)\b")
GIVEN = Words(r"\b(given|finished|completed)\b.{0,30}\b(ems|ambulance|paramedics?|en route|before arrival)\b")
KIND = "started-elsewhere"
REGISTERED_LATE = 15 * 60  # seconds by which a visit may be registered after its first dose without a question


def before_arrival(service: Service, visit: Visit) -> Interval | None:
    """The time before the encounter began, when the service ran then; it may have ended before."""
    if not service.stretches or service.start >= visit.arrival:
        return None
    if service.administrations[0].date_only is not None:
        return None
    return Interval(service.start, visit.arrival)


def begun_elsewhere(service: Service, visit: Visit) -> bool:
    """Whether the chart, or somebody, says that it was begun before arrival."""
    if stated := visit.stated(KIND, service.id):
        return stated == "elsewhere"
    return ELSEWHERE in visit.words and says(ELSEWHERE, _notes(service))


def _notes(service: Service) -> list[str]:
    return [note for a in service.administrations for note in a.notes]


def counted_here(service: Service, visit: Visit) -> tuple[Service | None, list[Ruling]]:
    """The service from arrival on and up to an inpatient order, and the declines of what ran before and after.

    None when nothing of it is left.
    """
    admitted = visit.admitted
    if admitted is None and service.start >= visit.arrival:
        return service, []
    cuts = []
    away = before_arrival(service, visit)
    if away is not None and begun_elsewhere(service, visit):
        cuts.append((started_elsewhere.id, "it was begun before arrival; its minutes count from arrival on", away))
    if admitted is not None and service.stretches and admitted < service.stretches[-1].stop:
        rest = Interval(admitted, service.stretches[-1].stop)
        cuts.append((inpatient_stay.id, "from the inpatient order on, no administration codes", rest))
    rulings: list[Ruling] = []
    for rule_id, why, span in cuts:
        lost = tuple(part for s in service.stretches for part in inside(s, [span]))
        kept = tuple(part for s in service.stretches for part in outside(s, [span]))
        if lost:
            service = replace(service, stretches=kept)
            rulings.append(Ruling(Decline(None, distinct(lost), lost, (Fact(why, (), service.ids),)), (rule_id,)))
    return (service if service.stretches or not rulings else None), rulings


@rule(
    "GIVEN-ELSEWHERE",
    title="A push or an injection given before arrival by somebody else isn't counted here",
    cites=("decided-started-elsewhere",),
    in_force=since("2006-01-01"),
    when=(Mark.STATED, GIVEN, ELSEWHERE),
)
def given_elsewhere(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """Only where a note or a person says so (dossier R22b); what was only begun elsewhere is cut, not left out."""
    if visit.arrival and service.start > visit.arrival:
        return NOT_APPLICABLE
    ran = any(s.stop > s.start for s in service.stretches)
    finished = GIVEN in visit.words and says(GIVEN, _notes(service))
    if not finished and (ran or not begun_elsewhere(service, visit)):
        return NOT_APPLICABLE
    return declined(service, "given elsewhere, before arrival")


@rule(
    "STARTED-ELSEWHERE",
    title="A start before arrival is asked about; what was begun elsewhere counts from arrival on",
    cites=("decided-started-elsewhere",),
    in_force=since("2006-01-01"),
    when=(Mark.BEGUN_BEFORE,),
)
def started_elsewhere(visit: Visit) -> list[Said]:
    """Asked where the times alone say so and nothing says why."""
    early = [
        s
        for s, _ in visit.counted
        if s.start < visit.arrival - REGISTERED_LATE
        and before_arrival(s, visit)
        and not visit.stated(KIND, s.id)
        and not begun_elsewhere(s, visit)
    ]
    return [
        Ask(
            KIND,
            s.ids,
            (),
            Fact("{} started before the encounter did. Was it begun elsewhere?", (s.drug.text,), s.ids),
            tuple(Answer(text, with_stated(KIND, s.id, text)) for text in ("elsewhere", "here")),
        )
        for s in early
    ]
