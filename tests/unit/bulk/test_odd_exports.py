"""Exports that no writer should make and some do: bulk reads what a single file would read, and nothing ends it."""

import json
from pathlib import Path
from typing import Any

import pytest

from plugin.bulk.auditing import Auditor
from plugin.bulk.charges_file import add_charges
from plugin.bulk.files import wrong_with
from plugin.bulk.lines import CHARGE
from plugin.bulk.machine import Machine
from plugin.bulk.partition import patients
from plugin.bulk.settings import AuditSettings, ChargeSource
from plugin.domain import Chart
from tests.unit.bulk.equal_charts import PARTITIONS, assert_same, parted
from tests.unit.bulk.exports import (
    DAY,
    assemble,
    charge,
    condition,
    encounter,
    infusion,
    patient,
    visit,
    weight,
    write,
)

BEYOND_A_DECIMAL = "1e99999999999999999999"
BEYOND_AN_INTEGER = "1" * 5000


def read_alike(tmp_path: Path, resources: list[dict[str, Any]], name: str = "export") -> dict[str, Chart]:
    """The charts of an export, which are those of a single input."""
    export = write(tmp_path / name, resources)
    charts, _ = parted(export, tmp_path / "work")
    assert_same(export, tmp_path / "work")
    return charts


def with_number(number: str, resource: dict[str, Any]) -> str:
    """The line of a resource in which 0.125 stands for the number."""
    line = json.dumps(resource)
    assert line.count("0.125") == 1
    return line.replace("0.125", number)


@pytest.mark.parametrize("number", [BEYOND_A_DECIMAL, BEYOND_AN_INTEGER], ids=["decimal", "integer"])
@pytest.mark.parametrize(
    "place",
    [
        {"extension": [{"url": "https://ehr.example.org/x", "valueDecimal": 0.125}]},
        {"supportingInformation": 0.125},
        {"dosage": {"route": {"text": "IVPB"}, "dose": {"value": 0.125, "unit": "mg"}}},
    ],
    ids=["extension", "unread", "dose"],
)
def test_a_number_beyond_all_bounds_ends_no_audit(place, number, tmp_path):
    """Sixty minutes by piggyback are 96365 whatever stands there; beside it a second patient's are audited too."""
    export = write(
        tmp_path / "export", [*visit(), condition("c2", "p2", "e2"), patient("p2"), encounter("e2", of="p2")]
    )
    other = infusion("m2", "09:00", "10:00", subject={"reference": "Patient/p2"}, context={"reference": "Encounter/e2"})
    lines = [with_number(number, infusion("m1", "09:00", "10:00", **place)), json.dumps(other)]
    (export / "MedicationAdministration.ndjson").write_text("\n".join(lines))
    problems = assemble(export, tmp_path / "parts", PARTITIONS).problems
    auditor = Auditor(AuditSettings(charges=ChargeSource.CHARGE_ITEMS))
    rows = [
        row
        for part in range(PARTITIONS)
        for _, held in patients(tmp_path / "parts", part)
        for row in auditor.audit(held)
    ]

    assert problems == []
    assert sorted((row["encounter"], row["code"], row["direction"]) for row in rows) == [
        ("Encounter/e1", "96365", "under"),
        ("Encounter/e2", "96365", "under"),
    ]
    assert_same(export, tmp_path / "work")


def test_a_line_nested_as_deeply_as_can_be_read_is_read_or_told(tmp_path):
    """At any depth: the hour is found, or its line is named; nothing is lost without a word, and nothing ends it."""
    read, told, depths = set(), set(), {*range(900, 1000, 5), 100_000}  # how deep is too deep, each Python says itself
    for depth in sorted(depths):
        export = write(tmp_path / f"export{depth}", visit())
        line = with_number("[" * depth + "]" * depth, infusion("m1", "09:00", "10:00", supportingInformation=0.125))
        (export / "MedicationAdministration.ndjson").write_text(line)
        problems = assemble(export, tmp_path / "parts", PARTITIONS).problems
        auditor = Auditor(AuditSettings(charges=ChargeSource.CHARGE_ITEMS))
        for part in range(PARTITIONS):
            for _, held in patients(tmp_path / "parts", part):
                read.update(depth for row in auditor.audit(held) if row["code"] == "96365")
        told.update(depth for problem in problems if problem.found == "JSON nested too deeply")
        assert auditor.tally.problems == []

    assert read | told == depths
    assert read.isdisjoint(told)
    assert told


