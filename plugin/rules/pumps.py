"""Pumps and wearable injectors: a code of their own, or a coder decides (dossier R23; addendum R41, R48, R55)."""

import re

from plugin.domain import Ask, Category, Decline, Fact, NotApplicable, Notice, Route, Service, Technique
from plugin.rules.base import NOT_APPLICABLE, Said, rule, since
from plugin.rules.not_counted import declined
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, mentions, says, texts

PROLONGED_MINUTES = 480
ON_BODY = Words(r"\bon[- ]?body\b|\bonpro\b|\bwearable inject")
PORTABLE = Words(r"\b(ambulatory|portable|cadd|home) (infusion )?pump\b|\bcadd\b")
DISPOSABLE = Words(r"\b(elastomeric|disposable|easypump|homepump|eclipse)\b")
HOURS = re.compile(
    r"(?P<other>\b(?:every|each|q|per|within|last|past|next|previous|stable for|good for"
    r"|(?<!disconnect )(?<!disconnected )(?:in|after)) )?"
    r"(?<![\w.])(?:\d{1,3} ?(?:-|to|or) ?)?(?P<hours>\d{1,3})[ -]?(?:h|hr|hrs|hour|hours)\b"
    r"(?! (?:ago|apart|before|prior|later|after|post)\b)",
    re.IGNORECASE,
)  # `other`: how often, or when; no running time
PATIENT_CONTROLLED = "patient-controlled analgesia"
PCA = Words(r"(?<!no )(?<!not )(?<!off )\b(pca|patient[- ]controlled (analgesia|pump))\b")
REFILL = Words(
    r"\b(pump|cassette|reservoir)\b[^.;]{0,20}\brefill(ed|ing)?\b|\brefill(ed|ing)?\b[^.;]{0,20}\b(pump|cassette|reservoir)\b"
)
NOT_THIS_REFILL = Words(
    r"\b(no|not|next|last|until|since|before|after|due|return|will be|to be|needs?)\b[^.;]{0,20}\brefill|"
    r"\brefill\b[^.;]{0,12}\b(due|date|in|on|scheduled|history)\b"
)
IMPLANTED = Words(
    r"\bimplant(ed|able)\b[^.;]{0,20}\b(pump|reservoir)\b|\b(hai|hepatic arter(y|ial)( infusion)?) pump\b|"
    r"\b(codman|intera|synchromed)\b"
)
OF_PUMPS = (ON_BODY, PORTABLE, DISPOSABLE, PCA, REFILL)
VASCULAR = frozenset({Route.INTRAVENOUS, Route.INTRA_ARTERIAL})
UNKNOWN_REFILL = "pump refill"
# Named here and in no row of the code table: a coder decides, for this reason.
UNDECIDED = {
    PATIENT_CONTROLLED: "no source says how a patient-controlled pump and its loading dose are coded",
    UNKNOWN_REFILL: "whether a portable or an implanted pump was refilled isn't charted",
}
OPIOIDS = frozenset(["morphine", "hydromorphone", "fentanyl", "meperidine", "sufentanil", "remifentanil"])
LOADING = Words(r"\bloading\b")
LOADING_MINUTES = 30
OWNER = "pump-owner"


def by_pump(service: Service, category: Category, visit: Visit) -> str:
    """The technique of what a pump or a wearable injector gives, empty for anything else."""
    if service.route is Route.SUBCUTANEOUS and visit.says(ON_BODY, service):
        return "on-body injector"
    if category is Category.CHEMOTHERAPY and service.route in VASCULAR and _refills(service, visit):
        return _refilled(service, visit)
    if service.route is Route.INTRA_ARTERIAL and _goes_home(service, visit) and _prolonged(service):
        return "arterial pump start"
    if service.route is Route.INTRAVENOUS and _goes_home(service, visit) and _prolonged(service):
        clinic = category is Category.CHEMOTHERAPY and visit.stated(OWNER, service.id) == "clinic"
        return "clinic pump start" if clinic else "pump start"
    return PATIENT_CONTROLLED if _patient_controlled(service, visit) else ""


