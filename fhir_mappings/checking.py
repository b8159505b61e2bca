"""Checking what we send: the R4B models of fhir.resources, and the required codes they do not check."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from fhir.resources.R4B.chargeitem import ChargeItem
from fhir.resources.R4B.communication import Communication
from fhir.resources.R4B.parameters import Parameters
from fhir.resources.R4B.provenance import Provenance
from fhir.resources.R4B.task import Task
from pydantic import BaseModel, ValidationError

MODELS: dict[str, type[BaseModel]] = {
    "ChargeItem": ChargeItem,
    "Communication": Communication,
    "Parameters": Parameters,
    "Provenance": Provenance,
    "Task": Task,
}
CHARGE_STATUSES = {"planned", "billable", "not-billable", "aborted", "billed", "entered-in-error", "unknown"}
NEVER_WRITTEN = {"billed"}
ENTITY_ROLES = {"derivation", "revision", "quotation", "source", "removal"}
AGENT_TYPES = {
    *("enterer", "performer", "author", "verifier", "legal", "attester"),
    *("informant", "custodian", "assembler", "composer"),
}
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def check_outgoing(resource: dict[str, Any]) -> list[str]:
    """What is wrong with a resource about to be sent, one sentence each; empty when nothing is.

    The sentences name elements and rules, never content.
    """
    kind = resource.get("resourceType")
    model = MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return ["resourceType: nothing of this type is sent"]
    return [*_by_model(model, resource), *_by_us(resource, str(kind))]


def _by_model(model: type[BaseModel], resource: dict[str, Any]) -> Iterator[str]:
    try:
        model.model_validate(resource)
    except ValidationError as error:
        for found in error.errors(include_input=False, include_url=False, include_context=False):
            place = ".".join(str(part) for part in found["loc"])
            yield f"{resource['resourceType']}.{place}: {found['type'].replace('_', ' ')}"


def _by_us(resource: dict[str, Any], kind: str) -> Iterator[str]:
    identifier = resource.get("id")
    if identifier is not None and not (isinstance(identifier, str) and ID.fullmatch(identifier)):
        yield f"{kind}.id: 1 to 64 letters, digits, hyphens and dots"
    yield from _CHECKS[kind](resource)


def _charge_item(resource: dict[str, Any]) -> Iterator[str]:
    status = resource.get("status")
    if status not in CHARGE_STATUSES:
        yield "ChargeItem.status: not a code of the required list"
    if status in NEVER_WRITTEN:
        yield "ChargeItem.status: billed is the biller's to write"
    for name in ("subject", "context"):
        if not _has_reference(resource.get(name)):
            yield f"ChargeItem.{name}: a reference is required"
    if not _coded(resource.get("code")):
        yield "ChargeItem.code: a coding with system and code is required"
    quantity = resource.get("quantity")
    value = quantity.get("value") if isinstance(quantity, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        yield "ChargeItem.quantity: whole units, at least one"
    if ("occurrencePeriod" in resource) == ("occurrenceDateTime" in resource):
        yield "ChargeItem.occurrence: a period or a moment, one of them"


def _provenance(resource: dict[str, Any]) -> Iterator[str]:
    for entity in _objects(resource.get("entity")):
        if entity.get("role") not in ENTITY_ROLES:
            yield "Provenance.entity.role: not a code of the required list"
    agents = _objects(resource.get("agent"))
    if not agents:
        yield "Provenance.agent: at least one is required"
    for agent in agents:
        kind = agent.get("type")
        codes = [coding.get("code") for coding in _objects(kind.get("coding"))] if isinstance(kind, dict) else []
        if not codes or any(code not in AGENT_TYPES for code in codes):
            yield "Provenance.agent.type: not a code of the participant types"


def _parameters(resource: dict[str, Any]) -> Iterator[str]:
    """Operations on charges: what they carry is checked like any other."""
    for parameter in _objects(resource.get("parameter")):
        carried = parameter.get("resource")
        if isinstance(carried, dict):
            yield from check_outgoing(carried)


def _task(resource: dict[str, Any]) -> Iterator[str]:
    if (resource.get("status"), resource.get("intent")) != ("requested", "order"):
        yield "Task.status: only new requests are written"
    if not _has_reference(resource.get("for")):
        yield "Task.for: a reference is required"


def _communication(resource: dict[str, Any]) -> Iterator[str]:
    if resource.get("status") != "completed":
        yield "Communication.status: only what was said is written"


_CHECKS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "ChargeItem": _charge_item,
    "Communication": _communication,
    "Parameters": _parameters,
    "Provenance": _provenance,
    "Task": _task,
}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _has_reference(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("reference"), str) and "/" in value["reference"]


def _coded(value: object) -> bool:
    codings = _objects(value.get("coding")) if isinstance(value, dict) else []
    return any(coding.get("system") and coding.get("code") for coding in codings)
