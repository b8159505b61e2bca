"""What was charted: one encounter with its administrations, diagnoses and neighbours.

Moments are timezone-aware datetimes in the facility's zone, else in the offset that was charted.
Quantities are exact decimals; units are UCUM codes where the chart has them, else the charted text.
Ids are FHIR references such as `MedicationAdministration/m1`.
"""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from msgspec import Struct

from plugin.domain.codes import Route, Technique, Term, Word
from plugin.domain.existing import ExistingCharge


class Status(Word):
    """The administration's charted status."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    NOT_DONE = "not-done"
    ENTERED_IN_ERROR = "entered-in-error"
    UNKNOWN = "unknown"


class Quantity(Struct, frozen=True, gc=False):
    """An amount; `unit` as in UCUM where known."""

    value: Decimal
    unit: str


class Rate(Struct, frozen=True, gc=False):
    """So much per so much, for example 125 mL per 1 h."""

    amount: Quantity
    per: Quantity


class Ingredient(Struct, frozen=True, gc=False):
    """One component of a mixture with its strength, where charted."""

    text: str
    terms: tuple[Term, ...] = ()
    strength: Rate | None = None


class Drug(Struct, frozen=True, gc=False, cache_hash=True):
    """What was given, as charted: terms in charted order, the readable text, a mixture's ingredients."""

    text: str
    terms: tuple[Term, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()


class Administration(Struct, frozen=True, gc=False):
    """A normalised MedicationAdministration.

    `start` and `stop` are what was charted; `instant` says that only one moment was charted (an `effectiveDateTime`);
    `date_only` is the day when no time of day was charted, and then `start` and `stop` are None.
    `technique` is what route, method and text say was intended, None when they say nothing.
    `running_until` is the last moment charted as "still running"; `infuse_over` the documented minutes to infuse;
    `ordered_minutes` the order's duration in minutes, or as computed by the reader from its rate.
    `site` is the charted access as written; `version` the resource version that was read.
    `zone_assumed`: a moment had no offset and was read in the facility's zone; `charted_in_utc`: it was charted in UTC.
    `performers` are the references of who gave it.
    `attested` names the elements that a person stated in the app instead of the chart (`plugin.domain.attested`).
    `unread` names elements that could not be read and matter for coding.
    """

    id: str
    status: Status
    drug: Drug
    start: datetime | None = None
    stop: datetime | None = None
    instant: bool = False
    date_only: date | None = None
    route: Route | None = None
    route_text: str = ""
    technique: Technique | None = None
    site: str = ""
    dose: Quantity | None = None
    rate: Rate | None = None
    infuse_over: Decimal | None = None
    ordered_minutes: Decimal | None = None
    running_until: datetime | None = None
    request: str = ""
    part_of: tuple[str, ...] = ()
    reasons: tuple[Term, ...] = ()
    reason_references: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    from_device: bool = False
    zone_assumed: bool = False
    charted_in_utc: bool = False
    version: str = ""
    unread: tuple[str, ...] = ()
    performers: tuple[str, ...] = ()
    attested: tuple[str, ...] = ()


class Diagnosis(Struct, frozen=True, gc=False):
    """A Condition that may support a charge; `rank` is its place in Encounter.diagnosis, None when not listed there."""

    id: str
    terms: tuple[Term, ...]
    category: str = ""
    rank: int | None = None
    version: str = ""

    def icd10cm(self) -> str:
        """The first charted ICD-10-CM code, empty when there is none."""
        return next((term.code for term in self.terms if term.system == "icd10cm"), "")


@dataclass(frozen=True, slots=True)
class ClassSpan:
    """The encounter's class over a time, from `classHistory` or `statusHistory`; an open end is None."""

    encounter_class: str
    start: datetime | None
    stop: datetime | None


class Encounter(Struct, frozen=True, gc=False):
    """The visit; `encounter_class` is the v3 ActCode (EMER, AMB, OBSENC, IMP ...), empty when not charted.

    `organization` is the reference of the service provider, `numbers` what the facility calls the visit.
    """

    id: str
    patient: str
    encounter_class: str = ""
    status: str = ""
    start: datetime | None = None
    stop: datetime | None = None
    classes: tuple[ClassSpan, ...] = ()
    reasons: tuple[Term, ...] = ()
    service_type: tuple[Term, ...] = ()
    locations: tuple[str, ...] = ()
    version: str = ""
    organization: str = ""
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcedureDone:
    """A Procedure of the encounter with its time, for what is integral to it."""

    id: str
    terms: tuple[Term, ...]
    start: datetime | None = None
    stop: datetime | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another encounter of the patient on the same day or the three days after, and what was charged on it."""

    id: str
    encounter_class: str
    start: datetime | None
    stop: datetime | None
    charged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    """What the banner shows; never used by the rules."""

    id: str
    name: str = ""
    birth_date: str = ""
    sex: str = ""
    record_number: str = ""


@dataclass(frozen=True, slots=True)
class MappingIssue:
    """FHIR that could not be read as expected: where, what stood there, what was done; `blocks` the word complete."""

    resource: str
    path: str
    found: str
    done: str
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact somebody stated that no FHIR element carries: the query `kind` it answers, what it is `about`, its value.

    `about` is an administration, empty for the encounter as a whole; of a weight the day it holds for and its unit.
    """

    kind: str
    about: str
    value: str


def about_body(unit: str, day: date) -> str:
    """What a weight ("kg") or a surface ("m2") is stated about: it holds for the doses of that day alone."""
    return f"{day.isoformat()} {unit}"


class Chart(Struct, frozen=True, gc=False):
    """Everything known about one encounter.

    `neighbours` is None when unknown (nobody asked the EHR), empty when there are none.
    `unplaced` are ids of administrations of this patient that may belong here and could not be placed.
    `charged` are codes already charged on this encounter, `existing` the charges themselves, by id.
    `stated` are answers to questions that no FHIR element carries (primary reason, pump owner, purpose).
    `weight_kg` and `surface_m2` are the patient's last charted body weight and surface area, None when not charted.
    """

    encounter: Encounter
    administrations: tuple[Administration, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    procedures: tuple[ProcedureDone, ...] = ()
    neighbours: tuple[Neighbour, ...] | None = None
    patient: Patient | None = None
    zone: tzinfo | None = None
    issues: tuple[MappingIssue, ...] = ()
    unplaced: tuple[str, ...] = ()
    stated: tuple[Stated, ...] = ()
    charged: tuple[str, ...] = ()
    existing: tuple[ExistingCharge, ...] = ()
    weight_kg: Decimal | None = None
    surface_m2: Decimal | None = None
