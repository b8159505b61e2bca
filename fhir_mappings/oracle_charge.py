"""Oracle Health's charge operations: a draft as the Parameters of `$create`, `$modify` and `$credit`.

Only the elements its documentation lists are written; any other is answered with 422.
Source: Oracle Health Millennium Platform APIs, ChargeItem (`$create`, `$modify`, `$credit`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_mappings.charge_item import written_package, written_time
from fhir_mappings.systems import ORACLE_CODES, ORACLE_EXTENSION
from plugin.domain import ChargeDraft

Extension = dict[str, Any]


class NoSchedule(Exception):
    """The site's bill code schedule for a bill code type is not known; `kind` is the type."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class OracleSite:
    """A site's names for things: `source` its id in code systems, `schedules` its bill code schedules by type."""

    source: str
    schedules: Mapping[str, str] = field(default_factory=dict)

    def coding(self, kind: str, code: str) -> dict[str, Any]:
        """One code of the site's bill codes; raises NoSchedule."""
        if kind not in self.schedules:
            raise NoSchedule(kind)
        schedule = {"system": f"{ORACLE_CODES}/{self.source}/codeSet/14002", "code": self.schedules[kind]}
        return {
            "extension": [{"url": f"{ORACLE_EXTENSION}/bill-code-schedule", "valueCoding": schedule}],
            "system": f"{ORACLE_CODES}/{self.source}/CodeSystem/BillCodes-{kind}",
            "code": code,
        }


@dataclass(frozen=True, slots=True)
class Replaced:
    """The charge that a modified one takes the place of."""

    reference: str
    version: str


def write_oracle_charge(
    draft: ChargeDraft,
    site: OracleSite,
    *,
    charge_code: str = "",
    revenue_code: str = "",
    replaces: Replaced | None = None,
) -> dict[str, Any]:
    """The ChargeItem inside `$create` and `$modify`; raises NoSchedule.

    The charge-master code goes first where the site has one, and the procedure code beside it.
    """
    charge = draft.charge
    procedure = site.coding(charge.system, charge.code)
    extensions = [_numbered("modifier-code", site.coding("MODIFIER", each), n) for n, each in _counted(draft.modifiers)]
    if charge_code:
        extensions.append(_numbered("procedure-code", procedure, 1))
    if revenue_code and "REVENUE" in site.schedules:
        concept = {"coding": [site.coding("REVENUE", revenue_code)]}
        extensions.append({"url": f"{ORACLE_EXTENSION}/revenue-code", "valueCodeableConcept": concept})
    extensions += [*written_package(charge), *_replacing(replaces)]
    resource = {
        "resourceType": "ChargeItem",
        "extension": extensions,
        "status": "unknown",
        "code": {"coding": [site.coding("CDM_SCHED", charge_code) if charge_code else procedure]},
        "subject": {"reference": draft.patient},
        "context": {"reference": draft.encounter},
        "occurrenceDateTime": occurred(draft),
        "quantity": {"value": draft.units},
        "reason": [_reason(site, number, code) for number, code in _counted(charge.diagnoses)],
    }
    return {name: value for name, value in resource.items() if value}


def occurred(draft: ChargeDraft) -> str:
    """The one moment these operations take: the start, else the end, else the day."""
    at = draft.start or draft.stop
    return written_time(at) if at else draft.charge.day.isoformat()


def write_transaction(transaction: str, charge: dict[str, Any]) -> dict[str, Any]:
    """The body of `$create` and `$modify`; `transaction` is a UUID."""
    return _parameters(transaction, {"name": "chargeItem", "resource": charge})


def write_credit(draft: ChargeDraft, transaction: str, version: str) -> dict[str, Any]:
    """The body of `$credit` for this version of a charge."""
    return _parameters(
        transaction,
        {"name": "versionId", "valueId": version},
        {"name": "subject", "valueReference": {"reference": draft.patient}},
        {"name": "context", "valueReference": {"reference": draft.encounter}},
    )


def _parameters(transaction: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    first = {"name": "transactionId", "valueUuid": f"urn:uuid:{transaction}"}
    return {"resourceType": "Parameters", "parameter": [first, *parameters]}


def _counted(codes: tuple[str, ...]) -> list[tuple[int, str]]:
    return list(enumerate(codes, start=1))


def _priority(number: int) -> Extension:
    return {"url": f"{ORACLE_EXTENSION}/priority", "valueUnsignedInt": number}


def _numbered(name: str, coding: dict[str, Any], number: int) -> Extension:
    code = {"url": "code", "valueCodeableConcept": {"coding": [coding]}}
    return {"url": f"{ORACLE_EXTENSION}/{name}", "extension": [code, _priority(number)]}


def _reason(site: OracleSite, number: int, code: str) -> dict[str, Any]:
    return {"extension": [_priority(number)], "coding": [site.coding("ICD", code)]}


def _replacing(replaces: Replaced | None) -> list[Extension]:
    if replaces is None:
        return []
    version = {"url": "item-version", "valueId": replaces.version}
    reference = {"reference": replaces.reference}
    return [{"url": f"{ORACLE_EXTENSION}/replacing", "extension": [version], "valueReference": reference}]
