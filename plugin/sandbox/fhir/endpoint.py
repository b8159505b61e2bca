"""The FHIR routes under `/fhir`."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from plugin.sandbox.fhir.access import Access, access_of
from plugin.sandbox.fhir.capability import capability_statement
from plugin.sandbox.fhir.definitions import RESOURCE_TYPES
from plugin.sandbox.fhir.exact_json import dump
from plugin.sandbox.fhir.indexing import split_reference
from plugin.sandbox.fhir.negotiation import (
    FHIR_JSON,
    if_match,
    if_none_match_any,
    is_strict,
    preferred_return,
    require_acceptable,
    require_json_body,
)
from plugin.sandbox.fhir.outcomes import FhirError, operation_outcome
from plugin.sandbox.fhir.resources import Resource, Stored
from plugin.sandbox.fhir.search import Pairs, bundle_text, first_page, later_page, match
from plugin.sandbox.fhir.validation import check_content, check_id, parse_body
from plugin.sandbox.state import current

fhir = Blueprint("fhir", __name__, url_prefix="/fhir")


@fhir.before_request
def wait_and_negotiate() -> None:
    """Answer slowly where the fault switch says so; refuse what is not JSON."""
    current().faults.wait("slow")
    require_acceptable(request)


@fhir.errorhandler(FhirError)
def refuse(error: FhirError) -> Response:
    """A refusal as an OperationOutcome."""
    return _answer(dump(error.outcome()), error.status, error.headers)


@fhir.get("/metadata")
def metadata() -> Response:
    """The CapabilityStatement; needs no token."""
    config = current().config
    return _answer(dump(capability_statement(config.fhir_base, config.issuer)), 200)


@fhir.get("/<kind>/<key>")
def read(kind: str, key: str) -> Response:
    """Read the current version."""
    access = _access(kind, "r")
    found = current().resources.find(kind, key)
    if found is None:
        raise FhirError(404, "not-found", f"There is no {kind}/{key}.")
    access.require_patient(found.patient)
    return _answer(found.body, 200, _version_headers(found))


@fhir.get("/<kind>")
def search(kind: str) -> Response:
    """Search a type, or fetch a further page."""
    return _search(kind, list(request.args.items(multi=True)))


@fhir.post("/<kind>/_search")
def search_by_form(kind: str) -> Response:
    """Search a type with the parameters in a form."""
    return _search(kind, [*request.args.items(multi=True), *request.form.items(multi=True)])


@fhir.post("/<kind>")
def create(kind: str) -> Response:
    """Create with an id of the server's choice; `If-None-Exist` makes it conditional."""
    access = _access(kind, "c", write=True)
    body = _checked_body(kind, access)
    store = current().resources
    with store.database.writing():
        existing = _matching(kind, access, request.headers.get("If-None-Exist"))
        if existing is not None:
            return _answer_written(existing, 200)
        return _answer_written(store.create(body), 201)


@fhir.put("/<kind>/<key>")
def update(kind: str, key: str) -> Response:
    """Update, or create under the client's id."""
    access = _access(kind, "u", write=True)
    body = _checked_body(kind, access)
    check_id(key, body)
    expected, must_be_new = if_match(request), if_none_match_any(request)
    store = current().resources
    with store.database.writing():
        existing = store.find(kind, key)
        if existing is None:
            if expected is not None:
                raise FhirError(412, "conflict", f"There is no {kind}/{key}, so no version {expected} of it.")
            return _answer_written(store.create(body, key), 201)
        if must_be_new:
            raise FhirError(412, "conflict", f"{kind}/{key} exists already.")
        access.require_patient(existing.patient)
        return _answer_written(store.update(body, key, expected), 200)


def _access(kind: str, letter: str, *, write: bool = False) -> Access:
    if kind not in RESOURCE_TYPES:
        raise FhirError(404, "not-supported", f"This server has no {kind}; see /fhir/metadata.")
    if write and not RESOURCE_TYPES[kind].writable:
        raise FhirError(405, "not-supported", f"{kind} can only be read here.", headers={"Allow": "GET"})
    access = access_of(current().tokens, request.headers.get("Authorization"))
    access.require(kind, letter)
    return access


def _search(kind: str, pairs: Pairs) -> Response:
    access = _access(kind, "s")
    store = current().resources
    opaque = dict(pairs).get("_page")
    if opaque is not None:
        page = later_page(store, kind, opaque, access.patient)
    else:
        _require_own_patient(kind, access, pairs)
        page = first_page(store, kind, pairs, access.patient, strict=is_strict(request))
    return _answer(bundle_text(store, page), 200)


def _require_own_patient(kind: str, access: Access, pairs: Pairs) -> None:
    """A search that names another patient is refused, not answered with nothing."""
    names = {"_id"} if kind == "Patient" else {"patient", "subject"}
    for name, value in pairs:
        for choice in value.split(",") if name in names else ():
            found = split_reference(choice, current().resources.base)
            access.require_patient(found[1] if found else choice)


def _checked_body(kind: str, access: Access) -> Resource:
    require_json_body(request)
    body = parse_body(request.get_data(), kind)
    store = current().resources
    check_content(store, body)
    access.require_patient(store.patient_of(body))
    return body


def _matching(kind: str, access: Access, criteria: str | None) -> Stored | None:
    """What an If-None-Exist header finds.  Raises FhirError 412 where it finds several, 400 where it says nothing."""
    if criteria is None:
        return None
    store = current().resources
    found = match(store, kind, parse_qsl(criteria.lstrip("?")), access.patient, strict=True)
    if not found.used:
        raise FhirError(400, "value", "If-None-Exist needs search parameters, as in identifier=system|value.")
    if len(found.numbers) > 1:
        raise FhirError(412, "multiple-matches", f"If-None-Exist matches {len(found.numbers)} resources.")
    return store.by_numbers(found.numbers)[0] if found.numbers else None


def _version_headers(found: Stored) -> dict[str, str]:
    return {"ETag": f'W/"{found.version}"', "Last-Modified": current().http_date(found.updated)}


def _answer_written(found: Stored, status: int) -> Response:
    base = current().resources.base
    headers = _version_headers(found)
    headers["Location"] = f"{base}/{found.type}/{found.id}/_history/{found.version}"
    wanted = preferred_return(request)
    if wanted == "minimal":
        return _answer("", status, headers)
    if wanted == "OperationOutcome":
        done = operation_outcome("information", "informational", f"{found.type}/{found.id} version {found.version}.")
        return _answer(dump(done), status, headers)
    return _answer(found.body, status, headers)


def _answer(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    response = Response(text, status, headers, content_type=f"{FHIR_JSON}; charset=utf-8" if text else None)
    response.headers["Cache-Control"] = "no-store"
    return response
