"""A small EHR that writes little: drug and route in words, no profiles, no narrative."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fhir_mappings.systems import CPT, ICD10CM, UCUM
from fhir_mappings.vendor_shapes.facts import Person, Posted, Reason, Sign, Stay
from fhir_mappings.vendor_shapes.parts import (
    HL7,
    IDENTIFIER_TYPE,
    LOINC,
    WORDS,
    act_class,
    billing,
    coding,
    concept,
    id_of,
    moment,
    number,
    quantity,
    span,
    stamp,
)
from plugin.domain import Administration, ExistingCharge, Quantity, Route, Technique

MODIFIER_CODE = "https://fhir-ehr.cerner.com/r4/StructureDefinition/modifier-code"
RECORD_NUMBERS = "https://hospital.example.org/patients"
VISIT_NUMBERS = "https://hospital.example.org/visits"
WAY = tuple[Route, Technique | None]


class Plain:
    """What every house writes; the others write more, and some of it in their own way."""

    in_utc = False
    """Whether such servers write times in UTC."""

    def meta(self, kind: str, key: str, at: datetime) -> dict[str, Any]:
        """Version and time of the last change; a house may write none, and then gives nothing."""
        return {"versionId": "1", "lastUpdated": stamp(at)}

    def began(self, kind: str, key: str, at: datetime) -> dict[str, Any]:
        """The beginning of a resource, with its meta where the house writes one."""
        meta = self.meta(kind, key, at)
        head: dict[str, Any] = {"resourceType": kind, "id": id_of(key)}
        return {**head, "meta": meta} if meta else head

    def points(self, key: str, display: str = "") -> dict[str, Any]:
        """A reference."""
        return {"reference": key, "display": display} if display else {"reference": key}

    def patient(self, person: Person) -> dict[str, Any]:
        """A Patient nobody knows."""
        return {
            **self.began("Patient", person.key, person.since),
            "identifier": [_record_number(person)],
            "active": True,
            "name": [{"family": person.family, "given": [person.given]}],
            "telecom": [{"system": "phone", "value": person.phone}],
            "gender": person.sex,
            "birthDate": person.born.isoformat(),
            "address": [{"city": person.city, "state": person.state}],
        }

    def encounter(self, stay: Stay) -> dict[str, Any]:
        """A finished Encounter in a unit of the house."""
        visit = stay.encounter
        return {
            **self.began("Encounter", visit.id, visit.stop or stay.recorded),
            "identifier": [{"system": VISIT_NUMBERS, "value": stay.contact}],
            "status": visit.status,
            "class": act_class(visit),
            "subject": self.points(visit.patient),
            "participant": [{"individual": self.points(stay.attending.key, stay.attending.spoken)}],
            "period": span(visit.start, visit.stop),
            "location": [{"location": {"display": stay.unit.name}}],
        }

    def condition(self, reason: Reason, stay: Stay) -> dict[str, Any]:
        """A diagnosis of the visit."""
        return {
            **self.began("Condition", reason.key, stay.recorded),
            "clinicalStatus": concept(coding(f"{HL7}condition-clinical", "active")),
            "category": [concept(coding(f"{HL7}condition-category", "encounter-diagnosis"))],
            "code": concept(coding(ICD10CM, reason.icd10cm, reason.title)),
            "subject": self.points(stay.encounter.patient),
            "encounter": self.points(stay.encounter.id),
            "recordedDate": stay.recorded.date().isoformat(),
        }

    def administration(self, given: Administration, stay: Stay, placed: bool, by: str = "") -> dict[str, Any]:
        """A MedicationAdministration, which names its encounter if `placed`; `by`: the body measure it was dosed by."""
        resource = {
            **self.began("MedicationAdministration", given.id, _charted(given, stay)),
            "status": given.status.value,
            **self.named_drug(given),
            "subject": self.points(stay.encounter.patient),
            **({"context": self.points(stay.encounter.id)} if placed else {}),
            **self.when(given),
            "performer": [{"actor": self.points(stay.nurse.key)}],
            "request": self.points(given.request),
            "dosage": self.dosage(given),
        }
        return {**resource, "note": [self.note(text, given, stay) for text in given.notes]} if given.notes else resource

    def medication(self, given: Administration) -> dict[str, Any] | None:
        """The Medication that the administration points to, None where it says the drug itself."""
        return None

    def named_drug(self, given: Administration) -> dict[str, Any]:
        """The drug, in words alone."""
        return {"medicationCodeableConcept": {"text": given.drug.text}}

    def when(self, given: Administration) -> dict[str, Any]:
        """One moment, or the ends that were charted."""
        if given.instant:
            return {"effectiveDateTime": moment(given.start) if given.start else ""}
        return {"effectivePeriod": span(given.start, given.stop)}

    def dosage(self, given: Administration) -> dict[str, Any]:
        """The way, where it was given, how much and how fast."""
        way = (given.route or Route.OTHER, given.technique)
        dosage: dict[str, Any] = {**self.dosage_text(given, way), "route": self.route(way)}
        if given.site:
            dosage["site"] = self.site(given.site)
        if given.dose is not None:
            dosage["dose"] = self.amount(given.dose)
        if given.rate is not None:
            above, below = given.rate.amount, given.rate.per
            dosage["rateRatio"] = {"numerator": self.amount(above), "denominator": self.amount(below)}
        return dosage

    def dosage_text(self, given: Administration, way: WAY) -> dict[str, str]:
        """The whole in words."""
        amount = f"{given.dose.value} {given.dose.unit}" if given.dose else ""
        return {"text": f"{given.drug.text} {amount} {WORDS[way]}"}

    def route(self, way: WAY) -> dict[str, Any]:
        """The route in words."""
        return {"text": WORDS[way]}

    def site(self, site: str) -> dict[str, Any]:
        """The access, as the nurse named it."""
        return {"text": site}

    def amount(self, amount: Quantity) -> dict[str, Any]:
        """An amount in UCUM."""
        return quantity(amount)

    def note(self, text: str, given: Administration, stay: Stay) -> dict[str, Any]:
        """What the nurse wrote beside it."""
        return {"text": text}

    def charge(self, posted: Posted, stay: Stay) -> dict[str, Any]:
        """A ChargeItem with its code in `code`, and modifiers as extensions."""
        charge = posted.charge
        resource = {
            **self.began("ChargeItem", charge.id, posted.entered),
            "status": charge.status,
            "code": concept(billing(charge.code, posted.item.label)),
            "subject": self.points(charge.patient),
            "context": self.points(charge.encounter),
            "occurrenceDateTime": charge.day.isoformat() if charge.day else "",
            "quantity": {"value": number(charge.units)},
            "enteredDate": moment(posted.entered),
        }
        modifiers = [self.modifier(code) for code in charge.modifiers]
        return {**resource, "extension": modifiers} if modifiers else resource

    def modifier(self, code: str) -> dict[str, Any]:
        """A modifier of a charge."""
        return {"url": MODIFIER_CODE, "valueCodeableConcept": {"coding": [{"code": code}]}}

    def claim(self, charges: Sequence[ExistingCharge], stay: Stay, entered: datetime) -> dict[str, Any]:
        """An active Claim whose items name their encounter."""
        items = [
            {
                "sequence": place,
                "productOrService": concept(coding(CPT, charge.code)),
                **_on_claim(charge.modifiers),
                "servicedDate": charge.day.isoformat() if charge.day else "",
                "quantity": {"value": number(charge.units)},
                "encounter": [self.points(charge.encounter)],
            }
            for place, charge in enumerate(charges, 1)
        ]
        return {
            **self.began("Claim", f"Claim/{id_of(stay.encounter.id)}-claim", entered),
            "status": "active",
            "type": concept(coding(f"{HL7}claim-type", "institutional")),
            "use": "claim",
            "patient": self.points(stay.encounter.patient),
            "created": entered.date().isoformat(),
            "provider": self.points(stay.person.hospital.key, stay.person.hospital.name),
            "priority": concept(coding(f"{HL7}processpriority", "normal")),
            "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "primary"}}],
            "item": items,
        }

    def measure(self, sign: Sign, stay: Stay) -> dict[str, Any]:
        """An Observation of the body."""
        return {
            **self.began("Observation", sign.key, sign.at),
            "status": "final",
            "category": [concept(coding(f"{HL7}observation-category", "vital-signs"))],
            "code": concept(coding(LOINC, sign.loinc, sign.name)),
            "subject": self.points(stay.encounter.patient),
            "encounter": self.points(stay.encounter.id),
            "effectiveDateTime": moment(sign.at),
            "valueQuantity": {"value": number(sign.value), "unit": sign.unit, "system": UCUM, "code": sign.unit},
        }


def _on_claim(modifiers: tuple[str, ...]) -> dict[str, Any]:
    return {"modifier": [{"coding": [{"code": code}]} for code in modifiers]} if modifiers else {}


def _record_number(person: Person) -> dict[str, Any]:
    return {
        "type": concept(coding(IDENTIFIER_TYPE, "MR")),
        "system": RECORD_NUMBERS,
        "value": person.number,
    }


def _charted(given: Administration, stay: Stay) -> datetime:
    return given.stop or given.start or stay.recorded
