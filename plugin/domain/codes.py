"""Closed vocabularies and coded terms."""

from enum import Enum

from msgspec import Struct


class Word(Enum):
    """A closed vocabulary; its members are hashed by identity, as they are keys wherever it is hot."""

    __hash__ = object.__hash__


class CareSetting(Word):
    """Which hierarchy of services applies."""

    FACILITY = "facility"
    OFFICE = "office"


class Category(Word):
    """The code families; chemotherapy includes complex biologics, hormonal antineoplastics only differ by injection."""

    CHEMOTHERAPY = "chemotherapy"
    HORMONAL = "hormonal"
    THERAPEUTIC = "therapeutic"
    HYDRATION = "hydration"
    TRANSFUSION = "transfusion"


class Technique(Word):
    """How a drug was given."""

    PUSH = "push"
    INFUSION = "infusion"
    INJECTION = "injection"


class Role(Word):
    """A service's place in the encounter."""

    INITIAL = "initial"
    SEQUENTIAL = "sequential"
    CONCURRENT = "concurrent"
    ADDITIONAL_HOUR = "additional hour"
    ADDITIONAL_PUSH = "additional push"
    SEPARATE = "separate"


class Route(Word):
    """The way into the body, as far as the code families tell ways apart."""

    INTRAVENOUS = "IV"
    INTRAMUSCULAR = "IM"
    SUBCUTANEOUS = "SC"
    INTRADERMAL = "ID"
    INTRA_ARTERIAL = "IA"
    INTRATHECAL = "IT"
    ENTERAL = "enteral"
    INHALED = "inhaled"
    TOPICAL = "topical"
    CATHETER_CLEARANCE = "catheter clearance"
    OTHER = "other"


class Term(Struct, frozen=True, gc=False):
    """A coded term: `system` is rxnorm, ndc, snomed, icd10cm, hcpcs, cvx or text; `code` is empty for text."""

    system: str
    code: str
    text: str = ""
