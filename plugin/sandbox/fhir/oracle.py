"""Charges as Oracle Health takes them: `$create`, `$modify`, `$credit`, and a search that wants a status.

After the public documentation of its ChargeItem operations; what it leaves open is decided here and nowhere proved:
a credited or replaced charge keeps its id and gets the extension `offset-by`.
"""

from __future__ import annotations

import re
from typing import Any

from plugin.sandbox.fhir.indexing import elements_at, split_reference
from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.fhir.resources import Resource, ResourceStore
from plugin.sandbox.fhir.validation import check_content

OPERATIONS = ("create", "modify", "credit")
EXTENSION = "https://fhir-ehr.cerner.com/r4/StructureDefinition"
_ELEMENTS = {
    *("resourceType", "extension", "status", "subject", "context", "occurrenceDateTime"),
    *("quantity", "code", "reason", "performer"),
}
_EXTENSIONS = {
    f"{EXTENSION}/{name}"
    for name in ("modifier-code", "procedure-code", "revenue-code", "national-drug-product", "replacing")
} | {f"{EXTENSION}/performing-location"}
_BILL_CODES = re.compile(r"https://fhir\.cerner\.com/[^/]+/CodeSystem/BillCodes-(CDM_SCHED|CPT|HCPCS|PROCCODE)")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REQUIRED = ("subject", "context", "occurrenceDateTime", "quantity", "code")


def create(store: ResourceStore, body: Resource) -> None:
    """`ChargeItem/$create`.  Raises FhirError 422."""
    given = _parameters(body)
    charge = _resource(given)
    _check(store, charge)
    if _is_new(store, given):
        store.create(_billable(charge))


def modify(store: ResourceStore, body: Resource) -> None:
    """`ChargeItem/$modify`: another charge takes the place of one.  Raises FhirError 404, 409, 422."""
    given = _parameters(body)
    charge = _resource(given)
    _check(store, charge)
    replacing = next((each for each in _extensions(charge) if each.get("url") == f"{EXTENSION}/replacing"), {})
    old = split_reference(str(next(elements_at(replacing, "valueReference.reference"), "")), store.base)
    version = str(next(elements_at(replacing, "extension.valueId"), ""))
    if old is None or not version:
        raise FhirError(422, "required", "The replacing extension names the charge and its item-version.")
    if _is_new(store, given):
        key = store.create(_billable(charge)).id
        _offset(store, old[1], version, f"ChargeItem/{key}")


def credit(store: ResourceStore, key: str, body: Resource) -> None:
    """`ChargeItem/id/$credit`: it counts no more.  Raises FhirError 404, 409, 422."""
    given = _parameters(body)
    version = str(next(elements_at(given, "versionId.valueId"), ""))
    if not version or not {"subject", "context"} <= given.keys():
        raise FhirError(422, "required", "versionId, subject and context are required.")
    if _is_new(store, given):
        _offset(store, key, version, f"ChargeItem/{key}-credit")


def require_billable_search(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The search without its status, which must be `-status=billable` beside a context.  Raises FhirError 400."""
    given = dict(pairs)
    if "_id" in given:
        return pairs
    if given.get("-status") != "billable" or "context" not in given:
        raise FhirError(400, "required", "Search with context and -status=billable, or by _id.")
    return [(name, value) for name, value in pairs if name != "-status"]


def is_offset(resource: Resource) -> bool:
    """Whether another charge has taken its place, or nothing has."""
    return any(each.get("url") == f"{EXTENSION}/offset-by" for each in _extensions(resource))


def _parameters(body: Resource) -> dict[str, Any]:
    listed = body.get("parameter")
    given = (
        {str(each.get("name")): each for each in listed if isinstance(each, dict)} if isinstance(listed, list) else {}
    )
    if not _UUID.fullmatch(str(given.get("transactionId", {}).get("valueUuid", ""))):
        raise FhirError(422, "required", "transactionId must be a UUID in lower case, as urn:uuid:...")
    return given


def _resource(given: dict[str, Any]) -> Resource:
    charge = given.get("chargeItem", {}).get("resource")
    if not isinstance(charge, dict) or charge.get("resourceType") != "ChargeItem":
        raise FhirError(422, "required", "The parameter chargeItem must hold a ChargeItem.")
    return charge


def _is_new(store: ResourceStore, given: dict[str, Any]) -> bool:
    """A transaction that was done before is not done again, and is answered as if it had been."""
    sql = "INSERT OR IGNORE INTO transactions VALUES (?)"
    return bool(store.database.change(sql, (given["transactionId"]["valueUuid"],)))


def _check(store: ResourceStore, charge: Resource) -> None:
    odd = sorted(set(charge) - _ELEMENTS) + sorted({str(each.get("url")) for each in _extensions(charge)} - _EXTENSIONS)
    if odd:
        raise FhirError(422, "not-supported", f"{odd[0]} is not supported.", path=f"ChargeItem.{odd[0]}")
    missing = [name for name in _REQUIRED if name not in charge]
    if missing:
        raise FhirError(422, "required", f"{missing[0]} is required.", path=f"ChargeItem.{missing[0]}")
    if charge.get("status") != "unknown":
        raise FhirError(422, "business-rule", "status must be unknown.", path="ChargeItem.status")
    if "T" not in str(charge["occurrenceDateTime"]):
        raise FhirError(422, "value", "occurrenceDateTime needs a time.", path="ChargeItem.occurrenceDateTime")
    _check_code(charge)
    check_content(store, charge)


def _check_code(charge: Resource) -> None:
    codings = list(elements_at(charge, "code.coding"))
    if len(codings) != 1 or not _BILL_CODES.fullmatch(str(codings[0].get("system"))):
        raise FhirError(
            422, "code-invalid", "code needs one coding, from the site's bill codes.", path="ChargeItem.code"
        )
    if not any(each.get("url") == f"{EXTENSION}/bill-code-schedule" for each in _extensions(codings[0])):
        raise FhirError(422, "required", "The coding needs its bill-code-schedule.", path="ChargeItem.code.coding")


def _billable(charge: Resource) -> Resource:
    return {**charge, "status": "billable"}


def _offset(store: ResourceStore, key: str, version: str, by: str) -> None:
    found = store.find("ChargeItem", key)
    if found is None:
        raise FhirError(404, "not-found", f"There is no ChargeItem/{key}.")
    resource = found.resource()
    if str(found.version) != version or is_offset(resource):
        raise FhirError(409, "conflict", f"ChargeItem/{key} has changed since version {version}.")
    mark = {"url": f"{EXTENSION}/offset-by", "valueReference": {"reference": by}}
    store.update({**resource, "extension": [*_extensions(resource), mark]}, key)


def _extensions(element: Any) -> list[dict[str, Any]]:
    found = element.get("extension", []) if isinstance(element, dict) else []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
