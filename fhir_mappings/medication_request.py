"""MedicationRequest: how long the order said it should run, and why."""

from dataclasses import dataclass
from decimal import Decimal

from fhir_mappings.concepts import read_concepts, terms
from fhir_mappings.elements import Element
from fhir_mappings.lookup import Lookup, Resource, identity, reference_of, root
from fhir_mappings.quantities import in_minutes, minutes_to_run, read_quantity, read_rate_quantity, read_ratio, unit_of
from plugin.domain import MappingIssue, Quantity, Rate, Term


@dataclass(frozen=True, slots=True)
class Order:
    """An order: `minutes` it should run, from its timing, else from its volume and rate; None when it doesn't say."""

    id: str
    minutes: Decimal | None = None
    reasons: tuple[Term, ...] = ()
    reason_references: tuple[str, ...] = ()


def read_order(resource: Resource, context: Lookup) -> tuple[Order, list[MappingIssue]]:
    """The order; nothing in it ever bills, so what is odd here never blocks."""
    element = root(resource)
    element.matters = False
    lengths = [minutes_of(dosage) for dosage in element.children("dosageInstruction")]
    reasons = tuple(term for concept in read_concepts(element, "reasonCode") for term in terms(concept))
    pointed = tuple(key for item in element.children("reasonReference") if (key := context.key(reference_of(item))))
    return Order(identity(resource), agreed(lengths), reasons, pointed), element.log.issues


def agreed(lengths: list[Decimal | None]) -> Decimal | None:
    """The length that all instructions which name one agree on."""
    named = {length for length in lengths if length is not None}
    return next(length for length in lengths if length is not None) if len(named) == 1 else None


def minutes_of(dosage: Element) -> Decimal | None:
    """How long one instruction says it should run."""
    timing = dosage.child("timing")
    repeat = timing.child("repeat") if timing is not None else None
    charted = _duration(repeat) if repeat is not None else None
    if charted is not None:
        return charted
    for item in dosage.children("doseAndRate"):
        dose, rate = read_quantity(item.child("doseQuantity")), _rate(item)
        length = minutes_to_run(dose, rate)
        if length is not None:
            return length
    return None


def _duration(repeat: Element) -> Decimal | None:
    value = repeat.number("duration")
    unit = unit_of(repeat.text("durationUnit"))
    return in_minutes(Quantity(value, unit)) if value is not None and value > 0 else None


def _rate(item: Element) -> Rate | None:
    ratio = item.child("rateRatio")
    return read_ratio(ratio) if ratio is not None else read_rate_quantity(item.child("rateQuantity"))
