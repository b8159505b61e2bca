"""What each make of EHR writes, by its public documentation; and that it is valid R4 and true to itself."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_mappings.encounter import read_encounter
from fhir_mappings.lookup import Lookup
from fhir_mappings.vendor_shapes import HOUSES, Shape
from fhir_mappings.vendor_shapes.facts import Coded, Item, Person, Place, Posted, Reason, Sign, Staff, Stay
from plugin.bulk.files import find_files
from plugin.bulk.generating.people import hospitals
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.domain import Administration, Drug, Encounter, ExistingCharge, Quantity, Route, Status, Technique, Term

NINE, TEN = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC)
DOCTOR, NURSE = Staff("Practitioner/d1", "Brackwell", "Ada", "MD"), Staff("Practitioner/n1", "Calloran", "Omar", "RN")
HOUSE, UNIT = Place("Organization/h1", "Fairhollow General Hospital"), Place("Location/l1", "Infusion Center")
ANYBODY = Person(
    *("Patient/p1", "4711", "Eastgrove", "Grace", "Ines", "female", date(1960, 5, 4), Coded("2106-3", "White")),
    *(Coded("2186-5", "Not Hispanic or Latino"), Coded("en", "English"), Coded("M", "Married"), "12 Granary Row"),
    *("Fairhollow", "IL", "60990", "217-555-0101", "217-555-0102", "grace@example.org", NINE, DOCTOR, HOUSE),
)
CROHN = Reason("Condition/c1", "K50.90", "Crohn's disease", "34000006", "Crohn's disease")
GIVEN = Administration(
    id="MedicationAdministration/m1",
    status=Status.COMPLETED,
    drug=Drug("vedolizumab", (Term("rxnorm", "1538097", "vedolizumab"),)),
    start=NINE,
    stop=TEN,
    route=Route.INTRAVENOUS,
    technique=Technique.INFUSION,
    site="left forearm PIV 22G",
    dose=Quantity(Decimal(300), "mg"),
    request="MedicationRequest/r1",
    reason_references=("Condition/c1",),
    notes=("from a single-dose vial, nothing discarded",),
)
CHARGE = ExistingCharge(
    id="ChargeItem/i1",
    encounter="Encounter/e1",
    patient="Patient/p1",
    code="96413",
    modifiers=("59",),
    units=Decimal(2),
    status="billed",
    day=date(2026, 3, 2),
)
ITEM = Item("033596413", "chemotherapy infusion, first hour", "0335", Decimal(887))
WEIGHT = Sign("Observation/o1", "29463-7", "Body weight", "body-weight", Decimal("71.5"), "kg", NINE)
ELSEWHERE = {"Practitioner", "Organization", "Location", "Account", "MedicationRequest"}
"""What an export of this kind names and doesn't hold."""


def stay(encounter_class: str = "AMB") -> Stay:
    """A visit for Crohn's disease."""
    visit = Encounter("Encounter/e1", "Patient/p1", encounter_class, "finished", NINE, TEN)
    return Stay(visit, ANYBODY, UNIT, DOCTOR, NURSE, "5001", "9001", (CROHN,), NINE)


