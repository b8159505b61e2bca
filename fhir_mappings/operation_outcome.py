"""OperationOutcome: what a server said among its results."""

from typing import Any

from fhir_mappings.elements import Element, Log, shown
from plugin.domain import MappingIssue

PARTIAL = ("incomplete", "suppressed", "timeout", "throttled", "too-costly", "exception", "processing", "transient")
PARTIAL_DATA_CODES = ("4119", "59204", "59208")


def read_outcome(outcome: dict[str, Any], resource: str) -> list[MappingIssue]:
    """The issues of an OperationOutcome a server sent among the results.

    Errors, and warnings that say data was withheld, block the word complete; information does not.
    """
    log = Log(resource)
    element = Element(outcome, "OperationOutcome", log, matters=False)
    for issue in element.children("issue"):
        severity, code = issue.text("severity"), issue.text("code")
        details = issue.child("details")
        codes = [c.text("code") for c in details.children("coding")] if details else []
        said = issue.text("diagnostics") or (details.text("text") if details else "") or code or severity
        partial = code in PARTIAL or any(c in PARTIAL_DATA_CODES for c in codes)
        blocks = severity in ("error", "fatal") or (severity == "warning" and partial)
        log.issues.append(
            MappingIssue(resource, issue.path, shown(said), f"the server reported {severity or 'an issue'}", blocks)
        )
    return log.issues
