"""MedicationAdministration in its regular form: `medication_administration` says what each field means."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from fhir_mappings.concepts import Concept, read_concept, terms
from fhir_mappings.dosage import Given, minutes_in_words, named_way, read_infuse_over, read_rate
from fhir_mappings.elements import Element
from fhir_mappings.json_line import JsonLine
from fhir_mappings.lookup import Lookup, version_of
from fhir_mappings.medication import NO_DRUG, joined, of_concept, read_medication
from fhir_mappings.medication_administration import access_and_pump
from fhir_mappings.ordering import ordered
from fhir_mappings.regular import (
    KNOWN,
    IrregularError,
    concept_of,
    key_of,
    keys_of,
    moment_of,
    part,
    parts,
    quantity_of,
    readable_of,
    sound,
    terms_of_all,
    text_of,
)
from fhir_mappings.routes import Way, read_coded_way, with_text
from fhir_mappings.time import NO_OFFSET
from plugin.domain import Administration, Drug, Rate, Status

STATUSES = {status.value: status for status in Status}


def read_regular_administration(line: JsonLine, context: Lookup) -> Administration:
    """The administration; IrregularError where anything would have to be noted."""
    it = line.shape
    if it.modifierExtension or it.implicitRules or it.status not in STATUSES:
        raise IrregularError
    if it.subject is not None:
        text_of(it.subject.reference)
    status, zone = STATUSES[it.status], context.zone
    start, stop, instant = _effective(it, context)
    if stop is not None and status is Status.IN_PROGRESS:
        raise IrregularError
    drug = _drug(it, context)
    given = named_way(_given(it.dosage), drug.text)
    access, from_device = access_and_pump(_device_names(it, context)) if it.device else ("", False)
    notes = tuple([text for note in it.note if (text := text_of(note.text))]) if it.note else ()
    administration = Administration(
        id=line.key,
        status=status,
        drug=drug,
        start=start,
        stop=stop,
        instant=instant,
        route=given.route,
        route_text=given.route_text,
        technique=given.technique,
        site=given.site or access,
        dose=given.dose,
        rate=given.rate,
        infuse_over=_infuse_over(it.extension) or given.over,
        request=key_of(it.request.reference, context) if it.request else "",
        part_of=keys_of(it.partOf, context),
        reasons=terms_of_all(it.reasonCode),
        reason_references=keys_of(it.reasonReference, context),
        notes=(*notes, given.words) if given.words else notes,
        from_device=from_device,
        charted_in_utc=zone is None and _in_utc(start, stop),
        version=version_of(line),
        performers=keys_of([each.actor for each in it.performer if each.actor], context) if it.performer else (),
    )
    return ordered(administration, context)


def _effective(it: Any, context: Lookup) -> tuple[datetime | None, datetime | None, bool]:
    """Start, stop, and whether only one moment was charted."""
    period, moment = it.effectivePeriod, it.effectiveDateTime
    if period is None:
        return (moment_of(moment, context.zone), None, True) if moment else (None, None, False)
    if moment:
        raise IrregularError
    start = moment_of(period.start, context.zone) if period.start else None
    return start, moment_of(period.end, context.zone) if period.end else None, False


def _in_utc(start: datetime | None, stop: datetime | None) -> bool:
    """Whether either end was charted in UTC."""
    return (start is not None and start.utcoffset() == NO_OFFSET) or (
        stop is not None and stop.utcoffset() == NO_OFFSET
    )


def _drug(it: Any, context: Lookup) -> Drug:
    drug = _drug_of_concept(it.medicationCodeableConcept)
    if it.medicationReference is not None:
        drug = joined(drug, _pointed(it, context))
    if not drug.text and not drug.terms:
        raise IrregularError
    return drug


def _read_drug(element: Element) -> Drug:
    named = element.child("it")
    return of_concept(read_concept(named)) if named is not None else NO_DRUG


_drug_of_concept = part(_read_drug)


def _pointed(it: Any, context: Lookup) -> Drug:
    """The drug of a Medication that is contained, or stands elsewhere; without a reference what is displayed."""
    reference, display = text_of(it.medicationReference.reference), text_of(it.medicationReference.display)
    if not reference:
        return Drug(display, terms(Concept((), display)))
    medication = _contained(it, reference[1:]) if reference[0] == "#" else _elsewhere(reference, context)
    drug = _medication(bytes(medication.code), bytes(medication.ingredient))
    return drug if drug.text else Drug(display, drug.terms, drug.ingredients)


def _contained(it: Any, name: str) -> Any:
    found = next((each for each in it.contained if each.id in (name, "#" + name)), None)
    if found is None or found.resourceType != "Medication":
        raise IrregularError
    return found


def _elsewhere(reference: str, context: Lookup) -> Any:
    found = context.find(reference)
    if not isinstance(found, JsonLine) or found.kind != "Medication":
        raise IrregularError
    return found.shape


@lru_cache(maxsize=KNOWN)
def _medication(code: bytes, ingredient: bytes) -> Drug:
    if b"itemReference" in ingredient:
        raise IrregularError
    value = parts(code=code, ingredient=ingredient)
    return sound(lambda element: read_medication(element, value, Lookup()), value)


def _device_names(it: Any, context: Lookup) -> tuple[str, ...]:
    """What each device is called where it stands, and where it is pointed to."""
    names = []
    for each in it.device:
        reference, display = text_of(each.reference), text_of(each.display)
        found = _device(reference, context)
        if found is not None:
            called = [*[text_of(name.name) for name in found.deviceName], readable_of(found.type)]
            names.append(" ".join([name for name in called if name]))
        names.append(display or reference)
    return tuple(names)


def _device(reference: str, context: Lookup) -> Any:
    """The shape of a device; None where it is not in the reading."""
    found = context.find(reference) if reference else None
    if found is None and reference[:1] != "#":
        return None
    if not isinstance(found, JsonLine) or found.kind != "Device":
        raise IrregularError
    return found.shape


def _given(dosage: Any) -> Given:
    if dosage is None:
        return Given()
    text = text_of(dosage.text)
    way, route_text = _way(bytes(dosage.route), bytes(dosage.method), text)
    return Given(
        way.route,
        route_text,
        way.technique,
        readable_of(dosage.site),
        quantity_of(dosage.dose),
        _rate(bytes(dosage.rateRatio), bytes(dosage.rateQuantity)) if dosage.rateRatio or dosage.rateQuantity else None,
        _infuse_over(dosage.extension) or (minutes_in_words(text) if text else None),
        text,
    )


@lru_cache(maxsize=KNOWN)
def _way(route: bytes, method: bytes, text: str) -> tuple[Way, str]:
    """What route, method and text say, and the route as it reads."""
    charted = concept_of(route)
    way = with_text(sound(lambda dosage: read_coded_way(dosage, charted, concept_of(method)), {}), text)
    if way.route is None and charted.readable():
        raise IrregularError
    return way, charted.readable()


@lru_cache(maxsize=KNOWN)
def _rate(ratio: bytes, quantity: bytes) -> Rate | None:
    return sound(read_rate, parts(rateRatio=ratio, rateQuantity=quantity))


_infuse_over = part(read_infuse_over, "extension")
