"""FHIR Bulk Data Access 2.0 for services: kick-off, status, files.

http://hl7.org/fhir/uv/bulkdata/export.html
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from plugin.sandbox.fhir import misbehaving
from plugin.sandbox.fhir.access import Access, access_of
from plugin.sandbox.fhir.dates import span_of
from plugin.sandbox.fhir.exact_json import dump
from plugin.sandbox.fhir.exports import Export, ExportBook
from plugin.sandbox.fhir.negotiation import FHIR_JSON, require_acceptable
from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.state import current

bulk = Blueprint("bulk", __name__, url_prefix="/fhir")

NDJSON = "application/fhir+ndjson"
FORMATS = ("", NDJSON, "application/ndjson", "ndjson")
# Every patient of the sandbox is in it; no other group is known.
GROUP = "everyone"
_KNOWN = frozenset({"_type", "_since", "_outputFormat"})


@bulk.before_request
def misbehave() -> Response | None:
    """Do what the fault switches say."""
    return misbehaving.before(current().faults)


@bulk.errorhandler(FhirError)
def refuse(error: FhirError) -> Response:
    """A refusal as an OperationOutcome."""
    return Response(dump(error.outcome()), error.status, error.headers, content_type=FHIR_JSON)


@bulk.get("/$export")
@bulk.get("/Group/<group>/$export")
def kick_off(group: str = GROUP) -> Response:
    """Begin an export; the answer says where to ask how far it is."""
    access = _access()
    require_acceptable(request)
    if "respond-async" not in request.headers.get("Prefer", ""):
        raise FhirError(400, "invalid", "An export takes a while: send Prefer: respond-async.")
    if group != GROUP:
        raise FhirError(404, "not-found", f"There is no such group; there is Group/{GROUP}.")
    types = [kind for kind in _asked_types() if access.covers(kind, "r")]
    export = _book().begin(access.client_id, request.url, types, _since())
    return Response("", 202, {"Content-Location": _address("status", export.key)})


@bulk.get("/$export-status/<key>")
def status(key: str) -> Response:
    """How far an export is, and at the end its files."""
    book = _book()
    export = book.find(key, _access().client_id)
    left = book.seconds_left(export)
    if left:
        return Response("", 202, {"Retry-After": str(left), "X-Progress": "being made"})
    return _manifest(export)


@bulk.delete("/$export-status/<key>")
def forget(key: str) -> Response:
    """Throw an export away."""
    book = _book()
    book.forget(book.find(key, _access().client_id))
    return Response("", 202)


@bulk.get("/$export-files/<key>/<int:number>.ndjson")
def download(key: str, number: int) -> Response:
    """One file: a resource a line."""
    book = _book()
    export = book.find(key, _access().client_id)
    if book.seconds_left(export) or number >= len(export.files):
        raise FhirError(404, "not-found", "There is no such file of this export.")
    _, numbers = export.files[number]
    lines = "".join(f"{found.body}\n" for found in current().resources.by_numbers(list(numbers)))
    return Response(lines, 200, content_type=NDJSON)


def _access() -> Access:
    access = access_of(current().tokens, request.headers.get("Authorization"))
    access.require_service()
    return access


def _book() -> ExportBook:
    sandbox = current()
    return ExportBook(sandbox.resources, sandbox.config.clock, sandbox.config.export_seconds)


def _address(place: str, rest: str) -> str:
    return f"{current().config.fhir_base}/$export-{place}/{rest}"


def _asked_types() -> list[str]:
    """The types to export.  Raises FhirError 400 on anything unknown, unless the client is lenient."""
    exported = [name for name in current().vendor.types if name not in current().vendor.vendor.not_exported]
    asked = [name for value in request.args.getlist("_type") for name in value.split(",") if name]
    unknown = [*(set(request.args) - _KNOWN), *(name for name in asked if name not in exported)]
    if request.args.get("_outputFormat", "") not in FORMATS:
        raise FhirError(400, "not-supported", f"_outputFormat can only be {NDJSON}.")
    if unknown and "handling=lenient" not in request.headers.get("Prefer", ""):
        raise FhirError(400, "not-supported", f"Not exported or not known here: {', '.join(sorted(unknown))}.")
    return [name for name in exported if name in asked] if asked else exported


def _since() -> float:
    """Epoch seconds.  Raises FhirError 400 where it is no instant."""
    text = request.args.get("_since")
    try:
        return span_of(text)[0] if text else 0.0
    except (ValueError, OverflowError) as error:
        raise FhirError(400, "value", f"_since: {error}") from None


def _manifest(export: Export) -> Response:
    moment = datetime.fromtimestamp(export.began, UTC).isoformat(timespec="milliseconds")
    output = [
        {"type": kind, "url": _address("files", f"{export.key}/{place}.ndjson"), "count": len(numbers)}
        for place, (kind, numbers) in enumerate(export.files)
    ]
    found = {"transactionTime": moment, "request": export.request, "requiresAccessToken": True}
    return jsonify({**found, "output": output, "error": []})