def test_a_line_that_was_not_read_after_all_is_told():
    """Whatever it was: an audit says that something of that type is missing."""
    auditor = Auditor(AuditSettings())
    auditor.audit([("Condition", b"{cut")])

    assert auditor.tally.problems == [("Condition", "", "a line of this type was not read")]


def test_a_dose_beyond_all_bounds_is_no_dose_and_is_told(tmp_path):
    """Neither taken for a number, nor the whole line lost for it."""
    export = write(tmp_path / "export", visit())
    dose = {"dosage": {"route": {"text": "IVPB"}, "dose": {"value": 0.125, "unit": "mg"}}}
    line = with_number(BEYOND_A_DECIMAL, infusion("m1", "09:00", "10:00", **dose))
    (export / "MedicationAdministration.ndjson").write_text(line)
    chart = parted(export, tmp_path / "work")[0]["Encounter/e1"]

    assert chart.administrations[0].dose is None
    assert [(issue.path, issue.blocks) for issue in chart.issues] == [
        ("MedicationAdministration.dosage.dose.value", True)
    ]


def test_a_line_with_an_enormous_number_is_a_line_and_one_without_a_type_is_none():
    """Whatever else is odd in it."""
    assert wrong_with(f'{{"resourceType": "Patient", "id": "\\ud800", "n": {BEYOND_AN_INTEGER}}}') == ""
    assert wrong_with('{"resourceType": 5}') == "no FHIR resource"


def test_a_file_of_a_byte_order_mark_alone_holds_no_bad_line(tmp_path):
    """Some systems write it into files without resources, too; before a resource it is passed over as well."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "10:00")])
    (export / "Device.ndjson").write_bytes(b"\xef\xbb\xbf")
    (export / "Substance.ndjson").write_bytes(b"\xef\xbb\xbf\r\n")
    given = export / "MedicationAdministration.ndjson"
    given.write_bytes(b"\xef\xbb\xbf" + given.read_bytes().replace(b"\n", b"\r\n"))
    assembled = assemble(export, tmp_path / "parts", PARTITIONS)

    assert assembled.problems == []
    assert assembled.counts == {"Condition": 1, "Encounter": 1, "MedicationAdministration": 1, "Patient": 1}


def test_a_contained_mixture_takes_its_ingredient_from_the_export(tmp_path):
    """The bag is contained in the administration; what is in it stands in a file of its own."""
    bag = {
        "resourceType": "Medication",
        "id": "bag",
        "ingredient": [{"itemReference": {"reference": "Medication/powder"}}],
    }
    given = infusion("m1", "09:00", "10:00", contained=[bag], medicationReference={"reference": "#bag"})
    del given["medicationCodeableConcept"]
    powder = {"resourceType": "Medication", "id": "powder", "code": {"text": "ertapenem"}}
    charts = read_alike(tmp_path, [*visit(), given, powder])

    assert charts["Encounter/e1"].administrations[0].drug.text == "ertapenem"


def test_a_lone_object_and_a_list_place_a_line_as_they_are_read(tmp_path):
    """A device that is no list, a patient that is one."""
    pump = {"resourceType": "Device", "id": "d1", "type": {"text": "infusion pump"}}
    given = infusion("m1", "09:00", "10:00", device={"reference": "Device/d1"}, subject=[{"reference": "Patient/p1"}])
    del given["context"]
    charts = read_alike(tmp_path, [*visit(), given, pump])

    assert [(a.id, a.from_device) for a in charts["Encounter/e1"].administrations] == [
        ("MedicationAdministration/m1", True)
    ]


def test_an_encounter_without_a_patient_is_read_with_the_patient_who_names_it(tmp_path):
    """R4 lets an encounter name nobody: its diagnosis and the order of its infusion are the patient's all the same."""
    nobodys = encounter("e1")
    del nobodys["subject"]
    order = {
        "resourceType": "MedicationRequest",
        "id": "o1",
        "subject": {"reference": "Patient/p1"},
        "dosageInstruction": [{"timing": {"repeat": {"duration": 90, "durationUnit": "min"}}}],
    }
    given = infusion("m1", "09:00", "10:00", request={"reference": "MedicationRequest/o1"})
    own = [patient(), encounter("e2", start="18:00", stop="19:00")]
    charts = read_alike(tmp_path, [*own, nobodys, condition(), order, given, charge("h1", "96365")])

    assert [d.id for d in charts["Encounter/e1"].diagnoses] == ["Condition/c1"]
    assert charts["Encounter/e1"].administrations[0].ordered_minutes == 90
    assert [c.code for c in charts["Encounter/e1"].existing] == ["96365"]


