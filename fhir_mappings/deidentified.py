"""A chart without what names a person, for a bug report: a Bundle made of listed elements and nothing else.

Ids and references are hashed with a salt that nobody keeps, days are moved by a number that nobody keeps, the time of
day stays. What stays of texts is codes of public code systems, units, states and days, each by its own grammar
(`kept_words`); displays and all other words are dropped. This lessens the risk and does not end it: rare drugs on rare
days can still point to somebody, so whoever sends it looks through it first.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fhir_mappings.kept_words import kept_code, kept_word

Resource = Mapping[str, Any]

KINDS = (
    *("Encounter", "MedicationAdministration", "MedicationRequest", "Medication"),
    *("Condition", "Procedure", "ChargeItem"),
)
# Everything that is kept; an element that isn't named here is left out with all it holds.
ELEMENTS = frozenset({
    *("resourceType", "id", "contained", "status", "intent", "class", "classHistory", "statusHistory", "period"),
    *("start", "end", "subject", "patient", "context", "encounter", "partOf", "request", "basedOn", "reference"),
    *("diagnosis", "condition", "rank", "use", "category", "clinicalStatus", "verificationStatus", "serviceType"),
    *("code", "coding", "system", "medicationCodeableConcept", "medicationReference", "ingredient"),
    *("itemCodeableConcept", "itemReference", "strength", "numerator", "denominator", "form", "isActive"),
    *("effectiveDateTime", "effectivePeriod", "performedDateTime", "performedPeriod", "occurrenceDateTime"),
    *("occurrencePeriod", "dosage", "dosageInstruction", "doseAndRate", "route", "method", "site", "dose"),
    *("doseQuantity", "rateQuantity", "rateRatio", "quantity", "value", "unit", "comparator", "timing", "repeat"),
    *("boundsPeriod", "duration", "durationUnit", "count", "frequency", "periodUnit", "reasonCode", "reason"),
    *("reasonReference", "extension", "url", "valueQuantity", "valueCodeableConcept", "valueCoding", "service"),
})  # fmt: skip
# Where a number stays; anywhere else it may be somebody's.
_NUMBERS = frozenset({"rank", "value", "duration", "count", "frequency", "period", "isActive"})
_POINTED = frozenset({*KINDS, "Patient"})
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_ID_LENGTH = 20
_FEWEST_LETTERS = 6
# Deeper than any element that is kept; what is nested deeper is left out.
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Disguise:
    """What hides ids and days: a secret salt, and by how many days everything is moved."""

    salt: str
    days: int

    def id(self, value: str) -> str:
        """The same id always becomes the same other one, within one download."""
        return hashlib.sha256(f"{self.salt}|{value}".encode(errors="surrogatepass")).hexdigest()[:_ID_LENGTH]

    def reference(self, value: str) -> str:
        """`Type/id`, absolute or relative, and `#contained`; empty for what is not among the kinds that are kept."""
        if value.startswith("#"):
            return f"#{self.id(value[1:])}"
        parts = value.partition("/_history/")[0].rstrip("/").split("/")
        return f"{parts[-2]}/{self.id(parts[-1])}" if len(parts) > 1 and parts[-2] in _POINTED else ""

    def moment(self, value: str) -> str:
        """The day moved, the time of day as charted; empty for what is no whole day."""
        found = _DAY.fullmatch(value)
        if not found:
            return ""
        try:
            day = date(int(found[1]), int(found[2]), int(found[3])) + timedelta(days=self.days)
        except (ValueError, OverflowError):
            return ""
        return f"{day.isoformat()}{found[4] or ''}"


def deidentified_bundle(resources: Iterable[Resource], disguise: Disguise) -> dict[str, Any]:
    """A collection of the resources that coding reads, without what names a person; the patient is an id alone."""
    listed = list(resources)
    copy = _Copy(disguise, _names([each for each in listed if each.get("resourceType") == "Patient"]))
    kept = [copy.element(each) for each in listed if each.get("resourceType") in KINDS]
    patients = [
        {"resourceType": "Patient", "id": disguise.id(str(each.get("id", "")))}
        for each in listed
        if each.get("resourceType") == "Patient"
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in patients + kept]}


def _names(patients: Sequence[Resource]) -> frozenset[str]:
    """What the patients' own resources say, names and numbers: not even a code may be one of these."""
    return frozenset(text for patient in patients for text in _strings(patient) if len(text) >= _FEWEST_LETTERS)


def _strings(value: object, depth: int = 0) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list) and depth < _DEEPEST:
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(inner, depth + 1)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One download being made; `names` may be no code."""

    disguise: Disguise
    names: frozenset[str]

    def element(self, element: Resource, depth: int = 0) -> dict[str, Any]:
        """The listed elements; nothing of an extension or resource that coding doesn't read."""
        if depth > _DEEPEST:
            return {}
        kept: dict[str, Any] = {}
        for name in ELEMENTS.intersection(element):
            said = self._value(name, element[name], element, depth)
            if said not in ("", None, [], {}):
                kept[name] = said
        lost = any(name in element and name not in kept for name in ("resourceType", "url"))
        return {} if lost else {name: kept[name] for name in element if name in kept}

    def _value(self, name: str, value: object, element: Resource, depth: int) -> object:
        if isinstance(value, Mapping):
            return self.element(value, depth + 1)
        if isinstance(value, list):
            said = (self._value(name, each, element, depth + 1) for each in value if not isinstance(each, list))
            return [each for each in said if each not in ("", None, {})]
        if isinstance(value, str):
            return self._words(name, value, element)
        return value if name in _NUMBERS else None

    def _words(self, name: str, value: str, element: Resource) -> str:
        if name == "id":
            return self.disguise.id(value)
        if name == "reference":
            return self.disguise.reference(value)
        if name == "resourceType":
            return value if value in KINDS else ""
        if name in ("system", "code"):
            return "" if element.get("code") in self.names else kept_code(name, element)
        return kept_word(name, value) or self.disguise.moment(value)
