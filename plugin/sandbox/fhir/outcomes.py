"""Errors of the FHIR endpoint; each becomes an OperationOutcome."""

from __future__ import annotations

from typing import Any


class FhirError(Exception):
    """A refusal with its HTTP status, issue code (FHIR IssueType), text, and element path where there is one."""

    def __init__(
        self, status: int, code: str, text: str, *, path: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.path = path
        self.headers = headers or {}

    def outcome(self) -> dict[str, Any]:
        """The OperationOutcome resource."""
        return operation_outcome("error", self.code, self.text, self.path)


def operation_outcome(severity: str, code: str, text: str, path: str | None = None) -> dict[str, Any]:
    """One issue as an OperationOutcome."""
    issue: dict[str, Any] = {"severity": severity, "code": code, "diagnostics": text}
    if path:
        issue["expression"] = [path]
    return {"resourceType": "OperationOutcome", "issue": [issue]}
