"""`infusion-charges audit-trail`: verify, heads, export, each with its exit status."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from plugin.cli import main
from plugin.review.trail import Entry
from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from plugin.store.records import EncounterRecords
from plugin.store.tables import trail
from tests.verifies import verifies

KEY = make_key()
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
Command = Callable[..., int]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A store with a trail of two entries, one with words that a spreadsheet would take for a formula."""
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    store = open_store(url, [KEY])
    records = EncounterRecords(store, "clinic", "Encounter/e1")
    formula = Entry(NOW, "dismiss", "id", "96365 x 1", "p", "=HYPERLINK(1)", "coder", True, (("reason", "a\nb"),))
    records.note([Entry(NOW, "accept", "id", "96365 x 1", "p", "Carl", "coder"), formula])
    store.close()
    return url


@pytest.fixture
def command(database: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command on that store."""
    monkeypatch.setenv("INFUSION_CHARGES_DATABASE_URL", database)
    monkeypatch.setenv("INFUSION_CHARGES_ENCRYPTION_KEYS", KEY)
    return lambda *arguments: main(["audit-trail", *arguments])


@verifies("WR-11")
def test_verify_says_what_it_checked(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """0 and one line."""
    assert command("verify") == 0
    assert capsys.readouterr().out == "2 entries of 1 encounters are as they were written\n"


@verifies("WR-11")
def test_verify_names_what_was_tampered_with(
    command: Command, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 and a line on standard error for each."""
    store = open_store(database, [KEY])
    with store.writing() as connection:
        connection.execute(update(trail).where(trail.c.number == 2).values(kind="accept"))
    store.close()
    assert command("verify") == 1
    told = "infusion-charges audit-trail: clinic Encounter/e1: entry 2 is not the one that was written here\n"
    assert capsys.readouterr().err == told


def test_verify_reads_the_ends_from_a_log(
    command: Command, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `heads` prints is what the log holds; a trail that is gone is named by it."""
    assert command("heads") == 0
    log = tmp_path / "app.log"
    log.write_text(f"2026-03-02 15:00:00 INFO daily {capsys.readouterr().out}", encoding="utf-8")
    assert command("verify", "--log", str(log)) == 0
    store = open_store(database, [KEY])
    with store.writing() as connection:
        connection.execute(delete(trail))
    store.close()
    assert command("verify", "--log", str(log)) == 1
    assert "entry 2 is not the one that the log names, or is gone" in capsys.readouterr().err


def test_export_writes_every_entry(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON Lines as it is; CSV with nothing that a spreadsheet would run."""
    assert command("export") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["number"], line["name"]) for line in lines] == [(1, "Carl"), (2, "=HYPERLINK(1)")]
    assert command("export", "--format", "csv", "--tenant", "clinic") == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert (rows[1]["name"], rows[1]["details"]) == ("'=HYPERLINK(1)", "reason: a b")
    assert command("export", "--tenant", "another") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("keys", ["", make_key()], ids=["no key", "another key"])
def test_without_the_key_it_says_so(
    command: Command, keys: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """2, or 1 for what can't be checked; one line, no traceback."""
    monkeypatch.setenv("INFUSION_CHARGES_ENCRYPTION_KEYS", keys)
    assert command("export") == 2
    assert command("verify") == (1 if keys else 2)
    assert "Traceback" not in capsys.readouterr().err
