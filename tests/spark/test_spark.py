"""Spark in local mode and DuckDB give identical findings on the same export."""

import gzip
import json
from collections.abc import Iterator

import pytest

from plugin.bulk.columns import ORDER
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.bulk.settings import AuditSettings
from plugin.cli import main
from tests.benchmarks.truth import judge, read_findings
from tests.unit.bulk.exports import charge, condition, encounter, infusion, patient, visit, write


@pytest.fixture(scope="module")
def session() -> Iterator:
    """Spark on this machine, two threads, no user interface."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - the extra `spark` is not of every checkout

    builder = SparkSession.builder.master("local[2]").appName("infusion-charges-tests")
    for name, value in (
        ("spark.ui.enabled", "false"),
        ("spark.sql.shuffle.partitions", "3"),
        ("spark.driver.host", "127.0.0.1"),
        ("spark.driver.bindAddress", "127.0.0.1"),
        ("spark.driver.memory", "1g"),
    ):
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    yield spark
    spark.stop()


def outcome_by_spark(session, export, charges=None):
    """What Spark makes of an export."""
    from plugin.bulk.spark import audit_with_spark  # noqa: PLC0415

    return audit_with_spark(session, str(export / "*.ndjson*"), AuditSettings(), charges and str(charges))


def by_spark(session, export, charges=None) -> list[dict]:
    """Its findings in the order of reports."""
    rows = outcome_by_spark(session, export, charges).findings.collect()
    return in_order([json.loads(row["finding"]) for row in rows])


def by_duckdb(export, output, *options) -> list[dict]:
    """The findings of the command."""
    assert main(["audit", str(export), "--output", str(output), "--workers", "1", *options]) in (0, 1)
    return in_order(read_findings(output))


def in_order(findings: list[dict]) -> list[dict]:
    """By the columns that order every report."""
    return sorted(findings, key=lambda finding: [str(finding[name]) for name in ORDER])


def test_a_generated_export_gives_identical_findings(session, tmp_path):
    """Every column of every finding, and they are the seeded ones."""
    generate(Wish(encounters=400, seed=77), tmp_path / "export")
    found = by_spark(session, tmp_path / "export")

    assert found == by_duckdb(tmp_path / "export", tmp_path / "f.jsonl")
    verdict = judge(found, tmp_path / "export" / "truth.csv")
    assert (dict(verdict.missed), dict(verdict.invented)) == ({}, {})
    assert len(verdict.seeded) > 30


def test_odd_links_give_identical_findings(session, tmp_path):
    """No encounter named, no patient named, another patient's, a shared bag with a shared powder, a line of no JSON."""
    loose = infusion("m1", "09:00", "10:00")
    del loose["context"]
    homeless = infusion("m2", "11:00", "12:00", drug="vancomycin")
    del homeless["subject"]
    stranger = infusion("m3", "12:30", "13:30", subject={"reference": "Patient/p9"})
    bagged = infusion("m4", "14:00", "15:31") | {"medicationReference": {"reference": "Medication/bag"}}
    del bagged["medicationCodeableConcept"]
    powder: list[dict] = [{"itemReference": {"reference": "https://ehr.example.org/Medication/powder/_history/1"}}]
    shared: list[dict] = [
        {"resourceType": "Medication", "id": "bag", "ingredient": powder},
        {"resourceType": "Medication", "id": "powder", "code": {"text": "ertapenem"}},
    ]
    others = [patient("p9"), encounter("e9", of="p9"), condition("c9", of="p9")]
    export = write(
        tmp_path / "e", [*visit(), *others, loose, homeless, stranger, bagged, *shared, charge("c", "96372")]
    )
    with (export / "Condition.ndjson").open("a", encoding="utf-8") as file:
        file.write("{cut\n")
    found = by_spark(session, export)

    assert found == by_duckdb(export, tmp_path / "f.jsonl")
    assert {f["code"] for f in found} >= {"96365", "96367", "96372"}


def test_an_encounter_of_nobody_and_one_of_two_patients_give_identical_findings(session, tmp_path):
    """The first is with the patient who names it, the second where its newest copy is: version 10, not 9."""
    nobodys = encounter("e1")
    del nobodys["subject"]
    copies = [encounter("e2", of=of) | {"meta": {"versionId": v}} for of, v in (("p8", "9"), ("p9", "10"))]
    loose = infusion("m2", "09:00", "10:00", context={"reference": "Encounter/e2"})
    del loose["subject"]
    reasons = [condition(), condition("c2", of="p9", within="e2")]
    others = [patient(), patient("p8"), patient("p9"), *copies, nobodys, *reasons]
    export = write(tmp_path / "e", [*others, infusion("m1", "09:00", "10:00"), loose, charge("h", "96372")])
    found = by_spark(session, export)

    assert found == by_duckdb(export, tmp_path / "f.jsonl")
    assert {(f["encounter"], f["code"], f["direction"]) for f in found} == {
        ("Encounter/e1", "96365", "under"),
        ("Encounter/e1", "96372", "over"),
        ("Encounter/e2", "96365", "under"),
    }


def test_a_line_of_no_resource_is_named_by_file_and_number_and_the_rest_is_read(session, tmp_path):
    """In a plain and in a zipped file, as the command names them."""
    export = write(tmp_path / "e", [*visit(), infusion("m1", "09:00", "11:00"), charge("c1", "96365")])
    plain, zipped = export / "Condition.ndjson", export / "ChargeItem.ndjson.gz"
    plain.write_text("\n{cut\n" + plain.read_text("utf-8") + "[1]\n", "utf-8")
    zipped.write_bytes(gzip.compress((export / "ChargeItem.ndjson").read_bytes() + b'{"id": "x"}\n'))
    (export / "ChargeItem.ndjson").unlink()
    outcome = outcome_by_spark(session, export)

    assert [(p.where, p.found.split(":")[0]) for p in outcome.problems] == [
        (f"{zipped}: line 2", "no FHIR resource"),
        (f"{plain}: line 2", "no JSON"),
        (f"{plain}: line 4", "no FHIR resource"),
    ]
    assert by_spark(session, export) == by_duckdb(export, tmp_path / "f.jsonl")


def test_a_file_of_charges_gives_identical_findings_and_names_the_rows_it_could_not_use(session, tmp_path):
    """Modifiers and units of a generated file; and three rows that say nothing usable."""
    export = tmp_path / "export"
    generate(Wish(encounters=150, seed=78, charges="csv", drugs=True), export)
    charges = export / "charges.csv"
    found = by_spark(session, export, charges)

    assert found == by_duckdb(export, tmp_path / "f.jsonl", "--charges", str(charges))
    assert len(found) > 10
    with charges.open("a", encoding="utf-8") as file:
        file.write("e1x1,96365,,2026-3-2,1\nnowhere,96365,,2026-03-02 00:00:00,1\n,96365,,,1\n")
    outcome = outcome_by_spark(session, export, charges)
    assert [p.found for p in outcome.problems] == [
        "no encounter or no code",
        "no date like 2026-03-02",
        "an encounter the export does not hold",
    ]
    assert by_spark(session, export, charges) == found
