"""`infusion-charges code` scrubs what it suggests and what was charged already."""

import json
from pathlib import Path
from typing import Any

import pytest

from plugin.cli import main

CHARTS = Path(__file__).parents[3] / "plugin" / "sandbox" / "charts"
BESIDE_PUSHES = CHARTS / "injections-and-a-repeat-push" / "chart.json"
INFLIXIMAB = CHARTS / "infliximab-for-crohns-disease" / "chart.json"
CPT = "http://www.ama-assn.org/go/cpt"
Printed = pytest.CaptureFixture[str]


def with_charges(tmp_path: Path, *charges: dict[str, Any]) -> Path:
    """The infliximab chart with charges that stand in the EHR."""
    bundle = json.loads(INFLIXIMAB.read_text())
    encounter = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Encounter")
    common = {"resourceType": "ChargeItem", "status": "billed", "subject": encounter["subject"]}
    common["context"] = {"reference": f"Encounter/{encounter['id']}"}
    for number, charge in enumerate(charges, start=1):
        bundle["entry"].append({"resource": {**common, "id": f"c{number}", **charge}})
    file = tmp_path / "charged.json"
    file.write_text(json.dumps(bundle))
    return file


def of_code(code: str, units: int = 1) -> dict[str, Any]:
    """A charge by its code."""
    return {"code": {"coding": [{"system": CPT, "code": code}]}, "quantity": {"value": units}}


def coded(file: Path, printed: Printed) -> dict[str, Any]:
    """The first encounter of the JSON."""
    assert 0 == main(["code", str(file)])
    found: dict[str, Any] = json.loads(printed.readouterr().out)["encounters"][0]
    return found


def test_an_edit_stands_at_the_encounter_and_by_its_id_at_its_charges(capsys: Printed) -> None:
    """The injection beside a push: a pair of codes from memory, a warning with its remedy, row and source."""
    encounter = coded(BESIDE_PUSHES, capsys)
    [edit] = encounter["edits"]

    assert ("CODE-PAIR", "warn") == (edit["id"], edit["severity"])
    assert "96372 is not paid beside 96374 without a modifier" == edit["text"]
    assert edit["mend"].startswith("add 59 to 96372")
    assert ["code_pairs.csv: facility 96374 96372"] == edit["rows"]
    assert any("unsourced" in source for source in edit["citations"])
    at_charges = {charge["code"]: charge["edits"] for charge in encounter["charges"]}
    assert {"96374": ["CODE-PAIR"], "96372": ["CODE-PAIR"]} == {c: e for c, e in at_charges.items() if e}
    assert set(edit["lines"]) == {charge["key"] for charge in encounter["charges"] if charge["edits"]}
    assert [] == encounter["existing_edits"]


def test_charges_of_the_ehr_are_scrubbed_by_their_ids(tmp_path: Path, capsys: Printed) -> None:
    """Two initial services and an hour that belongs to neither; what was withdrawn or planned is not looked at."""
    withdrawn = {**of_code("96423"), "status": "aborted"}
    planned = {**of_code("96370"), "status": "planned"}
    file = with_charges(tmp_path, of_code("96413"), of_code("96365"), of_code("96423"), withdrawn, planned)
    encounter = coded(file, capsys)
    found = {(e["id"], e["severity"], tuple(e["lines"])) for e in encounter["existing_edits"]}

    assert {
        ("SECOND-INITIAL", "hard", ("ChargeItem/c1", "ChargeItem/c2")),
        ("ADD-ON-WITHOUT-PARENT", "warn", ("ChargeItem/c3",)),
    } == found
    assert [] == encounter["edits"]


def test_a_heading_as_the_reason_of_a_charge_is_named(tmp_path: Path, capsys: Printed) -> None:
    """A charge without a reason may carry its diagnosis on the claim; one that names a heading can't."""
    reason = [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "K50"}]}]
    file = with_charges(tmp_path, {**of_code("96413"), "reason": reason}, of_code("96415"))
    encounter = coded(file, capsys)

    assert [("DIAGNOSIS-NOT-VALID", ["ChargeItem/c1"])] == [(e["id"], e["lines"]) for e in encounter["existing_edits"]]


def test_the_text_form_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path, capsys: Printed) -> None:
    """A cross for what would be refused, a tilde for what should be looked at."""
    file = with_charges(tmp_path, of_code("96413"), of_code("96365"))
    main(["code", str(file), "--format", "text"])
    lines = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(lines) if "SECOND-INITIAL" in line)

    assert lines[at].startswith("  x SECOND-INITIAL (charged already): 96413 x1, 96365 x1: an encounter has")
    assert lines[at + 1].startswith("      mend: keep the highest")
