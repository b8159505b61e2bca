"""What was read of one encounter, before it is understood: it can be kept for another process."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_mappings.charts import read_charts
from fhir_mappings.location import named_places
from plugin.domain import Chart, MappingIssue
from plugin.domain.replacing import replace
from plugin.ehr.chart_requests import AROUND, neighbours_of
from plugin.ehr.errors import FhirError
from plugin.ehr.searches import Found, Resource, unique
from plugin.ehr.tenants import Tenant

# What is lost when one of these can't be read, and whether a charge could come out differently for it.
_LOSS = {
    "Patient": ("the banner shows no name", False),
    "Condition": ("charges may lack diagnoses", True),
    "MedicationRequest": ("orders are not known", False),
    "Medication": ("drugs charted by reference may have no name", True),
    "Location": ("the unit is shown by its id", False),
    "ChargeItem": ("charges made already are not known", False),
    "Observation": ("the patient's weight and body surface are not known", False),
    AROUND: ("the patient's other encounters are not known", False),
}


@dataclass(slots=True)
class Reading:
    """What has come so far, by kind; `partial` are the kinds of which something is missing."""

    found: dict[str, list[Resource]] = field(default_factory=dict)
    issues: list[MappingIssue] = field(default_factory=list)
    partial: set[str] = field(default_factory=set)

    def add(self, kind: str, found: Found, own: Callable[[str, Resource], bool]) -> None:
        """Keep what one request gave and belongs here."""
        resources = [each for each in found.resources if own("Encounter" if kind == AROUND else kind, each)]
        self.found[kind] = unique([*self.found.get(kind, []), *resources])
        self.issues.extend(found.issues if kind != AROUND else [replace(each, blocks=False) for each in found.issues])
        if found.truncated:
            self.partial.add(kind)

    def lose(self, kind: str, why: str) -> None:
        """Note that something optional could not be read."""
        done, blocks = _LOSS[kind]
        self.partial.add(kind)
        self.issues.append(MappingIssue(kind, "", why, done, blocks))

    def write(self) -> str:
        """As text; raises ValueError or RecursionError for what no JSON can hold."""
        content = {"found": self.found, "issues": [asdict(each) for each in self.issues], "partial": list(self.partial)}
        return json.dumps(content, default=_decimal_as_object)

    @classmethod
    def from_text(cls, text: str) -> "Reading":
        """What `write` wrote."""
        content = json.loads(text, object_hook=_decimal_or_object)
        issues = [MappingIssue(**each) for each in content["issues"]]
        return cls(content["found"], issues, set(content["partial"]))


def chart_of(reading: Reading, tenant: Tenant, encounter: str) -> Chart:
    """The chart of the encounter with this logical id; raises FhirError when it can't be understood."""
    neighbours = neighbours_of(encounter, reading.found)
    resources = [each for kind, some in reading.found.items() if kind != AROUND for each in some] + neighbours
    known = not {AROUND, "ChargeItem"} & reading.partial
    mapped = read_charts(resources, zone=tenant.zone, neighbours_known=known)
    for chart in mapped.charts:
        if chart.encounter.id == f"Encounter/{encounter}":
            places = named_places(chart.encounter.locations, reading.found.get("Location", []))
            issues = (*chart.issues, *mapped.issues, *reading.issues)
            return replace(chart, encounter=replace(chart.encounter, locations=places), issues=issues)
    raise FhirError(f"{tenant.name} gave an encounter that can't be read; look at it in the EHR", 200, "not-fhir")


# JSON's own numbers come back as floats, which aren't what was charted.
_DECIMAL = "$decimal"


def _decimal_as_object(value: Any) -> dict[str, str]:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} can't stand in JSON")
    return {_DECIMAL: str(value)}


def _decimal_or_object(found: dict[str, Any]) -> Any:
    if found.keys() != {_DECIMAL}:
        return found
    try:
        return Decimal(found[_DECIMAL])
    except (InvalidOperation, TypeError, ValueError):
        return found
