"""Creating and updating resources, for single requests and for the entries of a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from plugin.sandbox.fhir.access import Access
from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.fhir.resources import Resource, ResourceStore, Stored
from plugin.sandbox.fhir.search import match
from plugin.sandbox.fhir.validation import check_content, check_id


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a write insists on: criteria that nothing matches, a version, or that nothing is there."""

    if_none_exist: str | None = None
    if_match: int | None = None
    must_be_new: bool = False


def create_resource(store: ResourceStore, access: Access, body: Resource, conditions: Conditions) -> tuple[Stored, int]:
    """Create with an id of the server's choice; the resource and 201, or what is there already and 200.

    Raises FhirError.
    """
    _check(store, access, body)
    with store.database.writing():
        existing = _matching(store, body["resourceType"], access, conditions.if_none_exist)
        return (existing, 200) if existing else (store.create(body), 201)


def update_resource(
    store: ResourceStore, access: Access, key: str, body: Resource, conditions: Conditions
) -> tuple[Stored, int]:
    """Update and 200, or create under the client's id and 201.  Raises FhirError."""
    kind, expected = body["resourceType"], conditions.if_match
    check_id(key, body)
    _check(store, access, body)
    with store.database.writing():
        existing = store.find(kind, key)
        if existing is None:
            if expected is not None:
                raise FhirError(412, "conflict", f"There is no {kind}/{key}, so no version {expected} of it.")
            return store.create(body, key), 201
        if conditions.must_be_new:
            raise FhirError(412, "conflict", f"{kind}/{key} exists already.")
        access.require_patient(existing.patient)
        return store.update(body, key, expected), 200


def _check(store: ResourceStore, access: Access, body: Resource) -> None:
    check_content(store, body)
    access.require_patient(store.patient_of(body))


def _matching(store: ResourceStore, kind: str, access: Access, criteria: str | None) -> Stored | None:
    """What an If-None-Exist header finds.  Raises FhirError 412 where it finds several, 400 where it says nothing."""
    if criteria is None:
        return None
    found = match(store, kind, parse_qsl(criteria.lstrip("?")), access.patient, strict=True)
    if not found.used:
        raise FhirError(400, "value", "If-None-Exist needs search parameters, as in identifier=system|value.")
    if len(found.numbers) > 1:
        raise FhirError(412, "multiple-matches", f"If-None-Exist matches {len(found.numbers)} resources.")
    return store.by_numbers(found.numbers)[0] if found.numbers else None
