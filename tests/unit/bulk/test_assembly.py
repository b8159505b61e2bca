"""Parting an export among patients changes nothing in any chart: bulk reads what a single file would read."""

import gzip
import json
from typing import Any

import pytest

from fhir_mappings.lookup import Lookup
from plugin.bulk import assembly, placing, settling
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.bulk.partition import patients
from tests.repo import tracked
from tests.unit.bulk.equal_charts import PARTITIONS, assert_same, parted, whole
from tests.unit.bulk.exports import assemble, condition, encounter, infusion, patient, visit, weight, write

REAL = tracked.CHECKOUT.parent / "shared" / "data" / "fhir"
TWICE = "several different copies"


def test_a_generated_export_gives_the_charts_of_a_single_input(tmp_path):
    """All vendors' shapes, linked records, administrations without an encounter."""
    generate(Wish(encounters=150, seed=11, lines_per_file=200), tmp_path / "export")

    assert assert_same(tmp_path / "export", tmp_path / "work") == 150


@pytest.mark.skipif(not REAL.is_dir(), reason="no copies of the public FHIR examples beside the checkout")
@pytest.mark.parametrize("name", ["hl7-qicore-examples", "hl7-r4-examples", "mii-testdata", "vendor-shape-fixtures"])
def test_examples_of_others_give_the_charts_of_a_single_input(name, tmp_path):
    """Charts nobody here wrote."""
    assert assert_same(REAL / name, tmp_path / "work") > 0


@pytest.mark.skipif(not REAL.is_dir(), reason="no copies of the public FHIR examples beside the checkout")
def test_examples_that_share_ids_differ_only_where_an_id_is_of_two_patients(tmp_path):
    """These are test cases put together: one id may be two patients' there, which no server's export has."""
    charts, _ = parted(REAL / "ecqm-qicore-2024", tmp_path / "work")
    expected = {chart.encounter.id: chart for chart in whole(REAL / "ecqm-qicore-2024").charts}
    differing = [id for id, chart in expected.items() if charts[id] != chart]

    assert set(charts) == set(expected)
    assert all(any(issue.done.startswith(TWICE) for issue in expected[id].issues) for id in differing)
    assert len(differing) < 5


def test_an_administration_without_a_link_is_placed_by_patient_and_time(tmp_path):
    """As `code` does: into the one encounter that holds its start."""
    loose = infusion("m1", "09:00", "10:00")
    del loose["context"]
    export = write(tmp_path / "export", [*visit(), encounter("e2", start="18:00", stop="19:00"), loose])
    charts, _ = parted(export, tmp_path / "work")

    assert [a.id for a in charts["Encounter/e1"].administrations] == ["MedicationAdministration/m1"]
    assert charts["Encounter/e2"].administrations == ()
    assert_same(export, tmp_path / "work")


def test_what_names_only_its_encounter_goes_to_that_encounters_patient(tmp_path):
    """No subject; and another patient's, which is said in the chart it names."""
    homeless = infusion("m1", "09:00", "10:00")
    del homeless["subject"]
    stranger = infusion("m2", "11:00", "12:00", subject={"reference": "Patient/p9"})
    export = write(tmp_path / "export", [*visit(), patient("p9"), homeless, stranger])
    charts, _ = parted(export, tmp_path / "work")

    assert [a.id for a in charts["Encounter/e1"].administrations] == ["MedicationAdministration/m1"]
    assert any("another patient" in issue.done for issue in charts["Encounter/e1"].issues)
    assert_same(export, tmp_path / "work")


def test_medications_follow_whoever_points_to_them(tmp_path):
    """Absolute references with a version, and an ingredient that is a resource of its own."""
    pointing = {"medicationReference": {"reference": "https://ehr.example.org/r4/Medication/bag/_history/2"}}
    given = infusion("m1", "09:00", "10:00") | pointing
    del given["medicationCodeableConcept"]
    bag = {
        "resourceType": "Medication",
        "id": "bag",
        "ingredient": [{"itemReference": {"reference": "Medication/powder"}}],
    }
    powder = {"resourceType": "Medication", "id": "powder", "code": {"text": "cefepime"}}
    export = write(tmp_path / "export", [*visit(), given, bag, powder])
    charts, _ = parted(export, tmp_path / "work")

    assert charts["Encounter/e1"].administrations[0].drug.text == "cefepime"
    assert_same(export, tmp_path / "work")


def test_a_problem_of_the_patient_stays_with_the_patient(tmp_path):
    """A condition that names another patient's encounter is nobody's there, as in a single file."""
    export = write(tmp_path / "export", [*visit(), patient("p9"), condition("c9", of="p9")])

    assert_same(export, tmp_path / "work")


