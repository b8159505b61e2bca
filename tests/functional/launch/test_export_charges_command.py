"""`infusion-charges export-charges`: a file, the same file again, the list, and what can't be used in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from plugin.cli import main
from plugin.ehr.sinks.export import Export
from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from plugin.store.exports import ExportLedger
from tests.unit.sinks.test_export import NOW
from tests.unit.sinks.test_fhir_create import DRAFT
from tests.verifies import verifies

TENANTS = """
[tenants.clinic]
iss = "https://ehr.example.org/fhir"
client_id = "x"
sink = "export"
"""
KEY = make_key()
Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command on a store with one accepted charge."""
    (tmp_path / "tenants.toml").write_text(TENANTS, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    settings = {"TENANTS": str(tmp_path / "tenants.toml"), "DATABASE_URL": url, "ENCRYPTION_KEYS": KEY}
    for name, value in settings.items():
        monkeypatch.setenv(f"INFUSION_CHARGES_{name}", value)
    store = open_store(url, [KEY])
    Export(ExportLedger(store, "clinic"), lambda: NOW).create(DRAFT)
    store.close()
    return lambda *arguments: main(["export-charges", *arguments])


@verifies("WR-09")
def test_a_file_is_made_once_and_can_be_written_again(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For its owner alone; the next one has nothing in it and isn't made."""
    first, again = tmp_path / "first.csv", tmp_path / "again.csv"
    assert command("clinic", "--output", str(first)) == 0
    assert (first.stat().st_mode & 0o077, first.read_text(encoding="utf-8").count("\n")) == (0, 2)
    assert command("clinic") == 0
    told = capsys.readouterr()
    assert (told.out, "nothing was accepted since the last file" in told.err) == ("", True)
    assert command("clinic", "--again", "1", "--output", str(again)) == 0
    assert again.read_bytes() == first.read_bytes()
    assert command("clinic", "--list") == 0
    assert capsys.readouterr().out.startswith("1\t")
    assert command("clinic", "--again", "1", "--format", "hl7v2") == 0
    assert capsys.readouterr().out.startswith("MSH|^~\\&|INFUSION-CHARGES|")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "no tenant nowhere; the file has clinic"),
        (("clinic", "--again", "9"), "--again: there is no file 9 of this tenant; see --list"),
        (("clinic", "--output", "."), "is there already"),
        (("clinic", "--output", "missing/x.csv"), "choose a new file"),
    ],
)
def test_what_can_not_be_used_is_told_in_one_line(
    command: Command, arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2; a file that can't be made costs no line its place, since it can be written again."""
    assert command(*arguments) == 2
    (line,) = (each for each in capsys.readouterr().err.splitlines() if "choose" in each or told in each)
    assert told in line
