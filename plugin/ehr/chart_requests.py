"""What is asked of the EHR to read one encounter, and which of the answers belong to it.

Servers ignore search parameters they don't know and return too much, so every answer is filtered again here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from fhir_mappings.paths import BODY_MEASURES
from plugin.ehr.client import FhirClient
from plugin.ehr.errors import FhirError
from plugin.ehr.read_ways import ReadWays
from plugin.ehr.references import Base, Resource, at, listed, local_name
from plugin.ehr.searches import Found, search
from plugin.ehr.tenants import Tenant

IDS_IN_ONE_SEARCH = 40
# The patient's other encounters of the same day and of the three days after, whatever the zone.
BEFORE, AFTER = timedelta(days=1), timedelta(days=4)

AROUND = "Encounters around"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: `kind` is what it gives, named as issues name it; `run` sends it."""

    kind: str
    run: Callable[[], Found]


@dataclass(frozen=True, slots=True)
class ChartRequests:
    """Requests about one encounter of one patient; `patient` and `encounter` are logical ids."""

    client: FhirClient
    tenant: Tenant
    patient: str
    encounter: str
    ways: ReadWays = field(default_factory=ReadWays)

    @property
    def base(self) -> Base:
        """The server all references are compared on."""
        return Base(self.tenant.iss)

    def first_wave(self, now: datetime) -> list[Ask]:
        """Everything that needs no more than the two ids; what can't be done without comes first."""
        patient, encounter = ("patient", self.patient), ("encounter", self.encounter)
        return [
            Ask("Encounter", self._read_encounter),
            self._search("MedicationAdministration", *self._administrations(now)),
            self._search("Condition", patient, *([encounter] if self.tenant.conditions_by == "encounter" else [])),
            self._search("MedicationRequest", patient, encounter),
            *([self._charges(f"Encounter/{self.encounter}")] if self.ways.charges else []),
            Ask("Patient", self._read_patient),
            Ask(AROUND, partial(search, self.client, self.tenant, "Encounter", [patient])),
        ]

    def second_wave(self, found: dict[str, list[Resource]], now: datetime) -> list[Ask]:
        """What the first wave pointed to and did not bring, and what was given before its window."""
        administrations = found.get("MedicationAdministration", [])
        wanted = {
            "Medication": (at(each, "medicationReference") for each in administrations),
            "MedicationRequest": (at(each, "request") for each in administrations),
            "Location": _unnamed_places(found),
            "Condition": (
                at(each, "condition") for one in found.get("Encounter", []) for each in listed(one.get("diagnosis"))
            ),
        }
        asks = [ask for kind, references in wanted.items() for ask in self._by_id(kind, references, found)]
        neighbours = [local_name(each) for each in neighbours_of(self.encounter, found)]
        if self.ways.charges:
            asks += [self._charges(",".join(group)) for group in _groups(neighbours)]
        if any(_is_by_body(each) for each in administrations):
            asks.append(self._search("Observation", ("patient", self.patient), ("code", ",".join(BODY_MEASURES))))
        return asks + self._given_earlier(found, now)

    def own(self, kind: str, resource: Resource) -> bool:
        """Does an answer belong to this patient and, where it names an encounter, to this one or a neighbour's?"""
        if kind in ("Medication", "Location", "Patient"):
            return kind != "Patient" or local_name(resource) == f"Patient/{self.patient}"
        if self.base.local(resource.get("subject")) != f"Patient/{self.patient}":
            return False
        if kind in ("MedicationAdministration", "Condition"):
            return self._is_here(resource, "context" if kind == "MedicationAdministration" else "encounter")
        return True

    def _is_here(self, resource: Resource, element: str) -> bool:
        """Problem-list items and administrations without an encounter may belong here; the mapper places them."""
        if resource.get(element) is None:
            return True
        if self.base.local(resource[element]) == f"Encounter/{self.encounter}":
            return True
        return element == "encounter" and not _is_encounter_diagnosis(resource)

    def _administrations(self, now: datetime) -> list[tuple[str, str]]:
        if not self.ways.by_window:
            return [("patient", self.patient), ("context", f"Encounter/{self.encounter}")]
        return self._between(now - timedelta(days=self.tenant.window_days), now + timedelta(days=1))

    def _between(self, first: datetime, last: datetime) -> list[tuple[str, str]]:
        """Some servers have no search by encounter; they want both bounds, with a time part."""
        bounds = (f"ge{first:%Y-%m-%dT%H:%M:%SZ}", f"le{last:%Y-%m-%dT%H:%M:%SZ}")
        return [("patient", self.patient), *(("effective-time", bound) for bound in bounds)]

    def _given_earlier(self, found: dict[str, list[Resource]], now: datetime) -> list[Ask]:
        """The days of an encounter that began before the window of the first wave."""
        this = next(iter(found.get("Encounter", [])), {})
        start, stop = _day(at(this, "period", "start")), _day(at(this, "period", "end"))
        window = (now - timedelta(days=self.tenant.window_days)).replace(tzinfo=None)
        if not self.ways.by_window or start is None or start - BEFORE >= window:
            return []
        last = (stop or start) + AFTER
        return [self._search("MedicationAdministration", *self._between(start - BEFORE, max(last, window)))]

    def _charges(self, encounters: str) -> Ask:
        status = [("-status", "billable")] if self.ways.charge_status else []
        return self._search("ChargeItem", ("context", encounters), *status)

    def _search(self, kind: str, *params: tuple[str, str]) -> Ask:
        return Ask(kind, partial(search, self.client, self.tenant, kind, list(params)))

    def _by_id(self, kind: str, references: Iterable[object], found: dict[str, list[Resource]]) -> list[Ask]:
        have = {local_name(resource) for resource in found.get(kind, [])}
        names = {self.base.local(reference) for reference in references} - have
        ids = sorted(name.partition("/")[2] for name in names if name.startswith(f"{kind}/"))
        return [self._search(kind, ("_id", ",".join(group))) for group in _groups(ids)]

    def _read_encounter(self) -> Found:
        resource = self.client.read(f"Encounter/{self.encounter}")
        if not self.own("Encounter", resource) or local_name(resource) != f"Encounter/{self.encounter}":
            text = f"{self.tenant.name} gave an encounter of another patient; open the app again from the chart"
            raise FhirError(text, 409, "refused")
        return Found([resource])

    def _read_patient(self) -> Found:
        return Found([self.client.read(f"Patient/{self.patient}")])


