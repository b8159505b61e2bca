"""Errors of the FHIR endpoint; each becomes an OperationOutcome."""

from __future__ import annotations

from typing import Any


class FhirError(Exception):
    """A refusal with its HTTP status, issue code (FHIR IssueType), text, element path and details code."""

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        *,
        path: str | None = None,
        headers: dict[str, str] | None = None,
        details: str = "",
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.path = path
        self.headers = headers or {}
        self.details = details

    def outcome(self) -> dict[str, Any]:
        """The OperationOutcome resource."""
        return operation_outcome("error", self.code, self.text, self.path, self.details)


def operation_outcome(
    severity: str, code: str, text: str, path: str | None = None, details: str = ""
) -> dict[str, Any]:
    """One issue as an OperationOutcome; `details` is a code as Epic numbers them."""
    issue: dict[str, Any] = {"severity": severity, "code": code, "diagnostics": text}
    if details:
        issue["details"] = {"coding": [{"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369", "code": details}]}
    if path:
        issue["expression"] = [path]
    return {"resourceType": "OperationOutcome", "issue": [issue]}
