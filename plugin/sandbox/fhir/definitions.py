"""The resource types the sandbox knows: what may be done with each, and by which parameters it is found.

The endpoint, the search index and the CapabilityStatement all read this one table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchParam:
    """A search parameter: its FHIR kind, and the element paths (dotted, without the type) it looks at.

    `only` limits a reference to one target type (`patient` looks at `subject`, but only at Patients).
    """

    name: str
    kind: str
    paths: tuple[str, ...]
    only: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A resource type; `patient_path` is the reference that puts it into a patient's compartment."""

    name: str
    params: tuple[SearchParam, ...]
    patient_path: str | None = None
    writable: bool = False


def _param(name: str, kind: str, *paths: str, only: str | None = None) -> SearchParam:
    return SearchParam(name, kind, paths, only)


def _of_patient(element: str = "subject") -> tuple[SearchParam, SearchParam]:
    return _param("patient", "reference", element, only="Patient"), _param(element, "reference", element)


_EFFECTIVE = ("effectiveDateTime", "effectivePeriod")

_TYPES = (
    ResourceType("Patient", (_param("identifier", "token", "identifier"),), "@self"),
    ResourceType(
        "Encounter",
        (
            *_of_patient(),
            _param("date", "date", "period"),
            _param("status", "token", "status"),
            _param("class", "token", "class"),
        ),
        "subject",
    ),
    ResourceType(
        "Condition",
        (
            *_of_patient(),
            _param("encounter", "reference", "encounter"),
            _param("category", "token", "category"),
            _param("clinical-status", "token", "clinicalStatus"),
        ),
        "subject",
    ),
    ResourceType(
        "MedicationAdministration",
        (
            *_of_patient(),
            _param("context", "reference", "context"),
            _param("effective-time", "date", *_EFFECTIVE),
            _param("status", "token", "status"),
            _param("request", "reference", "request"),
        ),
        "subject",
    ),
    ResourceType(
        "MedicationRequest",
        (
            *_of_patient(),
            _param("encounter", "reference", "encounter"),
            _param("status", "token", "status"),
        ),
        "subject",
    ),
    ResourceType("Medication", (_param("code", "token", "code"),)),
    ResourceType(
        "Procedure",
        (*_of_patient(), _param("encounter", "reference", "encounter")),
        "subject",
    ),
    ResourceType(
        "Observation",
        (
            *_of_patient(),
            _param("encounter", "reference", "encounter"),
            _param("code", "token", "code"),
        ),
        "subject",
    ),
    ResourceType("AllergyIntolerance", (_param("patient", "reference", "patient"),), "patient"),
    ResourceType("Coverage", (_param("patient", "reference", "beneficiary", only="Patient"),), "beneficiary"),
    ResourceType("Practitioner", (_param("identifier", "token", "identifier"),)),
    ResourceType(
        "PractitionerRole",
        (_param("practitioner", "reference", "practitioner"),),
    ),
    ResourceType("Location", (_param("identifier", "token", "identifier"),)),
    ResourceType("Organization", (_param("identifier", "token", "identifier"),)),
    ResourceType("Device", (_param("patient", "reference", "patient"),), "patient"),
    ResourceType(
        "ChargeItem",
        (
            *_of_patient(),
            _param("context", "reference", "context"),
            _param("identifier", "token", "identifier"),
        ),
        "subject",
        writable=True,
    ),
    ResourceType(
        "Task",
        (
            _param("patient", "reference", "for", only="Patient"),
            _param("encounter", "reference", "encounter"),
            _param("identifier", "token", "identifier"),
            _param("status", "token", "status"),
        ),
        "for",
        writable=True,
    ),
    ResourceType(
        "Communication",
        (*_of_patient(), _param("identifier", "token", "identifier")),
        "subject",
        writable=True,
    ),
    ResourceType("Provenance", (_param("target", "reference", "target"),), "@target", writable=True),
)

RESOURCE_TYPES = {kind.name: kind for kind in _TYPES}
ID_PARAM = SearchParam("_id", "token", ("id",))
TASK_STATUSES = (
    *("draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold"),
    *("failed", "completed", "entered-in-error"),
)
CHARGE_STATUSES = ("planned", "billable", "not-billable", "aborted", "billed", "entered-in-error", "unknown")