def neighbours_of(encounter: str, found: dict[str, list[Resource]]) -> list[Resource]:
    """The patient's other encounters around the days of this one; none when its own time isn't known."""
    this = next(iter(found.get("Encounter", [])), {})
    start, stop = _day(at(this, "period", "start")), _day(at(this, "period", "end"))
    if start is None:
        return []
    first, last = start - BEFORE, (stop or start) + AFTER
    others = [each for each in found.get(AROUND, []) if each.get("id") != encounter]
    return [each for each in others if _touches(each, first, last)]


def _unnamed_places(found: dict[str, list[Resource]]) -> Iterator[object]:
    """Where the encounter was, as far as it doesn't say itself what the place is called."""
    for encounter in found.get("Encounter", []):
        for each in listed(encounter.get("location")):
            if not at(each, "location", "display"):
                yield at(each, "location")


def _groups(items: list[str]) -> list[list[str]]:
    return [items[at : at + IDS_IN_ONE_SEARCH] for at in range(0, len(items), IDS_IN_ONE_SEARCH)]


def _is_encounter_diagnosis(condition: Resource) -> bool:
    codings = (coding for category in listed(condition.get("category")) for coding in listed(category.get("coding")))
    return any(coding.get("code") == "encounter-diagnosis" for coding in codings)


def _day(value: object) -> datetime | None:
    """The calendar day of a FHIR dateTime, as naive midnight: only good for choosing whom to look at."""
    try:
        return datetime.strptime(str(value)[:10], "%Y-%m-%d")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _touches(encounter: Resource, first: datetime, last: datetime) -> bool:
    start, stop = _day(at(encounter, "period", "start")), _day(at(encounter, "period", "end"))
    return start is not None and start <= last and (stop or start) >= first


def _is_by_body(administration: Resource) -> bool:
    """A dose for each kilogram or square meter, which needs the patient's measures to be an amount."""
    dose = at(administration, "dosage", "dose")
    units = [dose.get(name) for name in ("code", "unit")] if isinstance(dose, dict) else []
    return any(isinstance(unit, str) and ("/kg" in unit or "/m2" in unit) for unit in units)
