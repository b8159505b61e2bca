"""Bodies of Oracle Health's charge operations, written out by hand after its documentation."""

import uuid
from typing import Any

EXTENSION = "https://fhir-ehr.cerner.com/r4/StructureDefinition"


def coding(kind: str, code: str) -> dict[str, Any]:
    """A code of a site's bill codes."""
    schedule = {"system": "https://fhir.cerner.com/site/codeSet/14002", "code": "615214"}
    return {
        "extension": [{"url": f"{EXTENSION}/bill-code-schedule", "valueCoding": schedule}],
        "system": f"https://fhir.cerner.com/site/CodeSystem/BillCodes-{kind}",
        "code": code,
    }


def charge_of(procedure: str = "96360", **changes: Any) -> dict[str, Any]:
    """A charge on patient amber as `$create` takes it; a change to None leaves the element out."""
    charge = {
        "resourceType": "ChargeItem",
        "status": "unknown",
        "code": {"coding": [coding("CPT", procedure)]},
        "subject": {"reference": "Patient/amber"},
        "context": {"reference": "Encounter/amber-1"},
        "occurrenceDateTime": "2026-03-02T10:00:00-05:00",
        "quantity": {"value": 1},
        **changes,
    }
    return {name: value for name, value in charge.items() if value is not None}


def creation(charge: dict[str, Any], transaction: str = "") -> dict[str, Any]:
    """The Parameters of `$create` and `$modify`."""
    return parameters({"name": "chargeItem", "resource": charge}, transaction=transaction)


def credit_of(version: str, transaction: str = "") -> dict[str, Any]:
    """The Parameters of `$credit`."""
    return parameters(
        {"name": "versionId", "valueId": version},
        {"name": "subject", "valueReference": {"reference": "Patient/amber"}},
        {"name": "context", "valueReference": {"reference": "Encounter/amber-1"}},
        transaction=transaction,
    )


def replacing(key: str, version: str) -> list[dict[str, Any]]:
    """The extension that says which charge another takes the place of."""
    item = {"url": "item-version", "valueId": version}
    return [
        {"url": f"{EXTENSION}/replacing", "extension": [item], "valueReference": {"reference": f"ChargeItem/{key}"}}
    ]


def parameters(*given: dict[str, Any], transaction: str = "") -> dict[str, Any]:
    """Parameters with a transaction id of their own."""
    first = {"name": "transactionId", "valueUuid": f"urn:uuid:{transaction or uuid.uuid4()}"}
    return {"resourceType": "Parameters", "parameter": [first, *given]}
