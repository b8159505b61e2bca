"""A chart without what names a person, for a bug report: a Bundle made of listed elements and nothing else.

Ids and references are hashed with a salt that nobody keeps, days are moved by a number that nobody keeps, the time of
day stays. Words are dropped, but for the display of a code. This lessens the risk and does not end it: rare drugs on
rare days can still point to somebody, so whoever sends it looks through it first.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

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
    *("code", "coding", "system", "display", "medicationCodeableConcept", "medicationReference", "ingredient"),
    *("itemCodeableConcept", "itemReference", "strength", "numerator", "denominator", "form", "isActive"),
    *("effectiveDateTime", "effectivePeriod", "performedDateTime", "performedPeriod", "occurrenceDateTime"),
    *("occurrencePeriod", "dosage", "dosageInstruction", "doseAndRate", "route", "method", "site", "dose"),
    *("doseQuantity", "rateQuantity", "rateRatio", "quantity", "value", "unit", "comparator", "timing", "repeat"),
    *("boundsPeriod", "duration", "durationUnit", "count", "frequency", "periodUnit", "reasonCode", "reason"),
    *("reasonReference", "extension", "url", "valueQuantity", "valueCodeableConcept", "valueCoding", "service"),
})  # fmt: skip
# Strings that may stay as they are; of all others only days, references and displays are kept, each in its own way.
_PLAIN = frozenset({"resourceType", "status", "intent", "system", "code", "unit", "comparator", "url"})
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(T\S+)?")
_ID_LENGTH = 20
_FEWEST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Disguise:
    """What hides ids and days: a secret salt, and by how many days everything is moved."""

    salt: str
    days: int

    def id(self, value: str) -> str:
        """The same id always becomes the same other one, within one download."""
        return hashlib.sha256(f"{self.salt}|{value}".encode()).hexdigest()[:_ID_LENGTH]

    def reference(self, value: str) -> str:
        """`Type/id`, absolute or relative, and `#contained`."""
        if value.startswith("#"):
            return f"#{self.id(value[1:])}"
        parts = value.partition("/_history/")[0].rstrip("/").split("/")
        return f"{parts[-2]}/{self.id(parts[-1])}" if len(parts) > 1 else ""

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
    names = _names([each for each in listed if each.get("resourceType") == "Patient"])
    kept = [_object(each, disguise, names) for each in listed if each.get("resourceType") in KINDS]
    patients = [
        {"resourceType": "Patient", "id": disguise.id(str(each.get("id", "")))}
        for each in listed
        if each.get("resourceType") == "Patient"
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in patients + kept]}


def _names(patients: Sequence[Resource]) -> frozenset[str]:
    """Every word of the patients' own resources, in lower case: none of them may stand anywhere."""
    words: set[str] = set()
    for patient in patients:
        told = {name: value for name, value in patient.items() if name not in {"resourceType", "gender"}}
        words.update(word for text in _strings(told) for word in re.findall(r"\w+", text.lower()))
    return frozenset(word for word in words if len(word) >= _FEWEST_LETTERS)


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _object(element: Resource, disguise: Disguise, names: frozenset[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in element.items():
        if name not in ELEMENTS:
            continue
        said = _value(name, value, element, disguise, names)
        if said not in ("", None, [], {}):
            kept[name] = said
    return kept


def _value(name: str, value: object, element: Resource, disguise: Disguise, names: frozenset[str]) -> object:
    if isinstance(value, Mapping):
        return _object(value, disguise, names)
    if isinstance(value, list):
        return [said for each in value if (said := _value(name, each, element, disguise, names)) not in ("", None, {})]
    return _words(name, value, element, disguise, names) if isinstance(value, str) else value


def _words(name: str, value: str, element: Resource, disguise: Disguise, names: frozenset[str]) -> str:
    if name == "id":
        return disguise.id(value)
    if name == "reference":
        return disguise.reference(value)
    if names.intersection(re.findall(r"\w+", value.lower())):
        return ""
    if name == "display":
        return value if element.get("system") and element.get("code") else ""
    return value if name in _PLAIN else disguise.moment(value)
