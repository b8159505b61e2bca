"""MedicationRequest, Procedure and Observation in their regular form: their own modules say what each field means."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fhir_mappings.json_line import JsonLine
from fhir_mappings.lookup import Lookup
from fhir_mappings.medication_request import Order, agreed, minutes_of
from fhir_mappings.observation import KNOWN as RELIED_ON
from fhir_mappings.observation import Measured, in_unit_of, what_is_measured
from fhir_mappings.procedure import DROPPED, Charted
from fhir_mappings.regular import (
    KNOWN,
    day_of,
    key_of,
    moment_of,
    part,
    parts,
    quantity_of,
    sound,
    terms_of,
    terms_of_all,
    text_of,
)
from plugin.domain import ProcedureDone

LENGTH_OF_DAY = len("2026-03-02")
_what = part(what_is_measured, "code")


def read_regular_order(line: JsonLine, context: Lookup) -> Order:
    """The order; IrregularError where anything would have to be noted."""
    it = line.shape
    return Order(
        line.key,
        agreed([_length(dosage) for dosage in it.dosageInstruction]),
        terms_of_all(it.reasonCode),
        tuple([key for each in it.reasonReference if (key := key_of(each.reference, context))]),
    )


def _length(dosage: Any) -> Decimal | None:
    repeat = dosage.timing.repeat if dosage.timing else None
    rates = [(bytes(each.doseQuantity), bytes(each.rateRatio), bytes(each.rateQuantity)) for each in dosage.doseAndRate]
    duration, unit = (bytes(repeat.duration), repeat.durationUnit) if repeat else (b"", "")
    return _minutes(duration, unit, tuple(rates))


@lru_cache(maxsize=KNOWN)
def _minutes(duration: bytes, unit: str, rates: tuple[tuple[bytes, bytes, bytes], ...]) -> Decimal | None:
    repeat = {**parts(duration=duration), **({"durationUnit": unit} if unit else {})}
    items = [parts(doseQuantity=dose, rateRatio=ratio, rateQuantity=rate) for dose, ratio, rate in rates]
    return sound(minutes_of, {"timing": {"repeat": repeat}, "doseAndRate": items})


def read_regular_procedure(line: JsonLine, context: Lookup) -> Charted | None:
    """The procedure with its links, None when it was not done; IrregularError where anything would have to be noted."""
    it = line.shape
    if text_of(it.status) in DROPPED:
        return None
    period = it.performedPeriod
    start = _at(period.start if period else it.performedDateTime, context)
    return Charted(
        ProcedureDone(line.key, terms_of(it.code), start, _at(period.end, context) if period else start),
        key_of(it.subject.reference, context) if it.subject else "",
        key_of(it.encounter.reference, context) if it.encounter else "",
    )


def _at(written: str, context: Lookup) -> datetime | None:
    """The moment, None where there is none or only a day."""
    if len(written) != LENGTH_OF_DAY:
        return moment_of(written, context.zone) if written else None
    day_of(written)
    return None


def read_regular_measured(line: JsonLine, context: Lookup) -> Measured | None:
    """A weight or a surface, None for anything else; IrregularError where anything would have to be noted."""
    it = line.shape
    what = _what(it.code) if text_of(it.status) in RELIED_ON else ""
    at = _at(it.effectiveDateTime, context) if what else None
    value = in_unit_of(what, quantity_of(it.valueQuantity)) if at else None
    if at is None or value is None:
        return None
    return Measured(
        what,
        value,
        at,
        key_of(it.subject.reference, context) if it.subject else "",
        key_of(it.encounter.reference, context) if it.encounter else "",
    )
