"""The path table is true: each row feeds the field it names, in the readers and in the order it says."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from fhir_mappings import paths
from fhir_mappings.charge_item import read_charge_item
from fhir_mappings.condition import read_charted
from fhir_mappings.encounter import EPIC, PATIENT_CLASS, read_encounter
from fhir_mappings.lookup import Lookup, Resource
from fhir_mappings.medication_administration import read_administration
from fhir_mappings.medication_request import read_order
from fhir_mappings.paths import Path
from fhir_mappings.patient import read_patient
from fhir_mappings.systems import CHARGE_MODIFIER_URL, CPT, ICD10CM
from tests.mappings.plain import plain

INFUSE_OVER = "urn:x/infuse-over-time"
BY_KIND: dict[str, Any] = {
    "id": "x7",
    "code": "stopped",
    "string": "IV push over 5 min by PICC line pump",
    "date": "1980-02-03",
    "dateTime": "2026-03-02T10:00:00Z",
    "decimal": 30,
    "Reference": "Encounter/e7",
    "CodeableConcept": {"coding": [{"system": CPT, "code": "96365"}], "text": "IV push"},
    "Coding": {"code": "stopped"},
    "Quantity": {"value": 5, "unit": "mL/h"},
    "Ratio": {"numerator": {"value": 5, "unit": "mL"}, "denominator": {"value": 1, "unit": "h"}},
    "Ingredient": {"itemCodeableConcept": {"text": "drug"}},
    "uri": "urn:x",
    "BackboneElement": {"class": {"code": "IMP"}},
}


def _minutes(count: int) -> dict[str, Any]:
    return {"url": INFUSE_OVER, "valueQuantity": {"value": count, "unit": "min"}}


OF_RECORD = {"value": "2", "type": {"coding": [{"code": "MR"}]}}
STANDING: dict[str, dict[str, Any]] = {
    "name[].use": {"name": [{"text": "Jane Roe"}, {"text": "Jane Doe"}]},
    "identifier[].type.coding[].code": {"identifier": [{"value": "1"}, OF_RECORD]},
    "identifier[].system": {"identifier": [{"value": "7"}]},
}
"""What a resource holds already where an element only tells others apart."""

ELSEWHERE = {"patient", "encounter"}
"""Fields that place a resource: `charts` reads them, the values of the resource do not hold them."""


def _value(path: Path) -> Any:
    """What to put there so that the field must change."""
    special = {
        "extension[].valueQuantity": {"value": 5, "unit": "min"},
        "dosage.extension[].valueQuantity": {"value": 5, "unit": "min"},
        "dosageInstruction[].doseAndRate[].doseQuantity": {"value": 5, "unit": "mL"},
        "quantity": {"value": 3},
        "type[]": {"coding": [{"system": f"{EPIC}1.13.0.1.7.10{PATIENT_CLASS}", "display": "Inpatient"}]},
        "reason[]": {"coding": [{"system": ICD10CM, "code": "K50.90"}]},
        "name[].use": "old",
        "identifier[].type.coding[].code": "MR",
        "device[].display": "Infusion pump" if path.field == "from_device" else "PICC line",
    }
    return special.get(path.element, BY_KIND[path.kind])


def _companions(path: Path) -> dict[str, Any]:
    """What has to stand beside an element for it to mean something."""
    companions: dict[str, dict[str, Any]] = {
        "extension[].valueQuantity": {"url": INFUSE_OVER},
        "dosage.extension[].valueQuantity": {"url": INFUSE_OVER},
        "extension[].valueCodeableConcept": {"url": CHARGE_MODIFIER_URL},
        "dosageInstruction[].timing.repeat.duration": {"durationUnit": "min"},
        "dosageInstruction[].doseAndRate[].doseQuantity": {"rateQuantity": {"value": 5, "unit": "mL/h"}},
    }
    return companions.get(path.element, {})


def _put(path: Path, resource: dict[str, Any], medication: dict[str, Any]) -> None:
    """Writes the value at the path, making what is missing on the way."""
    element = path.element
    target: Any = resource
    if "resolve()." in element:
        resource["medicationReference"] = {"reference": "Medication/x"}
        target, element = medication, element.split("resolve().")[1]
    *way, last = element.split(".")
    for step in way:
        name = step.removesuffix("[]")
        inner = target.setdefault(name, [{}] if step.endswith("[]") else {})
        target = inner[0] if isinstance(inner, list) else inner
    value = copy.deepcopy(_value(path))
    target[last.removesuffix("[]")] = [value] if last.endswith("[]") else value
    target.update(_companions(path))


def _read(resource: Resource, others: list[dict[str, Any]]) -> Any:
    context = Lookup([resource, *others])
    readers: dict[str, Callable[[], Any]] = {
        "MedicationAdministration": lambda: read_administration(resource, context)[0],
        "MedicationRequest": lambda: read_order(resource, context)[0],
        "Encounter": lambda: read_encounter(resource, context)[0],
        "Condition": lambda: _diagnosis(resource, context),
        "ChargeItem": lambda: read_charge_item(resource, context)[0],
        "Patient": lambda: read_patient(resource, context)[0],
    }
    return readers[resource["resourceType"]]()


def _diagnosis(resource: Resource, context: Lookup) -> Any:
    charted, _ = read_charted(resource, context)
    assert charted is not None
    return charted.diagnosis


@pytest.mark.parametrize(
    "path", [p for p in paths.ALL if not (p.resource == "MedicationAdministration" and p.field in ELSEWHERE)]
)
def test_each_row_feeds_its_field(path: Path) -> None:
    """With that element that field is no longer what it is without."""
    medication: dict[str, Any] = {"resourceType": "Medication", "id": "x"}
    resource: dict[str, Any] = {"resourceType": path.resource, **copy.deepcopy(STANDING.get(path.element, {}))}
    without = _read(copy.deepcopy(resource), [])
    resource |= {"status": "in-progress"} if path.field == "running_until" else {}
    _put(path, resource, medication)
    assert getattr(without, path.field) != getattr(_read(resource, [medication]), path.field)


@pytest.mark.parametrize(
    ("field", "resource", "expected"),
    [
        (
            "start",
            {"effectivePeriod": {"start": "2026-03-02T11:00:00Z"}, "effectiveDateTime": "2026-03-02T12:00:00Z"},
            "2026-03-02T11:00:00+00:00",
        ),
        (
            "rate",
            {"dosage": {"rateRatio": BY_KIND["Ratio"], "rateQuantity": {"value": 9, "unit": "mL/h"}}},
            "5 mL per 1 h",
        ),
        (
            "infuse_over",
            {"extension": [_minutes(10)], "dosage": {"extension": [_minutes(20)], "text": "over 30 min"}},
            "10",
        ),
        ("infuse_over", {"dosage": {"extension": [_minutes(20)], "text": "over 30 min"}}, "20"),
        ("site", {"dosage": {"site": {"text": "Left hand"}}, "device": [{"display": "PICC line"}]}, "Left hand"),
    ],
)
def test_of_several_rows_for_a_field_the_first_wins(field: str, resource: dict[str, Any], expected: str) -> None:
    """The order of the rows is the order in which the reader looks."""
    rows = [path.element for path in paths.ADMINISTRATION if path.field == field and not path.joined]
    assert len(rows) > 1
    assert expected == plain(getattr(_read({"resourceType": "MedicationAdministration", **resource}, []), field))


def test_every_field_that_is_read_is_in_the_table() -> None:
    """Each field of an Administration comes from an element, but for those other parts work out."""
    worked_out = {"attested", "instant", "date_only", "zone_assumed", "charted_in_utc", "unread", "ordered_minutes"}
    administration = _read({"resourceType": "MedicationAdministration"}, [])
    assert set(administration.__struct_fields__) == {p.field for p in paths.ADMINISTRATION} - ELSEWHERE | worked_out


def test_no_row_stands_twice() -> None:
    """One element feeds one field in one row."""
    keys = [(path.resource, path.element, path.field) for path in paths.ALL]
    assert len(keys) == len(set(keys))
