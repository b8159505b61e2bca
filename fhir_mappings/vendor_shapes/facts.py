"""What a house knows beside the chart: its people and places, who the patient is, the visit's own numbers."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from plugin.domain import Encounter, ExistingCharge


class Place(NamedTuple):
    """A unit, a hospital: `Type/id` and what people call it."""

    key: str
    name: str


class Staff(NamedTuple):
    """Somebody who works there: `Practitioner/id`, name, `MD` or `RN`."""

    key: str
    family: str
    given: str
    title: str

    @property
    def listed(self) -> str:
        """As lists have it."""
        return f"{self.family}, {self.given}, {self.title}"

    @property
    def spoken(self) -> str:
        """As people say it."""
        return f"{self.given} {self.family}, {self.title}"


class Coded(NamedTuple):
    """A code with what it says."""

    code: str
    words: str


class Person(NamedTuple):
    """A patient; `sex` is female or male, `married` a code of HL7 v3, `language` of BCP 47."""

    key: str
    number: str
    family: str
    given: str
    middle: str
    sex: str
    born: date
    race: Coded
    ethnicity: Coded
    language: Coded
    married: Coded
    street: str
    city: str
    state: str
    postal: str
    phone: str
    mobile: str
    email: str
    since: datetime
    doctor: Staff
    hospital: Place

    @property
    def listed(self) -> str:
        """As lists have it."""
        return f"{self.family}, {self.given} {self.middle}"


class Reason(NamedTuple):
    """A diagnosis: `Condition/id`, ICD-10-CM code and title, and the SNOMED CT concept, empty where none is sure."""

    key: str
    icd10cm: str
    title: str
    snomed: str
    concept: str


class Stay(NamedTuple):
    """A visit as the house has it; `account` and `contact` are its numbers, `recorded` when its diagnoses were."""

    encounter: Encounter
    person: Person
    unit: Place
    attending: Staff
    nurse: Staff
    account: str
    contact: str
    reasons: tuple[Reason, ...]
    recorded: datetime


class Item(NamedTuple):
    """A row of the charge master: its number, our own short label, the revenue code, the price of a unit in dollars."""

    number: str
    label: str
    revenue: str
    price: Decimal


class Posted(NamedTuple):
    """A charge with its item, its place among the visit's, when it was entered, and the administrations behind it."""

    charge: ExistingCharge
    item: Item
    place: int
    entered: datetime
    services: tuple[str, ...]


class Sign(NamedTuple):
    """A body measure: `Observation/id`, LOINC code and name, the US Core profile's name, value and UCUM unit, when."""

    key: str
    loinc: str
    name: str
    profile: str
    value: Decimal
    unit: str
    at: datetime
