"""Every chart of the sandbox, coded by the command, gives the table worked out by hand beside it.

`plugin/sandbox/charts/NAME/expected.toml` lists charges, queries, notices and declined services; anything else fails.
"""

import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from plugin.cli import main
from plugin.codebook import CodeBook
from tests.scenarios.drawing import Row, listed, read_table

ROOT = Path(__file__).parents[2]
CHARTS = sorted(path.parent for path in (ROOT / "plugin" / "sandbox" / "charts").glob("*/expected.toml"))
EXPECTED_COLUMNS = frozenset(["code", "units", "modifiers", "date", "diagnoses", "administrations", "kind", "because"])
TOP_KEYS = {"rulebook", "encounters", "issues"}
ENCOUNTER_KEYS = {
    "encounter", "patient", "setting", "date_of_service", "complete",
    "charges", "queries", "notices", "declined", "issues",
}  # fmt: skip
CHARGE_KEYS = {
    "system", "code", "units", "modifiers", "date", "diagnoses", "administrations",
    "minutes", "evidence", "rules", "citations", "because", "caveats",
}  # fmt: skip
MINUTES_KEYS = {"unit", "administration", "tier", "start", "stop"}
QUERY_KEYS = {"kind", "administrations", "question", "would"}
NOTICE_KEYS = {"kind", "administrations", "text"}
DECLINED_KEYS = {"code", "administrations", "rules", "because"}
CAVEAT_KEYS = {"position", "took", "other", "effect", "sources"}
Line = tuple[str, ...]
Json = dict[str, Any]


def expected_of(folder: Path) -> Json:
    """The hand-worked table of one chart."""
    return tomllib.loads((folder / "expected.toml").read_text("utf-8"))


