"""Domain values to FHIR as EHRs of different make write it: what generated exports are made of.

The shapes differ where real servers do: how the drug is named, where the route stands, what a reference looks like.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from fhir_mappings.systems import CPT, HCPCS, ICD10CM, RXNORM, SNOMED, UCUM
from plugin.domain import Administration, Diagnosis, Drug, Encounter, ExistingCharge, Quantity, Route, Technique

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
V3_ROUTE = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
ORACLE = "https://fhir-ehr.cerner.com/r4/StructureDefinition/"
META = {"versionId": "1", "lastUpdated": "2026-11-01T00:00:00Z"}
SERVER = "https://ehr.example.org/fhir/r4/"
SNOMED_ROUTES = {
    Route.INTRAVENOUS: ("47625008", "Intravenous route"),
    Route.INTRAMUSCULAR: ("78421000", "Intramuscular route"),
    Route.SUBCUTANEOUS: ("34206005", "Subcutaneous route"),
    Route.ENTERAL: ("26643006", "Oral route"),
}
V3_CODES = {
    (Route.INTRAVENOUS, Technique.PUSH): "IVPUSH",
    (Route.INTRAVENOUS, Technique.INFUSION): "IVPB",
    (Route.INTRAMUSCULAR, Technique.INJECTION): "IM",
    (Route.SUBCUTANEOUS, Technique.INJECTION): "SQ",
    (Route.ENTERAL, None): "PO",
}
WORDS = {
    (Route.INTRAVENOUS, Technique.PUSH): "IV push",
    (Route.INTRAVENOUS, Technique.INFUSION): "IV piggyback",
    (Route.INTRAMUSCULAR, Technique.INJECTION): "IM injection",
    (Route.SUBCUTANEOUS, Technique.INJECTION): "subcutaneous injection",
    (Route.ENTERAL, None): "by mouth",
}


class Shape(Enum):
    """Whose way of writing it is."""

    CODED = "coded"  # a drug by RxNorm, a route by HL7 v3, relative references
    WORDED = "worded"  # drug and route in words alone
    CONTAINED = "contained"  # a contained Medication with its ingredient, absolute references with versions
    POINTED = "pointed"  # a Medication resource of its own, a route by SNOMED CT
    INSTANT = "instant"  # one moment and the minutes it was to infuse over, as Oracle Health writes infusions


def write_patient(id: str, birth_year: int) -> dict[str, Any]:
    """A Patient nobody knows: an id, a year of birth."""
    return {"resourceType": "Patient", "id": _id(id), "meta": META, "birthDate": str(birth_year), "active": True}


def write_encounter(encounter: Encounter, unit: str) -> dict[str, Any]:
    """A finished Encounter in a unit of the house."""
    return {
        "resourceType": "Encounter",
        "id": _id(encounter.id),
        "meta": META,
        "status": encounter.status,
        "class": {"system": ACT_CODE, "code": encounter.encounter_class},
        "subject": {"reference": encounter.patient},
        "period": _span(encounter.start, encounter.stop),
        "location": [{"location": {"display": unit}}],
    }


def write_condition(diagnosis: Diagnosis, patient: str, encounter: str) -> dict[str, Any]:
    """A Condition with its ICD-10-CM code."""
    return {
        "resourceType": "Condition",
        "id": _id(diagnosis.id),
        "meta": META,
        "category": [{"coding": [{"system": CATEGORY, "code": diagnosis.category}]}],
        "code": {"coding": [{"system": ICD10CM, "code": diagnosis.icd10cm()}]},
        "subject": {"reference": patient},
        "encounter": {"reference": encounter},
    }


def write_administration(given: Administration, patient: str, encounter: str, shape: Shape) -> list[dict[str, Any]]:
    """A MedicationAdministration, after the Medication it points to if it does so; `encounter` may be empty."""
    absolute = shape is Shape.CONTAINED
    resource: dict[str, Any] = {
        "resourceType": "MedicationAdministration",
        "id": _id(given.id),
        "meta": META,
        "status": given.status.value,
        "subject": _reference(patient, absolute),
        **({"context": _reference(encounter, absolute)} if encounter else {}),
        **_when(given),
        "request": _reference(given.request, absolute),
        "dosage": _dosage(given, shape),
        "performer": [{"actor": {"reference": given.performers[0]}}] if given.performers else [],
        **({"note": [{"text": text} for text in given.notes]} if given.notes else {}),
    }
    return [*_name_drug(resource, given, shape), resource]


def _name_drug(resource: dict[str, Any], given: Administration, shape: Shape) -> list[dict[str, Any]]:
    medication: dict[str, Any] = {"resourceType": "Medication", "id": "bag", "code": _drug(given.drug)}
    if shape is Shape.CONTAINED:
        medication["ingredient"] = [{"itemCodeableConcept": _drug(given.drug)}]
        resource["contained"] = [medication]
        resource["medicationReference"] = {"reference": "#bag", "display": given.drug.text}
    elif shape is Shape.POINTED:
        medication["id"] = "med-" + _id(given.id)
        resource["medicationReference"] = {"reference": f"Medication/{medication['id']}"}
        return [medication]
    else:
        resource["medicationCodeableConcept"] = (
            {"text": given.drug.text} if shape is Shape.WORDED else _drug(given.drug)
        )
    return []


def _drug(drug: Drug) -> dict[str, Any]:
    codings = [{"system": RXNORM, "code": t.code, "display": t.text} for t in drug.terms if t.system == "rxnorm"]
    return {"coding": codings, "text": drug.text} if codings else {"text": drug.text}


def _when(given: Administration) -> dict[str, Any]:
    if not given.instant:
        return {"effectivePeriod": _span(given.start, given.stop)}
    when: dict[str, Any] = {"effectiveDateTime": given.start.isoformat() if given.start else ""}
    if given.infuse_over is not None:
        minutes = {"value": int(given.infuse_over), "unit": "minutes", "system": UCUM, "code": "min"}
        when["extension"] = [{"url": f"{ORACLE}infuse-over-time", "valueQuantity": minutes}]
    return when


def _span(start: datetime | None, stop: datetime | None) -> dict[str, str]:
    ends = (("start", start), ("end", stop))
    return {name: at.isoformat() for name, at in ends if at is not None}


def _dosage(given: Administration, shape: Shape) -> dict[str, Any]:
    way = (given.route or Route.OTHER, given.technique)
    dosage: dict[str, Any] = {"route": _route(*way, shape)}
    if shape is Shape.WORDED:
        dosage["text"] = f"{given.drug.text} {_amount(given.dose)} {WORDS[way]}"
    if given.site:
        dosage["site"] = {"text": given.site}
    if given.dose is not None:
        dosage["dose"] = _quantity(given.dose)
    if given.rate is not None:
        above, below = given.rate.amount, given.rate.per
        dosage["rateRatio"] = {"numerator": _quantity(above), "denominator": _quantity(below)}
    return dosage


def _route(route: Route, technique: Technique | None, shape: Shape) -> dict[str, Any]:
    words = WORDS[(route, technique)]
    if shape is Shape.CODED:
        return {"coding": [{"system": V3_ROUTE, "code": V3_CODES[(route, technique)]}]}
    if shape is Shape.WORDED:
        return {"text": words}
    code, display = SNOMED_ROUTES[route]
    return {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": words}


def _quantity(quantity: Quantity) -> dict[str, Any]:
    value = quantity.value
    number = int(value) if value == value.to_integral_value() else float(value)
    return {"value": number, "unit": quantity.unit, "system": UCUM, "code": quantity.unit}


def _amount(quantity: Quantity | None) -> str:
    return f"{quantity.value} {quantity.unit}" if quantity else ""


def write_charge(charge: ExistingCharge, *, extended: bool) -> dict[str, Any]:
    """A ChargeItem as it stands in an EHR; `extended` has its code in an extension beside a chargemaster item."""
    coding = {"system": HCPCS if charge.code[:1].isalpha() else CPT, "code": charge.code}
    resource: dict[str, Any] = {
        "resourceType": "ChargeItem",
        "id": _id(charge.id),
        "meta": META,
        "status": charge.status,
        "code": {"coding": [coding]},
        "subject": {"reference": charge.patient},
        "context": {"reference": charge.encounter},
        "occurrenceDateTime": charge.day.isoformat() if charge.day else "",
        "quantity": {"value": int(charge.units)},
    }
    if extended:
        resource["code"] = {"coding": [{"system": "urn:chargemaster", "code": f"CDM-{charge.code}"}]}
        resource["extension"] = [_extension("procedure-code", coding)]
    if charge.modifiers:
        modifiers = [_extension("modifier-code", {"code": code}) for code in charge.modifiers]
        resource["extension"] = [*resource.get("extension", []), *modifiers]
    return resource


def _extension(name: str, coding: dict[str, str]) -> dict[str, Any]:
    return {"url": f"{ORACLE}{name}", "valueCodeableConcept": {"coding": [coding]}}


def write_claim(id: str, patient: str, charges: Sequence[ExistingCharge]) -> dict[str, Any]:
    """An active Claim whose items name their encounter."""
    items = [
        {
            "sequence": number,
            "productOrService": {"coding": [{"system": CPT, "code": charge.code}]},
            "servicedDate": charge.day.isoformat() if charge.day else "",
            "quantity": {"value": int(charge.units)},
            "encounter": [{"reference": charge.encounter}],
            **({"modifier": [{"coding": [{"code": code}]} for code in charge.modifiers]} if charge.modifiers else {}),
        }
        for number, charge in enumerate(charges, 1)
    ]
    claim = {"resourceType": "Claim", "id": id, "meta": META, "status": "active", "use": "claim"}
    return {**claim, "patient": {"reference": patient}, "item": items}


def _reference(key: str, absolute: bool) -> dict[str, str]:
    return {"reference": f"{SERVER}{key}/_history/1" if absolute else key}


def _id(key: str) -> str:
    return key.rsplit("/", 1)[-1]
