"""The FHIR routes under `/fhir`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import Blueprint, Response, request

from plugin.sandbox.fhir import misbehaving, oracle
from plugin.sandbox.fhir.access import Access, access_of
from plugin.sandbox.fhir.capability import capability_statement
from plugin.sandbox.fhir.exact_json import dump
from plugin.sandbox.fhir.indexing import split_reference
from plugin.sandbox.fhir.instants import shown_as_instant
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
from plugin.sandbox.fhir.resources import Stored
from plugin.sandbox.fhir.search import Page, Pairs, bundle_text, first_page, later_page
from plugin.sandbox.fhir.transactions import process
from plugin.sandbox.fhir.validation import parse_body
from plugin.sandbox.fhir.writing import Conditions, create_resource, update_resource
from plugin.sandbox.state import current

fhir = Blueprint("fhir", __name__, url_prefix="/fhir")


@fhir.before_request
def misbehave_and_negotiate() -> Response | None:
    """Do what the fault switches say; refuse what is not JSON."""
    answer = misbehaving.before(current().faults)
    require_acceptable(request)
    return answer


@fhir.after_request
def misbehave_afterwards(response: Response) -> Response:
    """Do what the fault switches say."""
    return misbehaving.after(current().faults, response)


@fhir.errorhandler(FhirError)
def refuse(error: FhirError) -> Response:
    """A refusal as an OperationOutcome."""
    return _answer(dump(error.outcome()), error.status, error.headers)


@fhir.get("/metadata")
def metadata() -> Response:
    """The CapabilityStatement; needs no token."""
    config, switch = current().config, current().vendor
    return _answer(dump(capability_statement(config.fhir_base, config.issuer, switch.vendor)), 200)


@fhir.get("/<kind>/<key>")
def read(kind: str, key: str) -> Response:
    """Read the current version."""
    access = _access(kind, "r")
    return _answer_read(access, current().resources.find(kind, key), f"{kind}/{key}")


@fhir.get("/<kind>/<key>/_history/<int:version>")
def read_version(kind: str, key: str, version: int) -> Response:
    """Read one version."""
    access = _access(kind, "r")
    return _answer_read(access, current().resources.version(kind, key, version), f"version {version} of {kind}/{key}")


@fhir.get("/<kind>")
def search(kind: str) -> Response:
    """Search a type, or fetch a further page."""
    return _search(kind, list(request.args.items(multi=True)))


@fhir.post("/<kind>/_search")
def search_by_form(kind: str) -> Response:
    """Search a type with the parameters in a form."""
    return _search(kind, [*request.args.items(multi=True), *request.form.items(multi=True)])


@fhir.post("/", strict_slashes=False)
def transaction() -> Response:
    """Do every entry of a Bundle, or none."""
    if not current().vendor.vendor.transactions:
        raise FhirError(422, "not-supported", "This server takes no Bundles.")
    access_of(current().tokens, request.headers.get("Authorization"))
    require_json_body(request)
    body = parse_body(request.get_data(), "Bundle")
    return _answer(dump(process(current().resources, body, partial(_access, write=True))), 200)


@fhir.post("/<kind>")
def create(kind: str) -> Response:
    """Create with an id of the server's choice; `If-None-Exist` makes it conditional."""
    access = _access(kind, "c", write=True)
    require_json_body(request)
    conditions = Conditions(if_none_exist=request.headers.get("If-None-Exist"))
    body = parse_body(request.get_data(), kind)
    return _answer_written(*create_resource(current().resources, access, body, conditions))


@fhir.put("/<kind>/<key>")
def update(kind: str, key: str) -> Response:
    """Update, or create under the client's id."""
    access = _access(kind, "u", write=True)
    require_json_body(request)
    conditions = Conditions(if_match=if_match(request), must_be_new=if_none_match_any(request))
    body = parse_body(request.get_data(), kind)
    return _answer_written(*update_resource(current().resources, access, key, body, conditions))


@fhir.post("/ChargeItem/$<any(create, modify):operation>")
def operate(operation: str) -> Response:
    """Oracle Health's ways of making a charge."""
    body = _operation_body()
    {"create": oracle.create, "modify": oracle.modify}[operation](current().resources, body)
    return _answer_operated()


