"""Without a person, from end to end: the app's own registration at the sandbox EHR, the nightly scan, and an export."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import requests

from fhir_mappings.charge_item import write_charge_item
from plugin.cli import main
from plugin.domain import ChargeDraft, Decision, SuggestedCharge
from plugin.ehr.signing import make_signing_key, public_keys
from plugin.review.lines import identity_of
from plugin.review.ports import Backing, NewDecision, NewIntent
from plugin.sandbox.config import PACKAGE_FOLDER, ClientSettings
from plugin.store.cipher import make_key
from plugin.store.engine import Store, open_store
from plugin.store.records import EncounterRecords
from plugin.store.signing_keys import SigningKeys
from plugin.store.worklist import Wanted, Worklist
from tests.smart.sandbox.ehr import REDIRECT, Ehr, running_ehr

TENANTS = """
[tenants.night]
iss = "{iss}"
client_id = "test-app"
backend_client_id = "night"
{more}
zone = "America/Chicago"
"""
ALGORITHMS = ["RS384", "ES384"]
CHARGE = SuggestedCharge(
    "CPT", "96374", 1, (), date(2026, 3, 2), ("MedicationAdministration/edh-ma-1",), (), (), (), (), ()
)
DRAFT = ChargeDraft(
    identity=identity_of("night", "Encounter/edh-encounter", CHARGE.key),
    encounter="Encounter/edh-encounter",
    patient="Patient/edh-patient",
    charge=CHARGE,
    units=1,
    modifiers=(),
    status="billable",
    entered_by="Practitioner/c1",
    entered_at=datetime(2026, 3, 3, 8, tzinfo=UTC),
    start=None,
    stop=None,
    note="why",
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store that the commands' settings name."""
    key, database = make_key(), f"sqlite:///{tmp_path / 'store.sqlite3'}"
    settings = {"TENANTS": str(tmp_path / "tenants.toml"), "DATABASE_URL": database, "ENCRYPTION_KEYS": key}
    for name, value in {**settings, "PUBLIC_URL": "https://app.example.org"}.items():
        monkeypatch.setenv(f"INFUSION_CHARGES_{name}", value)
    opened = open_store(database, [key])
    yield opened
    opened.close()


@pytest.fixture(params=ALGORITHMS)
def ehr(request: pytest.FixtureRequest, store: Store, tmp_path: Path) -> Iterator[Ehr]:
    """The sandbox with its own charts, where the app is registered as a service by the key in its store."""
    now = datetime.now(UTC)
    key = make_signing_key("night", request.param, now)
    SigningKeys(store).add(key)
    night = ClientSettings("night", auth_method="private_key_jwt", jwks=public_keys([key], now), service=True)
    clients = (ClientSettings("test-app", (REDIRECT,)), night)
    data = tmp_path / "ehr"
    data.mkdir()
    with running_ehr(data, charts=PACKAGE_FOLDER / "charts", clients=clients, export_seconds=1) as running:
        register(tmp_path, running)
        yield running


def register(folder: Path, ehr: Ehr, more: str = "") -> None:
    """Write the tenants file for that EHR."""
    (folder / "tenants.toml").write_text(TENANTS.format(iss=ehr.iss, more=more), encoding="utf-8")


def found(store: Store) -> dict[str, str]:
    """The encounters on the worklist with their days."""
    return {row.encounter: row.day for row in Worklist(store, "night").page(Wanted("all"), "").rows}


