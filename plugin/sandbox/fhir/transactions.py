"""Transaction Bundles: every entry is done, or none is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from plugin.sandbox.fhir import exact_json
from plugin.sandbox.fhir.access import Access
from plugin.sandbox.fhir.negotiation import version_of
from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.fhir.resources import Resource, ResourceStore, Stored
from plugin.sandbox.fhir.writing import Conditions, create_resource, update_resource

Allowed = Callable[[str, str], Access]


def process(store: ResourceStore, body: Resource, allowed: Allowed) -> dict[str, Any]:
    """Do a transaction; the Bundle of responses.

    `allowed(kind, letter)` says who may do it, or raises; creates and updates alone are taken.
    Raises FhirError, and then nothing was done.
    """
    if body.get("type") != "transaction":
        raise FhirError(400, "not-supported", "Only a Bundle of type transaction is processed.", path="Bundle.type")
    with store.database.writing():
        done = _Names()
        entries = [_one(store, entry, done, allowed) for entry in _entries(body)]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


def _entries(body: Resource) -> list[dict[str, Any]]:
    """The entries, each with a request and a resource."""
    found = body.get("entry", [])
    if not isinstance(found, list) or not all(_is_whole(entry) for entry in found):
        raise FhirError(400, "structure", "Each entry needs a request and a resource.", path="Bundle.entry")
    return found


def _is_whole(entry: Any) -> bool:
    parts = [entry.get(name) for name in ("request", "resource")] if isinstance(entry, dict) else [None]
    return all(isinstance(part, dict) for part in parts)


class _Names:
    """Where the resources of earlier entries went: their `urn:uuid:` stands for it in the later ones."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}

    def remember(self, full_url: object, stored: Stored) -> None:
        if isinstance(full_url, str) and full_url.startswith("urn:uuid:"):
            self._places[full_url] = f"{stored.type}/{stored.id}"

    def resolved(self, resource: Resource) -> Resource:
        text = exact_json.dump(resource)
        for name, place in self._places.items():
            text = text.replace(json.dumps(name), json.dumps(place))
        found: Resource = exact_json.load(text)
        return found


def _one(store: ResourceStore, entry: dict[str, Any], names: _Names, allowed: Allowed) -> dict[str, Any]:
    given, resource = entry["request"], names.resolved(entry["resource"])
    method, kind, key = given.get("method"), *_place(str(given.get("url", "")))
    if (method, bool(key)) not in (("POST", False), ("PUT", True)) or resource.get("resourceType") != kind:
        raise FhirError(
            400, "not-supported", "An entry is a POST of a type or a PUT of a resource.", path="Bundle.entry"
        )
    conditions = Conditions(given.get("ifNoneExist"), version_of(given.get("ifMatch")), given.get("ifNoneMatch") == "*")
    access = allowed(kind, "u" if key else "c")
    if key:
        stored, status = update_resource(store, access, key, resource, conditions)
    else:
        stored, status = create_resource(store, access, resource, conditions)
    names.remember(entry.get("fullUrl"), stored)
    location = f"{stored.type}/{stored.id}/_history/{stored.version}"
    said = {
        "status": str(status),
        "location": location,
        "etag": f'W/"{stored.version}"',
        "lastModified": stored.updated,
    }
    return {"response": said, "resource": stored.resource()}


def _place(url: str) -> tuple[str, str]:
    kind, _, key = url.partition("/")
    return kind, key
