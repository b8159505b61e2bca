"""Provenance: the person who accepted a charge, and the software that put it together."""

from datetime import datetime
from typing import Any

from fhir_mappings.charge_item import written_time
from fhir_mappings.systems import DATA_OPERATION, PARTICIPANT_TYPE
from plugin.domain import ChargeDraft


def write_provenance(
    draft: ChargeDraft, target: str, *, software: str, recorded: datetime, amends: bool = False
) -> dict[str, Any]:
    """The Provenance of the ChargeItem `target`, a reference with its version where the server gave one.

    `software` is our name and version; `recorded` the moment of writing; `amends` that it changed an earlier charge.
    """
    activity = {"system": DATA_OPERATION, "code": "UPDATE" if amends else "CREATE"}
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target}],
        "occurredDateTime": written_time(draft.entered_at),
        "recorded": written_time(recorded),
        "activity": {"coding": [activity]},
        "agent": [
            {"type": _participant("verifier"), "who": _person(draft)},
            {"type": _participant("assembler"), "who": {"display": software}},
        ],
        "entity": [{"role": "source", "what": {"reference": key}} for key in draft.charge.administrations],
    }


def _participant(code: str) -> dict[str, Any]:
    return {"coding": [{"system": PARTICIPANT_TYPE, "code": code}]}


def _person(draft: ChargeDraft) -> dict[str, str]:
    if draft.verified and "/" in draft.entered_by:
        return {"reference": draft.entered_by}
    return {"display": draft.entered_by if draft.verified else f"{draft.entered_by} (unverified)"}
