"""The encounters a user may choose from when the EHR named none."""

from dataclasses import dataclass
from datetime import date

from plugin.ehr.client import FhirClient
from plugin.ehr.errors import FhirError
from plugin.ehr.references import Base, Resource, at, listed
from plugin.ehr.searches import search
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import is_fhir_id

# Planned visits have nothing to charge yet; cancelled and mistaken ones never will.
CHARGEABLE = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"})


@dataclass(frozen=True, slots=True)
class Visit:
    """An encounter as a line to choose: times as the EHR charted them, empty where it didn't.

    `number` is what the facility calls it; `places` is where the patient was, in words, or as `Location/id` where
    the EHR gave a reference alone.
    """

    id: str
    start: str
    stop: str
    encounter_class: str
    status: str
    kind: str
    number: str = ""
    places: tuple[str, ...] = ()


def find_visits(client: FhirClient, tenant: Tenant, patient: str) -> list[Visit]:
    """The patient's encounters that may carry charges, newest first; raises EhrError."""
    found = search(client, tenant, "Encounter", [("patient", patient)])
    visits = [visit for visit in (_visit(each, tenant, patient) for each in found.resources) if visit]
    return sorted(visits, key=lambda visit: (visit.start, visit.id), reverse=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chart lies: the logical ids of patient and encounter."""

    patient: str
    encounter: str


def find_places(client: FhirClient, tenant: Tenant, day: date) -> tuple[list[Place], bool]:
    """Encounters of all patients that touch this day and may carry charges, and whether these are all of them.

    Raises EhrError; many EHRs search encounters by patient alone.
    """
    asked = [("date", f"ge{day.isoformat()}"), ("date", f"le{day.isoformat()}")]
    found = search(client, tenant, "Encounter", asked)
    places = [place for place in (_place(each, tenant) for each in found.resources) if place]
    return places, not found.truncated


def _place(resource: Resource, tenant: Tenant) -> Place | None:
    subject = Base(tenant.iss).local(resource.get("subject"))
    patient = subject.removeprefix("Patient/") if subject.startswith("Patient/") else ""
    visit = _visit(resource, tenant, patient) if is_fhir_id(patient) else None
    return Place(patient, visit.id) if visit else None


def read_visit(client: FhirClient, tenant: Tenant, patient: str, encounter: str) -> Visit | None:
    """The encounter, None when it isn't this patient's or can't carry charges; raises EhrError."""
    try:
        return _visit(client.read(f"Encounter/{encounter}"), tenant, patient)
    except FhirError as error:
        if error.kind == "not-found":
            return None
        raise


def _visit(resource: Resource, tenant: Tenant, patient: str) -> Visit | None:
    theirs = Base(tenant.iss).local(resource.get("subject")) == f"Patient/{patient}"
    logical_id, status = resource.get("id"), resource.get("status")
    if not theirs or status not in CHARGEABLE or not isinstance(logical_id, str) or not is_fhir_id(logical_id):
        return None
    return Visit(
        id=logical_id,
        start=_text(at(resource, "period", "start")),
        stop=_text(at(resource, "period", "end")),
        encounter_class=_text(at(resource, "class", "display")) or _text(at(resource, "class", "code")),
        status=str(status),
        kind=", ".join(filter(None, map(_concept_text, listed(resource.get("type"))))),
        number=next(filter(None, (_text(each.get("value")) for each in listed(resource.get("identifier")))), ""),
        places=_places(resource, tenant),
    )


def _places(resource: Resource, tenant: Tenant) -> tuple[str, ...]:
    base = Base(tenant.iss)
    references = [at(each, "location") for each in listed(resource.get("location"))]
    words = (_text(at(each, "display")) or base.local(each) for each in references)
    return tuple(dict.fromkeys(filter(None, words)))


def _concept_text(concept: Resource) -> str:
    displays = (_text(coding.get("display")) for coding in listed(concept.get("coding")))
    return _text(concept.get("text")) or next(filter(None, displays), "")


def _text(value: object) -> str:
    return value[:120] if isinstance(value, str) else ""
