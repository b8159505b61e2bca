"""The least a written resource must hold to be taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from plugin.sandbox.fhir import exact_json
from plugin.sandbox.fhir.definitions import CHARGE_STATUSES, TASK_STATUSES
from plugin.sandbox.fhir.indexing import reference_at
from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.fhir.resources import Resource, ResourceStore

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def parse_body(text: bytes, kind: str) -> Resource:
    """The resource in a request body.  Raises FhirError 400 where it is no JSON object of that type."""
    try:
        body = exact_json.load(text)
        exact_json.dump(body)
    except (ValueError, RecursionError) as error:
        raise FhirError(400, "structure", f"The body is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise FhirError(400, "structure", "The body must be one JSON object.")
    if body.get("resourceType") != kind:
        raise FhirError(400, "invalid", f"resourceType must be {kind!r}.", path="resourceType")
    return body


def check_id(key: str, body: Resource) -> None:
    """Raise FhirError 400 unless the address holds a FHIR id and the body the same one."""
    if not _ID.fullmatch(key):
        raise FhirError(400, "value", "An id has 1 to 64 letters, digits, hyphens and dots.", path="id")
    if body.get("id") != key:
        raise FhirError(400, "invalid", f"The id of the body must be {key!r}, as in the address.", path="id")


def check_content(store: ResourceStore, body: Resource) -> None:
    """Raise FhirError 422 where a required element is missing or a required code is not in its list."""
    _CHECKS[body["resourceType"]](store, body)


def _check_charge_item(store: ResourceStore, body: Resource) -> None:
    if body.get("status") not in CHARGE_STATUSES:
        raise FhirError(
            422, "code-invalid", f"status must be one of {', '.join(CHARGE_STATUSES)}.", path="ChargeItem.status"
        )
    code: Any = body.get("code")
    if not isinstance(code, dict) or not (code.get("coding") or code.get("text")):
        raise FhirError(422, "required", "code is required.", path="ChargeItem.code")
    subject = _existing(store, body, "subject", required=True)
    context = _existing(store, body, "context", required=False)
    if context is not None and context != subject:
        raise FhirError(422, "business-rule", "context belongs to another patient.", path="ChargeItem.context")


def _check_provenance(store: ResourceStore, body: Resource) -> None:
    _existing(store, body, "target", required=True)
    for element in ("recorded", "agent"):
        if not body.get(element):
            raise FhirError(422, "required", f"{element} is required.", path=f"Provenance.{element}")


def _check_task(store: ResourceStore, body: Resource) -> None:
    if body.get("status") not in TASK_STATUSES:
        raise FhirError(422, "code-invalid", f"status must be one of {', '.join(TASK_STATUSES)}.", path="Task.status")
    if body.get("intent") not in ("order", "proposal", "plan", "instance-order"):
        raise FhirError(422, "code-invalid", "intent must be an intent of a task.", path="Task.intent")
    _existing(store, body, "for", required=True)


def _check_communication(store: ResourceStore, body: Resource) -> None:
    if body.get("status") not in ("preparation", "in-progress", "completed", "entered-in-error"):
        raise FhirError(422, "code-invalid", "status must be an event status.", path="Communication.status")
    _existing(store, body, "subject", required=True)


def _existing(store: ResourceStore, body: Resource, element: str, *, required: bool) -> str | None:
    """The patient of the resource an element refers to."""
    path = f"{body['resourceType']}.{element}"
    if element not in body and not required:
        return None
    found = reference_at(body, element, store.base)
    if found is None:
        raise FhirError(422, "required", f"{element} must refer to a resource of this server.", path=path)
    target = store.find(*found)
    if target is None:
        raise FhirError(422, "not-found", f"{element}: there is no {found[0]}/{found[1]}.", path=path)
    return target.patient


_CHECKS: dict[str, Callable[[ResourceStore, Resource], None]] = {
    "ChargeItem": _check_charge_item,
    "Communication": _check_communication,
    "Task": _check_task,
    "Provenance": _check_provenance,
}
