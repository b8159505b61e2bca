"""Charges before, during and after a person looks."""

from dataclasses import dataclass, field
from datetime import date, datetime

from msgspec import Struct

from plugin.domain.chart import Chart, MappingIssue, Patient, Quantity
from plugin.domain.codes import CareSetting
from plugin.domain.outcome import Ask, Caveat, Fact, Notice, Ruling


class ChargeMinutes(Struct, frozen=True, gc=False, array_like=True):
    """The minutes behind one unit of a charge."""

    unit: int
    administration: str
    tier: int
    start: int
    stop: int


ChargeKey = tuple[str, str, tuple[str, ...], date]


class SuggestedCharge(Struct, frozen=True, gc=False):
    """One line: everything suggested for one (system, code, modifiers, day) of an encounter.

    `administrations` by start, then id; `diagnoses` ICD-10-CM codes in pointer order, `diagnosis_references` the
    Conditions they came from; `rules` and `citations` as ids; `evidence` the facts behind it.
    `ndc` is the product of a drug line in eleven digits, empty where the chart has none or several; `ndc_quantity` how
    much of it in its billing unit (UN, ML, GR, F2 or ME), None where nothing tells it; `ndc_because` how it was found,
    or why it is missing, None on other lines.
    """

    system: str
    code: str
    units: int
    modifiers: tuple[str, ...]
    day: date
    administrations: tuple[str, ...]
    diagnoses: tuple[str, ...]
    minutes: tuple[ChargeMinutes, ...]
    evidence: tuple[Fact, ...]
    rules: tuple[str, ...]
    citations: tuple[str, ...]
    diagnosis_references: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    ndc: str = ""
    ndc_quantity: Quantity | None = None
    ndc_because: Fact | None = None

    @property
    def key(self) -> ChargeKey:
        """What makes it this line and no other; the identity of a ChargeItem is made from it."""
        return (self.system, self.code, self.modifiers, self.day)


@dataclass(frozen=True, slots=True)
class NamedService:
    """A service in the trade's words: what kind of administration it was, its place, its evidence.

    `name` is continuous, intermittent, push, injection, specialty, hydration or transfusion; `role` its place in the
    encounter, or what stands in its way.
    """

    administrations: tuple[str, ...]
    name: str
    category: str
    technique: str
    role: str
    access_site: str
    minutes: int
    tier: int


@dataclass(frozen=True, slots=True)
class CodedEncounter:
    """All outcomes for one encounter with their trace.

    `charges` by rank, then code, day, modifiers; `rulings` hold every outcome, also the declined ones.
    `asks` and `would` run in parallel: what each question's answers would change, in words.
    """

    chart: Chart
    setting: CareSetting
    day: date | None
    edition: str
    complete: bool
    charges: tuple[SuggestedCharge, ...]
    asks: tuple[Ask, ...]
    would: tuple[str, ...]
    notices: tuple[Notice, ...]
    rulings: tuple[Ruling, ...]
    issues: tuple[MappingIssue, ...] = ()
    positions: tuple[tuple[str, str], ...] = ()
    services: tuple[NamedService, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said about one suggested charge.

    `action` is accept, edit or dismiss; `units` and `modifiers` are the accepted values; `reason` is required for an
    edit, a dismissal, and the acceptance of what would be refused; `decided_by` the verified fhirUser, `role` theirs at
    that time; `basis` a digest of the resource versions the suggestion rested on; `raised_by` who raised the units
    above the suggestion, if anybody did; `diagnoses` in pointer order and `day` where a person changed them, else None.
    """

    key: ChargeKey
    action: str
    decided_by: str
    role: str
    decided_at: datetime
    units: int
    modifiers: tuple[str, ...]
    reason: str = ""
    basis: str = ""
    raised_by: str = ""
    diagnoses: tuple[str, ...] | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class ChargeDraft:
    """An accepted charge on its way to the EHR.

    `identity` is the stable hash of tenant, encounter, system, code, modifiers and day as suggested;
    `status` is planned, billable, not-billable or aborted; `note` the one-line why.
    `performers` gave the services and `organization` provided them, as references, where the chart says.
    `person` is the patient as the chart names them, `visit_class` the encounter's class, for an export to billing.
    """

    identity: str
    encounter: str
    patient: str
    charge: SuggestedCharge
    units: int
    modifiers: tuple[str, ...]
    status: str
    entered_by: str
    entered_at: datetime
    start: datetime | None
    stop: datetime | None
    note: str
    verified: bool = True
    reason: str = field(default="")
    performers: tuple[str, ...] = ()
    organization: str = ""
    person: Patient | None = None
    visit_class: str = ""