def test_a_weight_goes_to_its_patient_and_other_observations_stay_out(tmp_path):
    """Also one that names a visit of somebody else; a heart rate is no part of a chart, and a weight only if wanted."""
    stray = weight("o2", 61, of="p9") | {"encounter": {"reference": "Encounter/e1"}}
    others = [patient("p9"), encounter("e9", of="p9"), stray, weight("o3", 72, code="8867-4")]
    export = write(tmp_path / "export", [*visit(), *others, weight("o1", 80)])
    charts, _ = parted(export, tmp_path / "work")

    assert (charts["Encounter/e1"].weight_kg, charts["Encounter/e9"].weight_kg) == (80, 61)
    assert_same(export, tmp_path / "work")
    found = [
        kind
        for part in range(PARTITIONS)
        for _, lines in patients(tmp_path / "work" / "parts", part)
        for kind, _ in lines
    ]
    assert found.count("Observation") == 2
    assemble(export, tmp_path / "parts", 1)
    assert "Observation" not in {kind for _, lines in patients(tmp_path / "parts", 0) for kind, _ in lines}


def test_a_shared_drug_that_came_in_two_versions_is_the_newest_as_in_a_single_input(tmp_path):
    """Both copies go to whoever points to them, and the reader chooses."""
    given = infusion("m1", "09:00", "10:00") | {"medicationReference": {"reference": "Medication/bag"}}
    del given["medicationCodeableConcept"]
    older, newer = (
        {
            "resourceType": "Medication",
            "id": "bag",
            "code": {"text": text},
            "meta": {"versionId": version, "lastUpdated": f"2026-03-0{version}T08:00:00Z"},
        }
        for text, version in (("cefepime", "1"), ("ertapenem", "2"))
    )
    for number, copies in enumerate([(older, newer), (newer, older)]):
        export = write(tmp_path / f"export{number}", [*visit(), given, *copies])
        charts, _ = parted(export, tmp_path / "work")

        assert charts["Encounter/e1"].administrations[0].drug.text == "ertapenem"
        assert_same(export, tmp_path / "work")


def test_several_files_of_a_type_plain_and_zipped_are_one_export(tmp_path):
    """As bulk data servers write them."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "10:00")])
    more = write(tmp_path / "more", [infusion("m2", "11:00", "12:00")])
    zipped = gzip.compress((more / "MedicationAdministration.ndjson").read_bytes())
    (export / "2.MedicationAdministration.ndjson.gz").write_bytes(zipped)
    charts, _ = parted(export, tmp_path / "work")

    assert len(charts["Encounter/e1"].administrations) == 2
    assert_same(export, tmp_path / "work")


def test_a_line_that_is_no_resource_is_named_by_file_and_line_and_the_rest_is_read(tmp_path):
    """Cut off, no JSON, no resource, no text: four lines lost, with their numbers."""
    export = write(tmp_path / "export", visit())
    given = export / "MedicationAdministration.ndjson"
    write(export, [infusion("m1", "09:00", "10:00"), infusion("m2", "11:00", "12:00")])
    first, second = given.read_bytes().splitlines()
    given.write_bytes(b"\n".join([b"{oops", first, b"", b"[1]", b'{"id": "\xff"}', second, first[:40]]))
    assembled = assemble(export, tmp_path / "parts", PARTITIONS)

    assert [p.where for p in assembled.problems] == [f"{given}: line {number}" for number in (1, 4, 5, 7)]
    assert assembled.counts["MedicationAdministration"] == 2
    assert all(p.done == "this line was not read" for p in assembled.problems)


def test_a_line_beyond_all_bounds_does_not_stop_the_rest(tmp_path):
    """80 MiB in one line: the line is named, what stands around it is read."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "10:00")])
    (export / "Binary.ndjson").write_bytes(
        b'{"resourceType": "Binary", "data": "' + b"x" * (80 << 20) + b'"}\n{"resourceType": "Binary", "id": "b"}\n'
    )
    assembled = assemble(export, tmp_path / "parts", PARTITIONS)

    assert [p.where for p in assembled.problems] == [f"{export / 'Binary.ndjson'}: line 1"]
    assert assembled.counts["MedicationAdministration"] == 1
    assert assembled.counts["Binary"] == 1


def test_encounters_are_looked_at_a_share_at_a_time(tmp_path, monkeypatch):
    """One at a time: what lies astray is found all the same."""
    monkeypatch.setattr(settling, "ENCOUNTERS_AT_ONCE", 1)
    resources = [*visit(), *(encounter(f"e{n}", of=f"p{n}") for n in range(2, 8))]
    for n in range(2, 8):
        loose = infusion(f"m{n}", "09:00", "10:00", context={"reference": f"Encounter/e{n}"})
        del loose["subject"]
        resources.append(loose)
    export = write(tmp_path / "export", resources)
    charts, _ = parted(export, tmp_path / "work")

    assert [len(charts[f"Encounter/e{n}"].administrations) for n in range(2, 8)] == [1] * 6
    assert_same(export, tmp_path / "work")


@pytest.mark.parametrize(
    "reference",
    [
        "Encounter/e1",
        "https://ehr.example.org/fhir/r4/Encounter/e1",
        "https://ehr.example.org/fhir/r4/Encounter/e1/_history/3",
        "Encounter/e1/_history/3",
        "Encounter/e1/",
        "urn:uuid:6fa160b8-45d5-551a-82b3-155d40d98255",
        "#contained",
        "nothing",
        "",
    ],
)
def test_a_reference_finds_the_encounter_that_the_reader_finds(reference, tmp_path):
    """Also of something that names no patient, and so has nothing else to go by."""
    loose = infusion("m1", "09:00", "10:00", context={"reference": reference})
    del loose["subject"]
    export = write(tmp_path / "export", [*visit(), loose])
    charts, _ = parted(export, tmp_path / "work")

    assert len(charts["Encounter/e1"].administrations) == (Lookup().key(reference) == "Encounter/e1")
    assert_same(export, tmp_path / "work")