@fhir.post("/ChargeItem/<key>/$credit")
def credit(key: str) -> Response:
    """Oracle Health's way of taking a charge back."""
    oracle.credit(current().resources, key, _operation_body())
    return _answer_operated()


def _operation_body() -> dict[str, object]:
    if current().vendor.vendor.charges != "operations":
        raise FhirError(404, "not-supported", "This server has no such operation; see /fhir/metadata.")
    _access("ChargeItem", "c")
    require_json_body(request)
    return parse_body(request.get_data(), "Parameters")


def _access(kind: str, letter: str, *, write: bool = False) -> Access:
    types = current().vendor.types
    if kind not in types:
        raise FhirError(404, "not-supported", f"This server has no {kind}; see /fhir/metadata.")
    if write and not types[kind].writable:
        raise FhirError(405, "not-supported", f"{kind} can only be read here.", headers={"Allow": "GET"})
    access = access_of(current().tokens, request.headers.get("Authorization"))
    access.require(kind, letter)
    misbehaving.refuse_without_glass(current().faults, kind)
    return access


def _search(kind: str, pairs: Pairs) -> Response:
    access = _access(kind, "s")
    sandbox = current()
    opaque = dict(pairs).get("_page")
    page = _further_page(kind, opaque, access) if opaque is not None else _found(kind, pairs, access)
    if kind == "ChargeItem" and sandbox.vendor.vendor.charges == "operations":
        page = replace(page, entries=[each for each in page.entries if not oracle.is_offset(each.resource())])
    page = replace(page, warnings=(*page.warnings, *misbehaving.warnings(sandbox.faults)))
    return _answer(bundle_text(sandbox.resources, page, _shown, total=sandbox.vendor.vendor.totals), 200)


def _further_page(kind: str, opaque: str, access: Access) -> Page:
    faults = current().faults
    if faults.take("expired-pages"):
        opaque = ""
    return later_page(current().resources, kind, opaque, access.patient, again=bool(faults.take("duplicate-pages")))


def _found(kind: str, pairs: Pairs, access: Access) -> Page:
    """The first page, by the parameters that the vendor and the faults leave."""
    sandbox = current()
    vendor = sandbox.vendor.vendor
    _require_own_patient(kind, access, pairs)
    if kind == "ChargeItem" and vendor.charges == "operations":
        pairs = oracle.require_billable_search(pairs)
    if vendor.only_id and "_id" in dict(pairs):
        pairs = [(name, value) for name, value in pairs if name == "_id"]
    heard = misbehaving.heard(sandbox.faults, pairs)
    strict = is_strict(request) or vendor.unknown == "refused"
    return first_page(
        sandbox.resources, kind, heard, access.patient, strict=strict, params=sandbox.vendor.types[kind].params
    )


def _require_own_patient(kind: str, access: Access, pairs: Pairs) -> None:
    """A search that names another patient is refused, not answered with nothing."""
    names = {"_id"} if kind == "Patient" else {"patient", "subject"}
    for name, value in pairs:
        for choice in value.split(",") if name in names else ():
            found = split_reference(choice, current().resources.base)
            access.require_patient(found[1] if found else choice)


def _shown(found: Stored) -> str:
    """The body as this vendor shows it."""
    return shown_as_instant(found) if current().vendor.vendor.instants else found.body


def _version_headers(found: Stored) -> dict[str, str]:
    return {"ETag": f'W/"{found.version}"', "Last-Modified": current().http_date(found.updated)}


def _answer_read(access: Access, found: Stored | None, what: str) -> Response:
    if found is None:
        raise FhirError(404, "not-found", f"There is no {what}.")
    access.require_patient(found.patient)
    return _answer(_shown(found), 200, _version_headers(found))


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


def _answer_operated() -> Response:
    """Nothing, and the operation's own address as the place: what came of it has to be searched for."""
    return _answer("", 201, {"Location": request.base_url})


def _answer(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    response = Response(text, status, headers, content_type=f"{FHIR_JSON}; charset=utf-8" if text else None)
    response.headers["Cache-Control"] = "no-store"
    return response
