"""OperationOutcome in words: what the EHR refused, and what the reader can do about it."""

import math
from collections.abc import Iterator
from typing import Any

from plugin.ehr.errors import FhirError

# Epic's codes, as published for its R4 interfaces; others are told by HTTP status.
BREAK_THE_GLASS = frozenset({"4130", "4131", "4134"})
PARTIAL_DATA = "4119"
EXPIRED_PAGE = "4113"

_BY_STATUS = {
    401: ("refused", "did not accept the app's sign-in; open the app again from the chart"),
    403: ("forbidden", "does not let you read this; ask for access or open the app as another user"),
    404: ("not-found", "does not have it"),
    410: ("not-found", "has deleted it"),
    429: ("busy", "is busy; try again in a moment"),
    503: ("busy", "is busy; try again in a moment"),
}


def explain_refusal(server: str, status: int, body: Any, wait: float | None = None) -> FhirError:
    """The refusal as an error fit for a page; the server's own text may hold patient data and is not repeated.

    `wait` is how many seconds the server asked for before it is asked again, None where it named none.
    """
    codes = tuple(sorted(outcome_codes(body)))
    if BREAK_THE_GLASS & set(codes):
        text = f"{server} protects this record; open it in the EHR with a reason, then launch the app again"
        return FhirError(text, status, "break-the-glass", codes)
    if EXPIRED_PAGE in codes:
        return FhirError(f"{server} has forgotten the next page; refresh to start again", status, "expired-page", codes)
    kind, text = _BY_STATUS.get(status, ("refused", f"answered with status {status}"))
    if kind == "busy" and wait:
        text = f"is busy; try again in {math.ceil(wait)} seconds"
    named = f" ({', '.join(codes)})" if codes else ""
    return FhirError(f"{server} {text}{named}", status, kind, codes)


def outcome_codes(body: Any) -> Iterator[str]:
    """The codes of an OperationOutcome: of each issue, and of its details; short ones only, so that none is a text."""
    for issue in outcome_issues(body):
        details = issue.get("details")
        codings = details.get("coding") if isinstance(details, dict) else None
        for holder in [issue, *(codings if isinstance(codings, list) else [])]:
            code = holder.get("code") if isinstance(holder, dict) else None
            if isinstance(code, str) and len(code) <= 40 and code.replace("-", "").isalnum():
                yield code


def outcome_issues(body: Any) -> Iterator[dict[str, Any]]:
    """The issues of an OperationOutcome, none when it isn't one."""
    if isinstance(body, dict) and body.get("resourceType") == "OperationOutcome":
        issues = body.get("issue")
        yield from (issue for issue in (issues if isinstance(issues, list) else []) if isinstance(issue, dict))
