"""A facade before several servers: absolute references with versions, the drug contained, the reason beside it."""

from typing import Any

from fhir_mappings.vendor_shapes.facts import Stay
from fhir_mappings.vendor_shapes.parts import WORDS, concept, drug, snomed_route
from fhir_mappings.vendor_shapes.plain import WAY
from fhir_mappings.vendor_shapes.us_core import UsCore
from plugin.domain import Administration

SERVER = "https://ehr.example.org/fhir/r4/"


class Absolute(UsCore):
    """US Core as a facade passes it on."""

    def points(self, key: str, display: str = "") -> dict[str, Any]:
        """By address and version."""
        return super().points(f"{SERVER}{key}/_history/1", display)

    def named_drug(self, given: Administration) -> dict[str, Any]:
        """A contained Medication with its ingredient."""
        named = drug(given.drug)
        bag = {"resourceType": "Medication", "id": "bag", "code": named, "ingredient": [{"itemCodeableConcept": named}]}
        return {"contained": [bag], "medicationReference": {"reference": "#bag", "display": given.drug.text}}

    def administration(self, given: Administration, stay: Stay, placed: bool, by: str = "") -> dict[str, Any]:
        """With the reason it was given for."""
        reasons = [self.points(key) for key in given.reason_references]
        return {**super().administration(given, stay, placed, by), "reasonReference": reasons}

    def route(self, way: WAY) -> dict[str, Any]:
        """By SNOMED CT, the way in words."""
        return concept(snomed_route(way[0]), text=WORDS[way])
