"""Observation: the patient's body weight and surface area, for doses that are charted per kg or per m2."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fhir_mappings.concepts import read_concept
from fhir_mappings.elements import Element
from fhir_mappings.lookup import Lookup, Resource, reference_of, root
from fhir_mappings.paths import BODY_MEASURES
from fhir_mappings.quantities import read_quantity
from fhir_mappings.time import read_time
from plugin.domain import Quantity

KNOWN = ("final", "amended", "corrected")
WEIGHT, SURFACE = "weight", "surface"
IN_KG = {"kg": Decimal(1), "g": Decimal("0.001"), "[lb_av]": Decimal("0.45359237"), "lb": Decimal("0.45359237")}
IN_M2 = {"m2": Decimal(1), "m²": Decimal(1)}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured (`weight` in kg or `surface` in m2), of whom and when; `encounter` is empty where not named."""

    what: str
    value: Decimal
    at: datetime
    patient: str
    encounter: str


def read_measured(resource: Resource, context: Lookup) -> Measured | None:
    """A weight or a surface; None for anything else, or where value, unit or time can't be relied on."""
    element = root(resource)
    element.matters = False
    if element.text("status") not in KNOWN:
        return None
    what = what_is_measured(element)
    at = _at(element, context)
    value = in_unit_of(what, read_quantity(element.child("valueQuantity")))
    if not what or at is None or value is None:
        return None
    patient = context.key(reference_of(element.child("subject")))
    return Measured(what, value, at, patient, context.key(reference_of(element.child("encounter"))))


def what_is_measured(element: Element) -> str:
    """Weight or surface by its code, empty for anything else."""
    codings = read_concept(element.child("code")).codings
    return next((BODY_MEASURES[coding.code] for coding in codings if coding.code in BODY_MEASURES), "")


def _at(element: Element, context: Lookup) -> datetime | None:
    return read_time(element, "effectiveDateTime", context.zone).at


def in_unit_of(what: str, quantity: Quantity | None) -> Decimal | None:
    """The kilograms or square meters of a quantity; None where its unit is another, or nothing was measured."""
    factor = (IN_M2 if what == SURFACE else IN_KG).get(quantity.unit) if quantity else None
    return quantity.value * factor if quantity and factor and quantity.value > 0 else None
