"""Which way charges go to an EHR: what its tenant entry says, else what its CapabilityStatement can take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin.ehr.sinks.support import ChargeItemSupport
from plugin.ehr.tenants import Tenant

FHIR_CREATE, ORACLE_OPERATIONS, EXPORT = "fhir_create", "oracle_operations", "export"
ORACLE = {"charge-item-create", "charge-item-modify", "charge-item-credit"}

_WORDS = {
    FHIR_CREATE: "Accepted charges are written to the EHR as ChargeItem resources.",
    ORACLE_OPERATIONS: "Accepted charges are sent to the EHR by its charge operations, once a coder has accepted them.",
    EXPORT: "This EHR takes no charges from apps: what a coder accepts is kept for the export to billing.",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen way: its `kind`, and in `words` what it means for the person who accepts.

    `lacking` says what the EHR doesn't declare and the way needs; empty when nothing is missing.
    """

    kind: str
    support: ChargeItemSupport
    words: str
    lacking: str = ""


def choose_sink(tenant: Tenant, statement: Mapping[str, Any]) -> Choice:
    """Choose by the tenant's `sink`; `auto` takes the first way that the statement declares, else the export."""
    support = ChargeItemSupport.of(statement)
    kind = _declared(support) if tenant.sink == "auto" else tenant.sink
    return Choice(kind, support, _WORDS[kind], _lacking(kind, support))


def _declared(support: ChargeItemSupport) -> str:
    if support.create or support.client_ids:
        return FHIR_CREATE
    return ORACLE_OPERATIONS if support.operations >= ORACLE else EXPORT


def _lacking(kind: str, support: ChargeItemSupport) -> str:
    if kind == FHIR_CREATE and not (support.create or support.client_ids):
        return "The EHR declares no way to create a ChargeItem."
    missing = sorted(ORACLE - support.operations) if kind == ORACLE_OPERATIONS else []
    return f"The EHR doesn't declare {', '.join(missing)}." if missing else ""