def coded(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Json:
    """What `infusion-charges code` writes; it must end well and say nothing on standard error."""
    status = main(["code", *arguments])
    written = capsys.readouterr()
    assert (0, "") == (status, written.err)
    found: Json = json.loads(written.out)
    return found


def code_chart(folder: Path, capsys: pytest.CaptureFixture[str]) -> Json:
    """The chart's one encounter, coded with the options its table names."""
    whole = coded([*expected_of(folder)["options"], str(folder / "chart.json")], capsys)
    assert [] == whole["issues"]
    (encounter,) = whole["encounters"]
    found: Json = encounter
    return found


def _rows(expected: Mapping[str, Any], what: str) -> list[Row]:
    return read_table(expected[what], EXPECTED_COLUMNS)


def _line(row: Row, *names: str) -> Line:
    return tuple(", ".join(listed(row.get(name, ""))) for name in names)


def _full(ids: list[str]) -> str:
    return ", ".join(reference.removeprefix("MedicationAdministration/") for reference in ids)


def _is_drug(charge: Json) -> bool:
    """Lines for the drugs themselves rest on no minutes."""
    administered = {row.code for row in CodeBook.load().procedure_codes}
    return charge["system"] == "HCPCS" and charge["code"] not in administered


@pytest.mark.parametrize("folder", CHARTS, ids=lambda path: path.name)
def test_charges(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly the expected lines, with units, modifiers, date, diagnoses in order and administrations in order."""
    names = ("code", "units", "modifiers", "date", "diagnoses", "administrations")
    expected = Counter(_line(row, *names) for row in _rows(expected_of(folder), "charges"))
    actual = Counter(
        (
            charge["code"],
            str(charge["units"]),
            ", ".join(charge["modifiers"]),
            charge["date"],
            ", ".join(charge["diagnoses"]),
            _full(charge["administrations"]),
        )
        for charge in code_chart(folder, capsys)["charges"]
    )
    assert expected == actual


@pytest.mark.parametrize("what", ["queries", "notices"])
@pytest.mark.parametrize("folder", CHARTS, ids=lambda path: path.name)
def test_questions_and_notices(folder: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly the expected questions and notices, each on its administrations."""
    expected = Counter(_line(row, "kind", "administrations") for row in _rows(expected_of(folder), what))
    actual = Counter((said["kind"], _full(said["administrations"])) for said in code_chart(folder, capsys)[what])
    assert expected == actual


@pytest.mark.parametrize("folder", CHARTS, ids=lambda path: path.name)
def test_declined(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly the expected services were considered and not coded."""
    expected = Counter(_line(row, "code", "administrations") for row in _rows(expected_of(folder), "declined"))
    actual = Counter(
        (said["code"] or "", _full(said["administrations"])) for said in code_chart(folder, capsys)["declined"]
    )
    assert expected == actual


@pytest.mark.parametrize("folder", CHARTS, ids=lambda path: path.name)
def test_the_encounter_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its reference, setting, day and completeness are as expected."""
    expected, encounter = expected_of(folder), code_chart(folder, capsys)
    day = encounter["date_of_service"]
    assert (expected["encounter"], expected["setting"], expected["complete"], str(expected["date_of_service"])) == (
        encounter["encounter"],
        encounter["setting"],
        encounter["complete"],
        day,
    )


@pytest.mark.parametrize("folder", CHARTS, ids=lambda path: path.name)
def test_shape(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every key of the command line's contract is there, with values of the right kind."""
    whole = coded([*expected_of(folder)["options"], str(folder / "chart.json")], capsys)
    assert set(whole) >= TOP_KEYS
    for encounter in whole["encounters"]:
        assert set(encounter) >= ENCOUNTER_KEYS
        date.fromisoformat(encounter["date_of_service"])
        _check_each(encounter["queries"], QUERY_KEYS)
        _check_each(encounter["notices"], NOTICE_KEYS)
        _check_each(encounter["declined"], DECLINED_KEYS)
        _check_each(encounter["charges"], CHARGE_KEYS)
        for charge in encounter["charges"]:
            _check_charge(charge)


def _check_each(listed_values: list[Json], keys: set[str]) -> None:
    assert [] == [value for value in listed_values if not set(value) >= keys]


def _check_charge(charge: Json) -> None:
    assert charge["system"] in ("CPT", "HCPCS")
    date.fromisoformat(charge["date"])
    _check_each(charge["minutes"], MINUTES_KEYS)
    _check_each(charge["caveats"], CAVEAT_KEYS)
    for part in charge["minutes"]:
        start, stop = datetime.fromisoformat(part["start"]), datetime.fromisoformat(part["stop"])
        assert start.tzinfo is not None
        assert start <= stop


@pytest.mark.parametrize("folder", CHARTS, ids=lambda path: path.name)
def test_every_charge_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line has a rule, a citation, a fact, an administration, and for each of its units the minutes behind it."""
    for charge in code_chart(folder, capsys)["charges"]:
        assert all(charge[name] for name in ("rules", "citations", "evidence", "administrations", "because"))
        if _is_drug(charge):
            continue
        assert {part["administration"] for part in charge["minutes"]} <= set(charge["administrations"])
        assert {part["unit"] for part in charge["minutes"]} == set(range(1, charge["units"] + 1))


@pytest.mark.parametrize("folder", CHARTS, ids=lambda path: path.name)
def test_the_order_of_the_input_does_not_matter(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Bundle with its entries in another order gives the same output."""
    options = expected_of(folder)["options"]
    first = coded([*options, str(folder / "chart.json")], capsys)
    bundle = json.loads((folder / "chart.json").read_text("utf-8"))
    entries = bundle["entry"]
    shuffled = tmp_path / "shuffled.json"
    for order in (entries[::-1], entries[1::2] + entries[::2], sorted(entries, key=json.dumps)):
        shuffled.write_text(json.dumps({**bundle, "entry": order}), "utf-8")
        assert first == coded([*options, str(shuffled)], capsys)


def test_as_its_own_process() -> None:
    """The command itself, not only its function: JSON on standard output, nothing else, status 0."""
    chart = str(CHARTS[0] / "chart.json")
    ran = subprocess.run(
        [sys.executable, "-m", "plugin.cli", "code", *expected_of(CHARTS[0])["options"], chart],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "") == (ran.returncode, ran.stderr)
    assert [expected_of(CHARTS[0])["encounter"]] == [e["encounter"] for e in json.loads(ran.stdout)["encounters"]]


def test_every_chart_has_its_table() -> None:
    """A chart without an expected table would be shown and never checked."""
    charts = {path.parent for path in (ROOT / "plugin" / "sandbox" / "charts").glob("*/chart.json")}
    assert charts == set(CHARTS)
    assert CHARTS
