"""Quantity and Ratio: exact decimals with UCUM units."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from fhir_mappings.elements import Element
from plugin.domain import Quantity, Rate

WRITTEN = {
    "minute": "min", "minutes": "min", "mins": "min", "min": "min",
    "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "h": "h",
    "second": "s", "seconds": "s", "sec": "s", "secs": "s", "s": "s",
    "day": "d", "days": "d", "d": "d",
    "week": "wk", "weeks": "wk", "wk": "wk",
    "milliliter": "mL", "milliliters": "mL", "millilitre": "mL", "millilitres": "mL", "ml": "mL", "mls": "mL",
    "cc": "mL", "liter": "L", "liters": "L", "litre": "L", "litres": "L", "l": "L",
    "milligram": "mg", "milligrams": "mg", "mg": "mg", "mgs": "mg",
    "gram": "g", "grams": "g", "gm": "g", "gms": "g", "g": "g",
    "microgram": "ug", "micrograms": "ug", "mcg": "ug", "ug": "ug",
    "kilogram": "kg", "kilograms": "kg", "kg": "kg",
    "milliequivalent": "meq", "milliequivalents": "meq", "meq": "meq",
    "millimole": "mmol", "millimoles": "mmol", "mmol": "mmol",
    "unit": "[U]", "units": "[U]", "[u]": "[U]",
    "international unit": "[iU]", "international units": "[iU]", "[iu]": "[iU]",
}  # fmt: skip
"""What people write to the UCUM code; anything else is kept as written."""

MINUTES = {
    "s": (1, 60), "min": (1, 1), "h": (60, 1), "d": (1440, 1), "wk": (10080, 1),
}  # fmt: skip
"""UCUM units of time as a fraction of minutes: numerator, denominator."""


def unit_of(written: str) -> str:
    """The UCUM code of a unit as people write it, else as written; exact UCUM codes stay."""
    return WRITTEN.get(written.lower().rstrip("."), written)


def read_quantity(element: Element | None) -> Quantity | None:
    """A Quantity with its UCUM `code` before its `unit`; None without a readable number."""
    if element is None:
        return None
    value = element.number("value")
    comparator = element.text("comparator")
    if comparator:
        element.say("comparator", "read as if exact", blocks=element.matters)
    unit = element.text("code") or element.text("unit")
    if value is None:
        return None
    return Quantity(value, unit_of(unit))


def read_ratio(element: Element | None) -> Rate | None:
    """A Ratio; a missing or zero denominator leaves nothing to read."""
    if element is None:
        return None
    amount, per = read_quantity(element.child("numerator")), read_quantity(element.child("denominator"))
    if amount is None:
        return None
    if per is None or not per.value:
        element.say("denominator", "not read: an amount other than zero belongs here", blocks=element.matters)
        return None
    return Rate(amount, per)


def read_rate_quantity(element: Element | None) -> Rate | None:
    """A rate written as one quantity, such as 125 mL/h, as 125 mL per 1 h."""
    quantity = read_quantity(element)
    if quantity is None or element is None:
        return None
    above, below = _split_unit(quantity.unit)
    if not below:
        element.say("unit", "not read as a rate: the unit is not one per another", found=quantity.unit, blocks=False)
        return None
    count, unit = _leading_count(below)
    return Rate(Quantity(quantity.value, unit_of(above)), Quantity(count, unit_of(unit)))


def _split_unit(unit: str) -> tuple[str, str]:
    """'mL/h' and 'milliliter per hour' as (above, below); the last division counts, so mg/kg/h is mg/kg per h."""
    separator = "/" if "/" in unit else " per "
    above, found, below = unit.rpartition(separator)
    return (above.strip(), below.strip()) if found else (unit, "")


def _leading_count(unit: str) -> tuple[Decimal, str]:
    """'24.h' and '(24.h)' as 24 h, 'h' as 1 h."""
    unit = unit.strip("() ")
    digits = unit[: len(unit) - len(unit.lstrip("0123456789"))]
    rest = unit[len(digits) :].lstrip(". ")
    if digits and rest and len(digits) < 5 and int(digits):
        return Decimal(digits), rest
    return Decimal(1), unit


def in_minutes(quantity: Quantity | None) -> Decimal | None:
    """A length of time in minutes, None when the unit is none of time."""
    if quantity is None or quantity.unit not in MINUTES:
        return None
    numerator, denominator = MINUTES[quantity.unit]
    return divided(quantity.value * numerator, Decimal(denominator))


def divided(amount: Decimal, by: Decimal) -> Decimal:
    """The quotient to a thousandth, without trailing zeros: enough for minutes, and the same on every machine."""
    with localcontext() as context:
        context.prec = 50
        quotient = (amount / by).quantize(Decimal("0.001"), rounding=ROUND_HALF_EVEN)
    return quotient.quantize(Decimal(1)) if quotient == quotient.to_integral_value() else quotient.normalize()


def minutes_to_run(dose: Quantity | None, rate: Rate | None) -> Decimal | None:
    """How long an amount takes at a rate, in minutes, when both are in the same unit; else None."""
    if dose is None or rate is None or dose.unit != rate.amount.unit or dose.value <= 0 or rate.amount.value <= 0:
        return None
    per = in_minutes(rate.per)
    return None if per is None else divided(dose.value * per, rate.amount.value)