def written(shape: Shape, encounter_class: str = "AMB") -> dict[str, dict[str, Any]]:
    """One resource of each type, by type."""
    house, visit = HOUSES[shape], stay(encounter_class)
    resources = [
        house.patient(ANYBODY),
        house.encounter(visit),
        house.condition(CROHN, visit),
        house.administration(GIVEN, visit, True, "Observation/o1"),
        house.charge(Posted(CHARGE, ITEM, 1, TEN, ("MedicationAdministration/m1",)), visit),
        house.claim([CHARGE], visit, TEN),
        house.measure(WEIGHT, visit),
        house.medication(GIVEN),
    ]
    return {each["resourceType"]: each for each in resources if each}


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Everything of a small export, drugs and all."""
    folder = tmp_path_factory.mktemp("shapes") / "export"
    generate(Wish(encounters=150, seed=41, drugs=True), folder)
    return [json.loads(line) for path in find_files(folder) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("encounter_class", ["AMB", "EMER", "OBSENC", "IMP"])
@pytest.mark.parametrize("shape", Shape)
def test_what_is_written_is_valid_r4(shape: Shape, encounter_class: str) -> None:
    """By the models of fhir.resources, which refuse unknown elements, wrong types and missing ones."""
    for kind, resource in written(shape, encounter_class).items():
        assert get_fhir_model_class(kind).model_validate(resource).get_resource_type() == kind


def test_a_small_ehr_writes_little() -> None:
    """Drug and route in words, and nothing of race or marital status."""
    plain = written(Shape.PLAIN)
    assert plain["MedicationAdministration"]["medicationCodeableConcept"] == {"text": "vedolizumab"}
    assert plain["MedicationAdministration"]["dosage"]["route"] == {"text": "IV piggyback"}
    assert plain["MedicationAdministration"]["dosage"]["text"] == "vedolizumab 300 mg IV piggyback"
    assert "extension" not in plain["Patient"]


def test_a_us_core_server_names_its_profiles() -> None:
    """Race, ethnicity and birth sex of the patient; codes with displays; what a charge stands on."""
    us_core = written(Shape.US_CORE)
    profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
    assert [each["url"] for each in us_core["Patient"]["extension"]] == [
        f"{profile}race",
        f"{profile}ethnicity",
        f"{profile}birthsex",
    ]
    assert us_core["Encounter"]["meta"]["profile"] == [f"{profile}encounter"]
    assert us_core["Observation"]["meta"]["profile"] == [f"{profile}vital-signs", f"{profile}body-weight"]
    assert us_core["Observation"]["valueQuantity"]["value"] == 71.5
    assert [each["code"] for each in us_core["Condition"]["code"]["coding"]] == ["K50.90", "34000006"]
    assert us_core["MedicationAdministration"]["supportingInformation"] == [{"reference": "Observation/o1"}]
    assert us_core["ChargeItem"]["service"] == [{"reference": "MedicationAdministration/m1"}]


def test_a_facade_points_by_address_and_version() -> None:
    """And contains the drug, with the reason beside it."""
    given = written(Shape.ABSOLUTE)["MedicationAdministration"]
    assert given["subject"]["reference"] == "https://ehr.example.org/fhir/r4/Patient/p1/_history/1"
    assert given["reasonReference"][0]["reference"].endswith("/Condition/c1/_history/1")
    assert given["medicationReference"]["reference"] == "#bag"
    assert given["contained"][0]["ingredient"][0]["itemCodeableConcept"]["coding"][0]["code"] == "1538097"


def test_epic_writes_no_meta_and_oids_for_systems() -> None:
    """The contact serial number wherever the encounter is named; one Medication for all that was given of it."""
    epic = written(Shape.EPIC)
    assert [kind for kind, resource in epic.items() if "meta" in resource] == []
    assert epic["Condition"]["encounter"]["identifier"]["value"] == "9001"
    assert epic["Encounter"]["account"][0]["display"] == "EASTGROVE,GRACE INES"
    assert epic["Encounter"]["type"][0]["text"] == "Outpatient"
    assert epic["MedicationAdministration"]["medicationReference"] == {
        "reference": "Medication/med-vedolizumab",
        "display": "vedolizumab",
    }
    assert epic["Medication"]["id"] == "med-vedolizumab"


def test_oracle_health_tells_everything_and_bills_by_extensions() -> None:
    """The charge master's item in `code`, the billed code and its modifier in extensions, the price of both units."""
    oracle = written(Shape.ORACLE)
    assert [kind for kind, resource in oracle.items() if "text" not in resource] == ["Claim"]
    assert "<b>Dosage</b>: 300 milligram</p>" in oracle["MedicationAdministration"]["text"]["div"]
    charge = oracle["ChargeItem"]
    assert charge["code"]["coding"][0]["code"] == "033596413"
    by_name = {each["url"].rsplit("/", 1)[-1]: each for each in charge["extension"]}
    assert by_name["net-price"]["valueMoney"] == {"value": 1774, "currency": "USD"}
    assert {name: part_of(by_name[name]) for name in ("procedure-code", "modifier-code")} == {
        "procedure-code": "96413",
        "modifier-code": "59",
    }


def part_of(extension: dict[str, Any]) -> str:
    """The code within."""
    code: str = extension["extension"][0]["valueCodeableConcept"]["coding"][0]["code"]
    return code


def test_oracle_health_writes_the_minutes_of_what_was_not_closed() -> None:
    """One moment, and the minutes it was to run over."""
    open_end = Administration(
        **{name: getattr(GIVEN, name) for name in ("id", "status", "drug", "route", "technique", "request")},
        start=NINE,
        instant=True,
        infuse_over=Decimal(90),
    )
    resource = HOUSES[Shape.ORACLE].administration(open_end, stay(), True)
    assert resource["effectiveDateTime"] == "2026-03-02T09:00:00Z"
    assert resource["extension"][0]["valueQuantity"]["value"] == 90