def scanned_on(day: date, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    """Scan as on that day: the charts of the sandbox have theirs."""
    monkeypatch.setattr("plugin.cli.scan._today", lambda tenant: day)
    return main(["scan", "night", "--pause", "0", *options])


def test_the_nightly_scan_fills_the_worklist(
    ehr: Ehr, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Thirty days hold an injection visit, an emergency visit, and an inpatient stay that earns nothing here."""
    assert scanned_on(date(2026, 3, 26), monkeypatch, "--days", "30") == 0
    assert "3 encounters: 2 on the worklist, 1 with nothing to charge" in capsys.readouterr().out
    assert found(store) == {"Encounter/inj-encounter": "2026-02-24", "Encounter/edh-encounter": "2026-03-02"}


@pytest.mark.parametrize("ehr", ["ES384"], indirect=True)
@pytest.mark.parametrize(("arrived", "told"), [(True, "0 still have"), (False, "1 still have")])
def test_a_scan_looks_for_charges_nobody_heard_of(
    ehr: Ehr,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arrived: bool,
    told: str,
) -> None:
    """A process died after sending: the app's own registration finds what arrived, and sends nothing."""
    records = EncounterRecords(store, "night", "Encounter/edh-encounter")
    now = datetime.now(UTC)
    assert records.take_turn("dead", now - timedelta(minutes=5))
    decision = Decision(CHARGE.key, "accept", "Practitioner/c1", "coder", now, 1, ())
    backing = Backing(CHARGE, "Patient/edh-patient", "why")
    records.decide([NewDecision(DRAFT.identity, decision, backing, "Carl Coder", True, 0)], now)
    intent = records.intend(NewIntent(DRAFT, 1, "fhir-create", None), "dead", now - timedelta(minutes=4))
    assert intent is not None
    if arrived:
        token = ehr.launched("edh-patient", "edh-encounter")
        body = json.dumps(write_charge_item(DRAFT, id=DRAFT.identity))
        assert ehr.fhir(token).write("PUT", f"ChargeItem/{DRAFT.identity}", body).status_code == 201
    assert scanned_on(date(2026, 3, 3), monkeypatch, "--days", "1") == 0
    assert f"charges of unknown arrival: 1 encounters had some, {told}" in capsys.readouterr().err
    assert records.last_intents()[DRAFT.identity].state == ("done" if arrived else "unknown")


@pytest.mark.parametrize("ehr", ["ES384"], indirect=True)
def test_a_scan_with_scopes_of_version_1(
    ehr: Ehr, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`read` says the same as `rs`."""
    register(tmp_path, ehr, 'backend_scopes = "system/*.read"')
    assert scanned_on(date(2026, 3, 3), monkeypatch, "--days", "1") == 0
    assert list(found(store)) == ["Encounter/edh-encounter"]


@pytest.mark.parametrize("ehr", ["ES384"], indirect=True)
def test_a_busy_ehr_is_waited_for(ehr: Ehr, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a page would wait: nobody sits before a scan."""
    busy = {"value": 7, "times": 2}  # the first answer is the EHR's statement, which a scan can do without
    requests.put(f"{ehr.base}/sandbox/faults/busy", json=busy, timeout=10).raise_for_status()
    began = time.monotonic()
    assert scanned_on(date(2026, 3, 3), monkeypatch, "--days", "1") == 0
    assert (list(found(store)), time.monotonic() - began >= 7) == (["Encounter/edh-encounter"], True)


@pytest.mark.parametrize("ehr", ["ES384"], indirect=True)
@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('backend_scopes = "user/Encounter.rs"', "invalid_scope"),
        ('backend_scopes = "system/Patient.rs"', "add system/Encounter.rs system/MedicationAdministration.rs"),
    ],
)
def test_a_scan_that_is_not_let_in_says_why(
    ehr: Ehr,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: str,
    told: str,
) -> None:
    """One line, status 2, nothing on the list."""
    register(tmp_path, ehr, more)
    assert scanned_on(date(2026, 3, 3), monkeypatch) == 2
    errors = capsys.readouterr().err
    assert (errors.count("\n"), told in errors) == (1, True), errors
    assert found(store) == {}


def charge_by_hand(ehr: Ehr) -> None:
    """Somebody charged the initial push of the emergency visit, and nothing else."""
    body = {
        "resourceType": "ChargeItem",
        "id": "by-hand",
        "status": "billable",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "96374"}]},
        "subject": {"reference": "Patient/edh-patient"},
        "context": {"reference": "Encounter/edh-encounter"},
        "occurrenceDateTime": "2026-03-02",
        "quantity": {"value": 1},
    }
    token = ehr.launched("edh-patient", "edh-encounter")
    assert ehr.fhir(token).write("PUT", "ChargeItem/by-hand", json.dumps(body)).status_code == 201


UNDER = {"96375": 1, "96376": 1, "96361": 1}
"""The administrations of the emergency visit beside the charged push (its expected.toml)."""


def under(folder: Path, where: Path) -> dict[str, int]:
    """What an audit of the folder finds undercharged on the emergency visit."""
    assert main(["audit", str(folder), "--output", str(where), "--workers", "1"]) == 0
    findings = [json.loads(line) for line in where.read_text().splitlines()]
    mine = [each for each in findings if each["encounter"] == "Encounter/edh-encounter"]
    assert {each["direction"] for each in mine} == {"under"}
    return {each["code"]: each["units_supported"] for each in mine}


def test_charts_are_brought_by_bulk_export_and_audited(
    ehr: Ehr, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kick-off, a wait as the EHR asks, the list, the files with the app's token; then the audit of what came."""
    charge_by_hand(ehr)
    folder = tmp_path / "export"
    assert main(["export", "night", str(folder), "--group", "everyone"]) == 0
    said = capsys.readouterr()
    assert "being made" in said.err
    kinds = {path.name.partition(".")[0] for path in folder.glob("*.ndjson")}
    assert {"Patient", "Encounter", "MedicationAdministration", "Condition", "ChargeItem"} <= kinds
    assert "Practitioner" not in kinds
    assert under(folder, tmp_path / "findings.jsonl") == UNDER


@pytest.mark.parametrize("ehr", ["RS384"], indirect=True)
def test_charts_are_brought_patient_by_patient_and_audited(ehr: Ehr, tmp_path: Path) -> None:
    """The same charts, searched for; other patients are left alone."""
    charge_by_hand(ehr)
    (tmp_path / "patients.txt").write_text("edh-patient\n", encoding="utf-8")
    folder = tmp_path / "crawl"
    options = ["--patients", str(tmp_path / "patients.txt"), "--pause", "0"]
    assert main(["export", "night", str(folder), *options]) == 0
    patients = [json.loads(line)["id"] for line in (folder / "Patient.ndjson").read_text().splitlines()]
    assert patients == ["edh-patient"]
    assert under(folder, tmp_path / "findings.jsonl") == UNDER


@pytest.mark.parametrize("ehr", ["RS384"], indirect=True)
def test_a_busy_ehr_is_said_and_the_same_command_works_later(
    ehr: Ehr, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, and nothing that would be in the way of the second time."""
    requests.put(f"{ehr.base}/sandbox/faults/busy", json={"value": 60}, timeout=10)
    assert main(["export", "night", str(tmp_path / "export")]) == 1
    assert "status 429; another export may be running, try later" in capsys.readouterr().err
    requests.delete(f"{ehr.base}/sandbox/faults", timeout=10)
    assert main(["export", "night", str(tmp_path / "export")]) == 0