def named(patient: int, encounter: str) -> dict[str, Any]:
    """Of this patient, at that visit."""
    return {"subject": {"reference": f"Patient/p{patient}"}, "context": {"reference": f"Encounter/{encounter}"}}


def test_of_many_that_lie_astray_each_comes_to_its_encounter_with_what_it_points_to(tmp_path):
    """Twenty administrations that name the visit of the next of twenty patients, every second a bag of its own.

    Every third names its own patient too, which is said. Conditions stay.
    """
    resources = []
    for n in range(20):
        own, there = f"e{n}", f"e{(n + 1) % 20}"
        strays = infusion(f"m{n}", "09:00", "10:00", **named(n, there))
        if n % 3:
            del strays["subject"]
        if n % 2:
            del strays["medicationCodeableConcept"]
            strays["medicationReference"] = {"reference": f"Medication/bag{n}"}
            resources.append({"resourceType": "Medication", "id": f"bag{n}", "code": {"text": f"bag {n}"}})
        stays = infusion(f"own{n}", "11:00", "12:00", **named(n, own))
        resources += [patient(f"p{n}"), encounter(own, of=f"p{n}"), strays, stays, condition(f"c{n}", f"p{n}", there)]
    export = write(tmp_path / "export", resources)
    charts, _ = parted(export, tmp_path / "work")

    for n in range(20):
        found = {a.id.split("/")[1]: a.drug.text for a in charts[f"Encounter/e{n}"].administrations}
        before = (n - 1) % 20
        brought = {f"m{before}": f"bag {before}" if before % 2 else "cefepime"} if before % 3 else {}
        assert found == {f"own{n}": "cefepime"} | brought
        assert any("another patient" in issue.done for issue in charts[f"Encounter/e{n}"].issues) == (not before % 3)
    assert_same(export, tmp_path / "work")


def test_of_an_encounter_that_came_for_two_patients_the_newest_copy_decides(tmp_path):
    """All that names it goes there, the older copy too."""
    loose = infusion("m1", "09:00", "10:00")
    del loose["subject"]
    older = encounter("e1", of="p1") | {"meta": {"versionId": "1", "lastUpdated": "2026-03-01T08:00:00Z"}}
    newer = encounter("e1", of="p2") | {"meta": {"versionId": "2", "lastUpdated": "2026-03-02T08:00:00Z"}}
    for number, copies in enumerate([(older, newer), (newer, older)]):
        resources = [patient("p1"), patient("p2"), *copies, loose]
        export = write(tmp_path / f"export{number}", resources)
        charts, _ = parted(export, tmp_path / "work")

        assert charts["Encounter/e1"].patient.id == "Patient/p2"
        assert [a.id for a in charts["Encounter/e1"].administrations] == ["MedicationAdministration/m1"]
        assert_same(export, tmp_path / "work")


@pytest.mark.parametrize("bytes_a_piece", [1, 500, 5000])
def test_lines_are_counted_through_all_pieces_of_a_file(bytes_a_piece, tmp_path, monkeypatch):
    """Every tenth line is none, from the third on."""
    monkeypatch.setattr(assembly, "SMALLEST_SEGMENT", bytes_a_piece)
    monkeypatch.setattr(assembly, "HELD", bytes_a_piece)
    path = tmp_path / "export" / "a.ndjson"
    path.parent.mkdir()
    good = json.dumps(patient())
    path.write_text("\n".join("no" if number % 10 == 3 else good for number in range(1, 101)))
    assembled = assemble(path.parent, tmp_path / "parts", 2)

    assert [p.where for p in assembled.problems] == [f"{path}: line {number}" for number in range(3, 101, 10)]
    assert assembled.counts == {"Patient": 90}


def test_of_lines_that_are_none_a_thousand_are_named(tmp_path, monkeypatch):
    """And that there are more, whatever the pieces."""
    monkeypatch.setattr(assembly, "SMALLEST_SEGMENT", 2000)
    path = tmp_path / "export" / "a.ndjson"
    path.parent.mkdir()
    path.write_text("no\n" * 1500)
    assembled = assemble(path.parent, tmp_path / "parts", 2)

    assert [p.where for p in assembled.problems] == [
        *(f"{path}: line {number}" for number in range(1, 1001)),
        str(path),
    ]
    assert assembled.problems[-1].found == "more than 1000 such lines"


def test_little_is_held_at_a_time_and_nothing_of_it_lost(tmp_path, monkeypatch):
    """Written after every few lines."""
    monkeypatch.setattr(placing, "HELD", 2000)
    generate(Wish(encounters=40, seed=12), tmp_path / "export")

    assert assert_same(tmp_path / "export", tmp_path / "work") == 40
