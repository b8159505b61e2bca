"""Small resources to make soups of."""

from typing import Any

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
CPT = "http://www.ama-assn.org/go/cpt"


def encounter(
    id: str = "e1", start: str = "2026-03-02T09:00:00-05:00", end: str = "2026-03-02T17:00:00-05:00", **more: Any
) -> dict[str, Any]:
    """An emergency visit of patient p1."""
    period = {key: value for key, value in (("start", start), ("end", end)) if value}
    base = {"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "EMER"}, "period": period}
    return {**base, "subject": {"reference": "Patient/p1"}, **more}


def administration(
    id: str = "m1", context: str = "Encounter/e1", start: str = "2026-03-02T10:00:00-05:00", **more: Any
) -> dict[str, Any]:
    """Half an hour of something, linked unless `context` is empty."""
    base: dict[str, Any] = {"resourceType": "MedicationAdministration", "id": id, "status": "completed"}
    base |= {"subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": "drug"}}
    base |= {"effectiveDateTime": start} if start else {}
    return {**base, **({"context": {"reference": context}} if context else {}), **more}


def condition(
    id: str = "c1", encounter: str = "", category: str = "", code: str = "K50.90", **more: Any
) -> dict[str, Any]:
    """A diagnosis of patient p1."""
    base: dict[str, Any] = {"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p1"}}
    base |= {"code": {"coding": [{"system": ICD10CM, "code": code}]}}
    base |= {"encounter": {"reference": encounter}} if encounter else {}
    base |= {"category": [{"coding": [{"code": category}]}]} if category else {}
    return {**base, **more}


def charge_item(
    id: str = "i1", encounter: str = "Encounter/e1", code: str = "96365", status: str = "billable", **more: Any
) -> dict[str, Any]:
    """A charge in the EHR."""
    base: dict[str, Any] = {
        "resourceType": "ChargeItem",
        "id": id,
        "status": status,
        "subject": {"reference": "Patient/p1"},
    }
    return {**base, "code": {"coding": [{"system": CPT, "code": code}]}, "context": {"reference": encounter}, **more}
