"""Patient, Encounter, Condition and ChargeItem in their regular form: their own modules say what each field means."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from fhir_mappings.charge_item import (
    is_offset,
    read_billing_code,
    read_modifiers,
    read_reasons,
)
from fhir_mappings.condition import Charted, is_dropped, is_over, read_category
from fhir_mappings.elements import Element
from fhir_mappings.encounter import UNRANKED, Visit, read_class
from fhir_mappings.json_line import JsonLine
from fhir_mappings.lookup import Lookup, version_of
from fhir_mappings.patient import FORMER, preference
from fhir_mappings.regular import (
    KNOWN,
    IrregularError,
    day_of,
    key_of,
    moment_of,
    part,
    parts,
    quantity_of,
    readable_of,
    sound,
    terms_of,
    terms_of_all,
    text_of,
)
from fhir_mappings.time import NO_OFFSET, NOTHING, Moment, Precision
from plugin.domain import Diagnosis, Encounter, ExistingCharge, Patient, Term

ONE = Decimal(1)
_list_of_strings = msgspec.json.Decoder(list[str])
Said = tuple[tuple[Term, ...], str, bool]
_category = part(read_category, "category")
_is_dropped = part(is_dropped, "verificationStatus")
_is_over = part(is_over, "clinicalStatus")
_reasons = part(read_reasons, "reason")


def read_regular_patient(line: JsonLine, context: Lookup) -> Patient:
    """The patient; IrregularError where anything would have to be noted. No name is remembered."""
    it = line.shape
    return Patient(
        line.key,
        _name(it.name),
        text_of(it.birthDate),
        text_of(it.gender),
        _record_number(it.identifier),
    )


def _name(names: Any) -> str:
    current = [name for name in names if name.use not in FORMER]
    if not current:
        return ""
    name = min(current, key=lambda name: preference(name.use))
    given = _strings(name.given) if name.given else []
    return text_of(name.text) or " ".join([part for part in [*given, text_of(name.family)] if part])


def _strings(written: Any) -> list[str]:
    try:
        strings = _list_of_strings.decode(written)
    except msgspec.ValidationError:
        raise IrregularError from None
    if any("\x00" in each for each in strings):
        raise IrregularError
    return strings


def _record_number(identifiers: Any) -> str:
    numbers = [text_of(each.value) for each in identifiers]
    for each, number in zip(identifiers, numbers, strict=True):
        if number and each.type and "MR" in [text_of(coding.code) for coding in each.type.coding]:
            return number
    return next(filter(None, numbers), "")


def read_regular_visit(line: JsonLine, context: Lookup) -> Visit:
    """The encounter with its span and its list of diagnoses; IrregularError where anything would have to be noted."""
    it = line.shape
    if it.modifierExtension or it.implicitRules or it.classHistory or it.status == "entered-in-error":
        raise IrregularError
    begins, ends = _span(it.period, context)
    encounter = Encounter(
        id=line.key,
        patient=key_of(it.subject.reference, context) if it.subject else "",
        encounter_class=_class(bytes(it.class_), bytes(it.type)),
        status=text_of(it.status),
        start=begins.at,
        stop=ends.at,
        reasons=terms_of_all(it.reasonCode),
        service_type=terms_of(it.serviceType),
        locations=_named(it.location),
        version=version_of(line),
        organization=key_of(it.serviceProvider.reference, context) if it.serviceProvider else "",
        numbers=tuple([number for each in it.identifier if (number := text_of(each.value))]) if it.identifier else (),
    )
    return Visit(encounter, begins, ends, _diagnoses(it, context))


@lru_cache(maxsize=KNOWN)
def _class(charted: bytes, kinds: bytes) -> str:
    """The class, from itself or among the types."""
    return sound(read_class, parts(**{"class": charted, "type": kinds}))


def _span(period: Any, context: Lookup) -> tuple[Moment, Moment]:
    return (_moment(period.start, context), _moment(period.end, context)) if period else (NOTHING, NOTHING)


def _moment(written: str, context: Lookup) -> Moment:
    if not written:
        return NOTHING
    at = moment_of(written, context.zone)
    in_utc = context.zone is None and at.utcoffset() == NO_OFFSET
    return Moment(at, at.date(), Precision.SECOND, in_utc=in_utc)


def _named(places: Any) -> tuple[str, ...]:
    """What each location is called, then its reference."""
    written = [text_of(text) for each in places if (it := each.location) for text in (it.display, it.reference)]
    return tuple([name for name in written if name])


def _diagnoses(it: Any, context: Lookup) -> tuple[str, ...]:
    """Conditions by their charted rank, then by place."""
    if not it.diagnosis:
        return ()
    found = [
        (each.rank if each.rank > 0 else UNRANKED, index, key)
        for index, each in enumerate(it.diagnosis)
        if each.condition and (key := key_of(each.condition.reference, context))
    ]
    return tuple(dict.fromkeys([key for _, _, key in sorted(found)]))


def read_regular_diagnosis(line: JsonLine, context: Lookup) -> Charted | None:
    """The diagnosis with its links, None when it was refuted; IrregularError where anything would have to be noted."""
    it = line.shape
    said = _said(bytes(it.verificationStatus), bytes(it.clinicalStatus), bytes(it.code), bytes(it.category))
    if said is None:
        return None
    terms, category, over = said
    return Charted(
        Diagnosis(line.key, terms, category, None, version_of(line)),
        key_of(it.subject.reference, context) if it.subject else "",
        key_of(it.encounter.reference, context) if it.encounter else "",
        over,
    )


@lru_cache(maxsize=KNOWN)
def _said(
    verification: bytes, clinical: bytes, code: bytes, category: bytes
) -> tuple[tuple[Term, ...], str, bool] | None:
    """Terms, category, and whether it is over; None when it was refuted."""
    if _is_dropped(verification):
        return None
    if not readable_of(code):
        raise IrregularError
    return terms_of(code), _category(category), _is_over(clinical)


def read_regular_charge(line: JsonLine, context: Lookup) -> ExistingCharge:
    """A charge that stands in the EHR; IrregularError where anything would have to be noted, but a bare day."""
    it = line.shape
    system, code, modifiers, offset = _billed(bytes(it.code), bytes(it.extension))
    if not code:
        raise IrregularError
    quantity = quantity_of(it.quantity)
    return ExistingCharge(
        id=line.key,
        encounter=key_of(it.context.reference, context) if it.context else "",
        patient=key_of(it.subject.reference, context) if it.subject else "",
        system=system,
        code=code,
        units=quantity.value if quantity is not None else ONE,
        modifiers=modifiers,
        status="not-billable" if offset else text_of(it.status),
        day=_day(it, context),
        identifiers=_identifiers(it.identifier) if it.identifier else (),
        version=version_of(line),
        entered_by=(key_of(it.enterer.reference, context) or text_of(it.enterer.reference)) if it.enterer else "",
        diagnoses=_reasons(it.reason),
    )


def _identifiers(identifiers: Any) -> tuple[str, ...]:
    """As `system|value`."""
    return tuple([f"{text_of(each.system)}|{text_of(each.value)}" for each in identifiers if each.value])


def _read_billed(element: Element) -> tuple[str, str, tuple[str, ...], bool]:
    return (*read_billing_code(element), tuple(read_modifiers(element)), is_offset(element))


@lru_cache(maxsize=KNOWN)
def _billed(code: bytes, extension: bytes) -> tuple[str, str, tuple[str, ...], bool]:
    """System, code, modifiers, and whether another charge offsets it."""
    return sound(_read_billed, parts(code=code, extension=extension))


def _day(it: Any, context: Lookup) -> date | None:
    period = it.occurrencePeriod
    written = (period.start or period.end) if period else it.occurrenceDateTime
    if not written:
        return None
    return day_of(written) if len(written) == len("2026-03-02") else moment_of(written, context.zone).date()
