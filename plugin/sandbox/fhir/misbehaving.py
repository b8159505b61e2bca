"""Faults of the FHIR endpoint: what goes wrong before a request is looked at, and after it was done."""

from __future__ import annotations

import time
from typing import Any

from flask import Response, request

from plugin.sandbox.faults import FaultSwitches
from plugin.sandbox.fhir.outcomes import FhirError, operation_outcome
from plugin.sandbox.fhir.search import Pairs

PAGE = "<!doctype html><title>Welcome</title><p>Welcome to the portal.</p>"
# Codes as Epic numbers them: some data left out; break the glass.
PARTIAL, GLASS = "4119", "4131"


def before(faults: FaultSwitches) -> Response | None:
    """Wait, refuse, or answer with a page of HTML.  Raises FhirError 429."""
    faults.wait("slow")
    seconds = faults.take("busy")
    if seconds is not None:
        raise FhirError(429, "throttled", "Too many requests.", headers={"Retry-After": str(seconds)})
    if request.method == "GET" and "/metadata" not in request.path and faults.take("html"):
        return Response(PAGE, 200, content_type="text/html; charset=utf-8")
    return None


def after(faults: FaultSwitches, response: Response) -> Response:
    """Lose the answer to a write that was done."""
    if request.method not in ("POST", "PUT") or response.status_code >= 300 or request.path.endswith("/_search"):
        return response
    if faults.take("error-after-write"):
        return Response("<h1>Internal Server Error</h1>", 500, content_type="text/html")
    milliseconds = faults.take("silence-after-write")
    if milliseconds is None:
        return response
    time.sleep(milliseconds / 1000)
    return Response("", 504)


def refuse_without_glass(faults: FaultSwitches, kind: str) -> None:
    """Raise FhirError 403 where this type is behind the glass."""
    if kind in (faults.take("break-the-glass") or ()):
        raise FhirError(403, "suppressed", "This record is protected; break the glass in the EHR.", details=GLASS)


def heard(faults: FaultSwitches, pairs: Pairs) -> Pairs:
    """The search parameters that aren't ignored in silence."""
    deaf = faults.take("ignored-parameters") or ()
    return [(name, value) for name, value in pairs if name not in deaf]


def warnings(faults: FaultSwitches) -> tuple[dict[str, Any], ...]:
    """OperationOutcomes that a search brings beside its matches."""
    if not faults.take("partial-data"):
        return ()
    return (operation_outcome("warning", "incomplete", "Some data was left out.", details=PARTIAL),)