def _refills(service: Service, visit: Visit) -> bool:
    """Said of a dose that did not itself run here; another drug's note may speak of the pump, too (addendum R48)."""
    if REFILL not in visit.words:
        return False
    ran = _charted_minutes(service)
    if visit.book.limit("infusion_minimum") <= ran <= PROLONGED_MINUTES:
        return False
    return any(mentions(REFILL, text) and not mentions(NOT_THIS_REFILL, text) for text in texts(service))


def _refilled(service: Service, visit: Visit) -> str:
    if says(IMPLANTED, texts(service)):
        return "implanted pump refill"
    portable = visit.says(PORTABLE, service) or any("cassette" in text.lower() for text in texts(service))
    return "portable pump refill" if portable else UNKNOWN_REFILL


def _patient_controlled(service: Service, visit: Visit) -> bool:
    """A pump that the patient works, or a dose by hand that begins it or is given while it runs (addendum R55)."""
    if PCA not in visit.words or service.route is not Route.INTRAVENOUS:
        return False
    if _is_pca(service):
        return True
    pumps = [s for s in visit.timeline.services if s.drug.key == service.drug.key and s is not service and _is_pca(s)]
    return service.technique is Technique.PUSH and any(_belongs(service, pump) for pump in pumps)


def _is_pca(service: Service) -> bool:
    """By the words of drug or route; a note may speak of another drug's pump, or of one to come."""
    given = service.administrations
    if says(PCA, [t for a in given for t in (a.drug.text, a.route_text)]):
        return True
    ran = [a for a in given if a.technique is Technique.INFUSION or (a.technique is None and not a.instant)]
    return service.drug.key in OPIOIDS and says(PCA, [note for a in ran for note in a.notes])


def _belongs(push: Service, pump: Service) -> bool:
    """Said to be the loading dose, given shortly before the pump, or while it ran."""
    if says(LOADING, texts(push)):
        return True
    stop = pump.stretches[-1].stop if pump.stretches else pump.start
    return pump.start - LOADING_MINUTES * 60 <= push.start <= stop


def _goes_home(service: Service, visit: Visit) -> bool:
    return visit.says(PORTABLE, service) or visit.says(DISPOSABLE, service)


def disposable_pumps(visit: Visit) -> list[Service]:
    """Services that run from a disposable pump for 8 hours or less."""
    return [s for s in visit.timeline.services if visit.says(DISPOSABLE, s) and not _prolonged(s)]


def _prolonged(service: Service) -> bool:
    """Ran, or was meant to run, for more than 8 hours: as charted, as expected, or as written."""
    found = [match for text in texts(service) for match in HOURS.finditer(text)]
    written = [int(match["hours"]) * 60 for match in found if not match["other"]]
    expected = service.expected.minutes if service.expected else 0
    return max([_charted_minutes(service), expected, *written]) > PROLONGED_MINUTES


def _charted_minutes(service: Service) -> int:
    """From the first charted start to the last charted stop, also where that is too long to be counted."""
    starts = [a.start.timestamp() for a in service.administrations if a.start]
    stops = [a.stop.timestamp() for a in service.administrations if a.stop]
    return int(max(stops) - min(starts)) // 60 if starts and stops else 0


@rule(
    "DISPOSABLE-PUMP",
    title="A disposable pump under 8 hours that leaves with the patient has no code: a coder decides",
    cites=("disposable-pumps",),
    in_force=since("2006-01-01"),
    when=(DISPOSABLE,),
)
def disposable_pump(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """Nobody observes it and no stop time exists (addendum R41)."""
    if service not in disposable_pumps(visit):
        return NOT_APPLICABLE
    return declined(service, "it runs from a disposable pump after the patient has left; unlisted at best")


@rule(
    "DISPOSABLE-PUMP-NOTICE",
    title="What runs from a disposable pump after the patient has left goes to a coder",
    cites=("disposable-pumps",),
    in_force=since("2006-01-01"),
    when=(DISPOSABLE,),
)
def disposable_pump_notice(visit: Visit) -> list[Said]:
    """The decline's other half: the unlisted code is the only candidate, and never suggested (addendum R41)."""
    services = disposable_pumps(visit)
    ids = tuple(i for s in services for i in s.ids)
    text = Fact("a disposable pump runs on after the patient has left: no code but an unlisted one", (), ids)
    return [Notice("manual-unlisted", ids, text)] if ids else []
