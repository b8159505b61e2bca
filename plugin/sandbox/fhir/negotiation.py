"""Content types, and the headers that make a request conditional."""

from __future__ import annotations

import re

from flask import Request
from werkzeug.datastructures import MIMEAccept

from plugin.sandbox.fhir.outcomes import FhirError

FHIR_JSON = "application/fhir+json"
_JSON_TYPES = (FHIR_JSON, "application/json", "text/json")
_FORMATS = (*_JSON_TYPES, "json")
_VERSION_TAG = re.compile(r'(?:W/)?"(\d+)"')


def require_acceptable(request: Request) -> None:
    """Raise FhirError 406 unless the client takes JSON; `_format` wins over Accept."""
    asked = request.args.get("_format", "").split(";")[0].strip()
    if not (asked in _FORMATS if asked else _takes_json(request.accept_mimetypes)):
        raise FhirError(406, "not-supported", f"Only JSON is spoken here: Accept: {FHIR_JSON}.")


def _takes_json(accept: MIMEAccept) -> bool:
    """Whether an Accept header allows JSON; parameters such as fhirVersion don't matter here."""
    names = [name.split(";")[0].strip().lower() for name, quality in accept if quality > 0]
    return not accept or any(name in (*_JSON_TYPES, "application/*", "*/*") for name in names)


def require_json_body(request: Request) -> None:
    """Raise FhirError 415 unless the body is declared as JSON."""
    if request.mimetype not in _JSON_TYPES:
        raise FhirError(415, "not-supported", f"Send Content-Type: {FHIR_JSON}.")


def if_match(request: Request) -> int | None:
    """The version an update insists on, or None.  Raises FhirError 400 on an unreadable tag."""
    return version_of(request.headers.get("If-Match"))


def version_of(tag: str | None) -> int | None:
    """The version in a tag, or None without one.  Raises FhirError 400 on an unreadable tag."""
    if tag is None:
        return None
    found = _VERSION_TAG.fullmatch(tag.strip())
    if not found:
        raise FhirError(400, "value", 'If-Match must be a version tag as in W/"3".')
    return int(found[1])


def if_none_match_any(request: Request) -> bool:
    """Whether the request insists that nothing is there.  Raises FhirError 400 on any other If-None-Match."""
    tag = request.headers.get("If-None-Match")
    if tag not in (None, "*"):
        raise FhirError(400, "value", "On an update, If-None-Match can only be *.")
    return tag == "*"


def preferred_return(request: Request) -> str:
    """`representation` (the default), `minimal` or `OperationOutcome`."""
    found = re.search(r"return=(minimal|representation|OperationOutcome)", request.headers.get("Prefer", ""))
    return found[1] if found else "representation"


def is_strict(request: Request) -> bool:
    """Whether the client wants unknown search parameters refused."""
    return "handling=strict" in request.headers.get("Prefer", "")
