"""Administrations as Oracle Health shows them: the moment each began, and the minutes it was to run."""

from __future__ import annotations

from typing import Any

from plugin.sandbox.fhir.dates import span_of
from plugin.sandbox.fhir.exact_json import dump
from plugin.sandbox.fhir.resources import Stored

INFUSE_OVER_TIME = "https://fhir-ehr.cerner.com/r4/StructureDefinition/infuse-over-time"


def shown_as_instant(found: Stored) -> str:
    """The body of an administration without its stop; anything else as it is stored."""
    resource = found.resource()
    period = resource.get("effectivePeriod")
    if found.type != "MedicationAdministration" or not isinstance(period, dict) or "start" not in period:
        return found.body
    del resource["effectivePeriod"]
    resource["effectiveDateTime"] = period["start"]
    minutes = _minutes(period)
    if minutes:
        quantity = {"value": minutes, "unit": "minutes", "system": "http://unitsofmeasure.org", "code": "min"}
        over = {"url": INFUSE_OVER_TIME, "valueQuantity": quantity}
        resource["extension"] = [*resource.get("extension", []), over]
    return dump(resource)


def _minutes(period: dict[str, Any]) -> int:
    """Whole minutes from start to end; 0 where there is no end."""
    if "end" not in period:
        return 0
    return round((span_of(str(period["end"]))[0] - span_of(str(period["start"]))[0]) / 60)
