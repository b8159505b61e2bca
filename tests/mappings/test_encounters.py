"""Encounter, Patient and MedicationRequest to the domain."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.encounter import read_encounter
from fhir_mappings.lookup import Lookup
from fhir_mappings.medication_request import read_order
from fhir_mappings.patient import read_patient
from tests.mappings.plain import listed, patched, plain

GOLDEN = tomllib.loads((Path(__file__).parent / "golden" / "encounters.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case["name"]) for case in [{"name": "base", "patch": "{}"}, *GOLDEN["case"]]]
)
def test_reads_the_visit_as_charted(case: dict[str, Any]) -> None:
    """Every field and every issue is as the golden file says."""
    resource = patched(json.loads(GOLDEN["base"]["resource"]), json.loads(case["patch"]))
    zone = ZoneInfo(case["zone"]) if "zone" in case else None
    encounter, issues = read_encounter(resource, Lookup([resource], zone))
    assert GOLDEN["base"]["expect"] | case.get("expect", {}) == plain(encounter)
    assert case.get("issues", []) == listed(issues)


def test_a_version_is_made_from_the_content_where_the_server_gives_none() -> None:
    """The same content gives the same version, whatever the order of keys; other content gives another."""
    one, same, other = (
        read_encounter(resource, Lookup())[0].version
        for resource in (
            {"resourceType": "Encounter", "id": "e", "status": "finished"},
            {"status": "finished", "id": "e", "resourceType": "Encounter"},
            {"resourceType": "Encounter", "id": "e", "status": "in-progress"},
        )
    )
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([{"text": "Ann B. Carr", "family": "Carr"}], "Ann B. Carr"),
        ([{"given": ["Ann", "B."], "family": "Carr"}], "Ann B. Carr"),
        ([{"use": "old", "family": "Doe"}, {"use": "usual", "family": "Carr"}], "Carr"),
        ([{"use": "usual", "family": "Doe"}, {"use": "official", "family": "Carr"}], "Carr"),
        ([{"given": "Ann", "family": "Carr"}], "Carr"),
        ([{"given": [None, "Ann"], "family": "Carr"}], "Ann Carr"),
        ({"family": "Carr"}, "Carr"),
        ([], ""),
        ("Carr", ""),
    ],
)
def test_the_banner_shows_a_name(names: Any, expected: str) -> None:
    """The official name before the usual one, an old one never; nothing odd blocks."""
    patient, issues = read_patient({"resourceType": "Patient", "id": "p1", "name": names}, Lookup())
    assert ("Patient/p1", expected) == (patient.id, patient.name)
    assert not any(issue.blocks for issue in issues)


def test_the_record_number_is_the_one_typed_so() -> None:
    """Of several identifiers the one typed MR is the record number."""
    mr = {"type": {"coding": [{"code": "MR"}]}, "value": "42"}
    resource = {
        "resourceType": "Patient",
        "identifier": [{"value": "ssn"}, mr],
        "birthDate": "1970-01-01",
        "gender": "female",
    }
    patient, _ = read_patient(resource, Lookup())
    assert ("42", "1970-01-01", "female") == (patient.record_number, patient.birth_date, patient.sex)


def _repeat(duration: Any, unit: Any) -> dict[str, Any]:
    return {"timing": {"repeat": {"duration": duration, "durationUnit": unit}}}


def _amounts(dose: float, unit: str, rate: dict[str, Any]) -> dict[str, Any]:
    return {"doseAndRate": [{"doseQuantity": {"value": dose, "unit": unit}, **rate}]}


HUNDRED_AN_HOUR = {"rateQuantity": {"value": 100, "unit": "mL/h"}}
TWO_MG_A_MINUTE = {"rateRatio": {"numerator": {"value": 2, "unit": "mg"}, "denominator": {"value": 1, "unit": "min"}}}


@pytest.mark.parametrize(
    ("dosages", "minutes"),
    [
        ([_repeat(30, "min")], "30"),
        ([_repeat(1.5, "h")], "90"),
        ([_repeat(1, "d")], "1440"),
        ([_repeat(90, "s")], "1.5"),
        ([_repeat("45", "min")], "45"),
        ([_repeat(30, "fortnights")], None),
        ([_repeat(0, "min")], None),
        ([_repeat(-5, "min")], None),
        ([_repeat(30, None)], None),
        ([_amounts(250, "mL", HUNDRED_AN_HOUR)], "150"),
        ([_amounts(0.25, "L", HUNDRED_AN_HOUR)], None),
        ([_amounts(500, "mg", HUNDRED_AN_HOUR)], None),
        ([_amounts(60, "mg", TWO_MG_A_MINUTE)], "30"),
        ([_amounts(100, "mL", {"rateQuantity": {"value": 300, "unit": "mL/h"}})], "20"),
        ([_amounts(100, "mL", {"rateQuantity": {"value": 0, "unit": "mL/h"}})], None),
        ([{**_repeat(30, "min"), **_amounts(250, "mL", HUNDRED_AN_HOUR)}], "30"),
        ([_repeat(30, "min"), {"text": "flush after"}], "30"),
        ([], None),
    ],
)
def test_how_long_the_order_said(dosages: list[Any], minutes: str | None) -> None:
    """Its timing, else its amount by its rate where both are in the same unit; else nothing."""
    order, issues = read_order(
        {"resourceType": "MedicationRequest", "id": "r1", "dosageInstruction": dosages}, Lookup()
    )
    assert minutes == (None if order.minutes is None else str(order.minutes))
    assert not any(issue.blocks for issue in issues)
    assert isinstance(order.minutes, Decimal | None)