def test_who_writes_utc_writes_it_with_a_z() -> None:
    """2026-03-02T09:00:00Z, and with an offset where there is one."""
    assert written(Shape.EPIC)["Encounter"]["period"]["start"] == "2026-03-02T09:00:00Z"
    assert {shape for shape in Shape if HOUSES[shape].in_utc} == {Shape.EPIC, Shape.ORACLE}


@pytest.mark.parametrize("encounter_class", ["AMB", "EMER", "OBSENC", "IMP"])
@pytest.mark.parametrize("shape", Shape)
def test_the_class_is_read_as_it_was_meant(shape: Shape, encounter_class: str) -> None:
    """Also where an outpatient is written by HL7 v2."""
    encounter, issues = read_encounter(written(shape, encounter_class)["Encounter"], Lookup())
    assert (encounter.encounter_class, issues) == (encounter_class, [])


def references(value: Any) -> Iterator[str]:
    """Every reference in a resource that names a type and an id."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "reference" and not inner.startswith("#"):
                yield inner.removeprefix("https://ehr.example.org/fhir/r4/").removesuffix("/_history/1")
            else:
                yield from references(inner)
    elif isinstance(value, list):
        yield from chain.from_iterable(map(references, value))


def test_every_reference_leads_somewhere(export: list[dict[str, Any]]) -> None:
    """Within the export, but for people, places, accounts and orders, which it doesn't hold; and no id stands twice."""
    keys = [f"{each['resourceType']}/{each['id']}" for each in export]
    named = {key for each in export for key in references(each) if key.split("/")[0] not in ELSEWHERE}
    assert len(keys) == len(set(keys))
    assert {key.split("/")[0] for key in named} >= {"Patient", "Encounter", "Condition", "Observation", "Medication"}
    assert named - set(keys) == set()


def test_patients_are_nobody_and_stay_who_they_are(export: list[dict[str, Any]]) -> None:
    """Numbers that are kept for fiction, mail to no one, names as the Patient has them, no cancer of another sex."""
    text = json.dumps(export)
    phones = re.findall(r"\d{3}-\d{3}-\d{4}", text)
    patients = {f"Patient/{each['id']}": each for each in export if each["resourceType"] == "Patient"}
    shown = {
        (each["subject"]["reference"].split("/_history")[0].split("r4/")[-1], each["subject"]["display"])
        for each in export
        if "display" in each.get("subject", {})
    }
    assert phones
    assert all(re.fullmatch(r"\d{3}-555-01\d\d", phone) for phone in phones)
    assert set(re.findall(r"@([a-z.]+)", text)) == {"example.org"}
    for key, display in shown:
        assert display.split(",")[0] == patients[key]["name"][0]["family"]
    sick = {(code["code"], patient_of(each, patients)["gender"]) for each in export for code in codes(each)}
    assert {sex for code, sex in sick if code == "C61"} == {"male"}
    assert {sex for code, sex in sick if code == "C50.911"} == {"female"}


def codes(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a Condition its codes."""
    found: list[dict[str, Any]] = resource["code"]["coding"] if resource["resourceType"] == "Condition" else []
    return found


def patient_of(resource: dict[str, Any], patients: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Whose it is."""
    return patients[next(key for key in references(resource["subject"]) if key in patients)]


def test_each_hospital_has_an_ehr_of_another_make(export: list[dict[str, Any]]) -> None:
    """A patient's resources all come from one, and an export has them all."""
    houses = {house.place.key: house.shape for house in hospitals(41)}
    assert set(houses.values()) == set(Shape)
    narrated: dict[str, set[bool]] = {}
    for each in export:
        if each["resourceType"] in ("Encounter", "Condition", "ChargeItem"):
            patient = next(key for key in references(each["subject"]))
            narrated.setdefault(patient, set()).add("text" in each)
    assert {len(found) for found in narrated.values()} == {1}
    assert {True, False} == set().union(*narrated.values())


def test_no_display_is_anybody_elses(export: list[dict[str, Any]]) -> None:
    """What a procedure code is called is our own short label, written in the charge master beside it."""
    table = Path(__file__).parents[2] / "plugin" / "bulk" / "generating" / "charge_master.csv"
    labels = table.read_text("utf-8").replace('"', "")
    shown = {
        (coding["code"], coding["display"])
        for each in export
        if each["resourceType"] == "ChargeItem"
        for coding in each["code"]["coding"]
        if coding["system"].endswith("/cpt") and "display" in coding
    }
    assert shown
    assert all(f"{code},{display}," in labels for code, display in shown)