def test_diagnoses_and_orders_of_nobody_are_told(tmp_path):
    """Who points to them can't find them here, as a single file would: so they are named, and others are not."""
    of_nobody = [condition("c1"), {"resourceType": "MedicationRequest", "id": "o1"}]
    del of_nobody[0]["subject"], of_nobody[0]["encounter"]
    without_a_visit = [patient("p2"), condition("c2", of="p2", within="e9")]
    listing = encounter("e1") | {"diagnosis": [{"condition": {"reference": "Condition/c1"}}]}
    export = write(tmp_path / "export", [patient(), listing, *of_nobody, *without_a_visit])
    assemble(export, tmp_path / "parts", PARTITIONS)
    auditor = Auditor(AuditSettings())
    for part in range(PARTITIONS):
        for _, held in patients(tmp_path / "parts", part):
            auditor.audit(held)

    assert sorted(auditor.tally.problems) == [
        ("Condition/c1 Condition.subject", "", "not read: it names no patient"),
        ("MedicationRequest/o1 MedicationRequest.subject", "", "not read: it names no patient"),
    ]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"versionId": "9"}, {"versionId": "10"}),
        ({"versionId": "11"}, {"versionId": "2", "lastUpdated": "2026-03-01T08:00:00Z"}),
    ],
    ids=["versions are numbers", "a time wins over none"],
)
def test_the_newest_copy_of_an_encounter_is_the_same_for_parting_and_reading(older, newer, tmp_path):
    """It came for two patients: where it goes, the problems of that one are its diagnoses."""
    first = encounter("e1", of="p1") | {"meta": older}
    second = encounter("e1", of="p2") | {"meta": newer}
    problem = {"category": [{"coding": [{"code": "problem-list-item"}]}]}
    problems = [condition(f"c{n}", of=f"p{n}") | problem for n in (1, 2)]
    for each in problems:
        del each["encounter"]
    for number, copies in enumerate([(first, second), (second, first)]):
        people = [patient("p1"), patient("p2")]
        charts = read_alike(tmp_path, [*people, *problems, *copies], f"export{number}")

        assert charts["Encounter/e1"].encounter.patient == "Patient/p2"
        assert [d.id for d in charts["Encounter/e1"].diagnoses] == ["Condition/c2"]


def test_days_in_a_file_of_charges_may_have_a_time_and_others_are_told(tmp_path):
    """As databases write them; what is no day ends no audit, and its row is compared with nothing."""
    days = ["2026-03-02 00:00:00", "2026-03-02T08:30:00-06:00", "2026-03-02", ""]
    wrong = ["2026-3-2", "2026/03/02", "2026-02-30", "infinity", "10000-01-01", "2026-03-02x"]
    charges = tmp_path / "charges.csv"
    charges.write_text("encounter,code,date\n" + "".join(f"e1,96365,{day}\n" for day in [*days, *wrong]), "utf-8")
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "10:00")])
    assemble(export, tmp_path / "parts", 1)
    told = add_charges(charges, tmp_path / "parts", Machine(1, 200, tmp_path / "spill"), CHARGE)
    auditor = Auditor(AuditSettings(charges=ChargeSource.FILE))
    ((_, held),) = patients(tmp_path / "parts", 0)
    (row,) = auditor.audit(held)

    assert [(problem.where, problem.found) for problem in told] == [
        (f"{charges}: line {line}", "no date like 2026-03-02") for line in range(6, 12)
    ]
    assert (row["date"], row["units_charged"], row["units_supported"], row["direction"]) == (DAY, 4, 1, "over")


def test_a_weight_whose_code_is_written_with_escapes_is_a_weight(tmp_path):
    """The same JSON in other letters."""
    export = write(tmp_path / "export", visit())
    line = json.dumps(weight("o1", 80)).replace("29463-7", r"294\u00363\u002d7")
    (export / "Observation.ndjson").write_text(line)
    charts, _ = parted(export, tmp_path / "work")

    assert charts["Encounter/e1"].weight_kg == 80
    assert_same(export, tmp_path / "work")
