"""Parting an export among patients changes nothing in any chart: bulk reads what a single file would read."""

import gzip
from pathlib import Path

import pytest

from fhir_mappings.charts import ChartSet, read_charts
from fhir_mappings.lookup import Lookup, identity
from fhir_mappings.paths import PLACEMENT
from fhir_mappings.placement import place
from plugin.bulk import assembly, columns
from plugin.bulk.assembly import assemble
from plugin.bulk.auditing import parse
from plugin.bulk.files import find_files, lines_of
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.bulk.machine import Machine, database
from plugin.bulk.partition import patients
from plugin.domain import Chart, MappingIssue
from tests.repo import tracked
from tests.unit.bulk.exports import condition, encounter, infusion, patient, visit, weight, write

PARTITIONS = 3
REAL = tracked.CHECKOUT.parent / "shared" / "data" / "fhir"
TWICE = "several different copies"


def parted(export: Path, work: Path) -> tuple[dict[str, Chart], set[MappingIssue]]:
    """Every chart as bulk reads it, and the issues of what belongs to none."""
    charts: dict[str, Chart] = {}
    issues: set[MappingIssue] = set()
    machine = Machine(1, 300, work / "spill")
    assemble(find_files(export), work / "parts", PARTITIONS, machine, measures=True)
    for part in range(PARTITIONS):
        for _, lines in patients(work / "parts", part):
            found = read_charts([resource for kind, text in lines for resource in parse(text, kind)])
            charts |= {chart.encounter.id: chart for chart in found.charts}
            issues |= set(found.issues)
    return charts, issues


def whole(export: Path) -> ChartSet:
    """The same export read as one input."""
    lines = [line for path in find_files(export) for _, line in lines_of(path) if line.strip()]
    return read_charts([resource for line in lines for resource in parse(line.decode())])


def assert_same(export: Path, work: Path) -> int:
    """Charts and issues are equal; gives how many charts there are."""
    charts, issues = parted(export, work)
    expected = whole(export)

    assert {chart.encounter.id: chart for chart in expected.charts} == charts
    assert set(expected.issues) == issues
    return len(charts)


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
    assemble(find_files(export), tmp_path / "parts", 1, Machine(1, 200, tmp_path / "spill"))
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
    machine = Machine(1, 300, tmp_path / "spill")
    assembled = assemble(find_files(export), tmp_path / "parts", PARTITIONS, machine)

    assert [p.where for p in assembled.problems] == [f"{given}: line {number}" for number in (1, 4, 5, 7)]
    assert assembled.counts["MedicationAdministration"] == 2
    assert all(p.done == "this line was not read" for p in assembled.problems)


def test_a_line_beyond_all_bounds_does_not_stop_the_rest(tmp_path):
    """80 MiB in one line: the line is named, what stands around it is read."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "10:00")])
    (export / "Binary.ndjson").write_bytes(
        b'{"resourceType": "Binary", "data": "' + b"x" * (80 << 20) + b'"}\n{"resourceType": "Binary", "id": "b"}\n'
    )
    machine = Machine(1, 400, tmp_path / "spill")
    assembled = assemble(find_files(export), tmp_path / "parts", PARTITIONS, machine)

    assert [p.where for p in assembled.problems] == [f"{export / 'Binary.ndjson'}: line 1"]
    assert assembled.counts["MedicationAdministration"] == 1
    assert assembled.counts["Binary"] == 1


def test_encounters_are_looked_at_a_share_at_a_time(tmp_path, monkeypatch):
    """One at a time: what lies astray is found all the same."""
    monkeypatch.setattr(assembly, "ENCOUNTERS_AT_ONCE", 1)
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
def test_a_reference_means_the_same_to_sql_and_to_the_reader(reference, tmp_path):
    """The key by which SQL joins is the key by which `Lookup` finds."""
    with database(Machine(1, 128, tmp_path)) as connection:
        query = f"SELECT {columns.key('given')} FROM (SELECT {columns.literal(reference)} AS given)"
        found = connection.execute(query).fetchall()[0][0]

    assert (found or "") == Lookup().key(reference)


def test_each_element_of_the_placement_table_is_what_sql_reads(tmp_path):
    """A resource with only that element is placed by it, whatever its type."""
    with database(Machine(1, 128, tmp_path)) as connection:
        for path in [p for p in PLACEMENT if p.field in ("patient", "encounter") and p.element != "id"]:
            parent = path.element.split(".")[0]
            resource = {"resourceType": path.resource, "id": "x", parent: {"reference": "Some/one"}}
            text = columns.literal(str(resource).replace("'", '"'))
            line = f"SELECT {columns.values_of('json')} AS v FROM (SELECT {text}::JSON AS json)"
            query = f"SELECT {columns.field_of(path.field)}, {columns.own_key()} FROM ({line})"

            assert connection.execute(query).fetchone() == ("Some/one", identity(resource))


def test_python_places_every_resource_where_sql_places_it(tmp_path):
    """Engines without SQL read the same table by `place`."""
    generate(Wish(encounters=60, seed=8), tmp_path / "export")
    lines = [line.decode() for path in find_files(tmp_path / "export") for _, line in lines_of(path)]
    with database(Machine(1, 200, tmp_path / "spill")) as connection:
        source = f"SELECT json, {columns.values_of('json')} AS v FROM (SELECT unnest(?)::JSON AS json)"
        read = (columns.own_key(), columns.field_of("patient"), columns.field_of("encounter"), columns.pointed("json"))
        by_sql = connection.execute(f"SELECT {', '.join(read)} FROM ({source})", [lines]).fetchall()
    by_python = [place(resource) for line in lines for resource in parse(line)]

    assert [(p.key or None, p.patient or None, p.encounter or None, list(p.pointed)) for p in by_python] == by_sql
    assert any(p.pointed for p in by_python)
