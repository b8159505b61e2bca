"""`infusion-charges scan`: with the app's own token from the EHR to the worklist."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugin.cli import main
from plugin.ehr.signing import make_signing_key
from plugin.store.cipher import make_key
from plugin.store.engine import Store, open_store
from plugin.store.scans import Scans
from plugin.store.signing_keys import SigningKeys
from plugin.store.worklist import Worklist, WorkRow
from plugin.store.worklist_search import Wanted
from plugin.web.scanning import Scan
from tests.smart.launch.fake_ehr import FakeEhr, encounter, running_ehr

CHART = Path(__file__).parents[3] / "plugin/sandbox/charts/iron-sucrose-by-push/chart.json"
TENANTS = """
[tenants.night]
iss = "{iss}"
client_id = "app"
backend_client_id = "app-at-night"
zone = "America/Chicago"
fees = ["fees.csv"]
[tenants.day]
iss = "{iss}/other"
client_id = "app"
"""
Command = Callable[..., int]


@pytest.fixture
def ehr() -> Iterator[FakeEhr]:
    """A SMART server with the chart of the sandbox's iron sucrose, and a visit that was cancelled."""
    with running_ehr() as running:
        for resource in [entry["resource"] for entry in json.loads(CHART.read_text("utf-8"))["entry"]]:
            kind = resource["resourceType"]
            running.resources[f"{kind}/{resource['id']}"] = resource
            found = running.resources.setdefault(kind, {"resourceType": "Bundle", "type": "searchset", "entry": []})
            found["entry"].append({"resource": resource})
        cancelled = encounter("never", "irn-patient", status="cancelled")
        running.resources["Encounter"]["entry"].append({"resource": cancelled})
        running.token = {"refresh_token": None, "id_token": None, "patient": None, "encounter": None}
        yield running


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store that the command's settings name, with a signing key of each tenant."""
    key, database = make_key(), f"sqlite:///{tmp_path / 'store.sqlite3'}"
    settings = {"TENANTS": str(tmp_path / "tenants.toml"), "DATABASE_URL": database, "ENCRYPTION_KEYS": key}
    for name, value in {**settings, "PUBLIC_URL": "https://app.example.org"}.items():
        monkeypatch.setenv(f"INFUSION_CHARGES_{name}", value)
    opened = open_store(database, [key])
    SigningKeys(opened).add(make_signing_key("night", "ES384", datetime(2026, 1, 1, tzinfo=UTC)))
    yield opened
    opened.close()


@pytest.fixture
def scan(ehr: FakeEhr, store: Store, tmp_path: Path) -> Command:
    """Run the command against that server, without pauses."""
    (tmp_path / "tenants.toml").write_text(TENANTS.format(iss=ehr.iss), encoding="utf-8")
    (tmp_path / "fees.csv").write_text("code,amount\n96374,150\nJ1756,0.25\n", encoding="utf-8")
    return lambda *arguments: main(["scan", *(arguments or ("night",)), "--pause", "0"])


def rows(store: Store) -> list[WorkRow]:
    """Everything on the worklist."""
    return list(Worklist(store, "night").page(Wanted("all"), "").rows)


def test_a_visit_is_found_and_stands_on_the_list(scan: Command, ehr: FakeEhr, store: Store, capsys: Any) -> None:
    """150 dollars for the push and 50 for the drug; the cancelled visit is left out; each read has the app's token."""
    assert scan() == 0
    assert "1 encounters: 1 on the worklist" in capsys.readouterr().out
    [row] = rows(store)
    assert (row.encounter, row.patient, row.cents) == ("Encounter/irn-encounter", "Patient/irn-patient", 20_000)
    assert (row.counts["ready"], row.day, row.due) == (2, "2026-01-20", "2026-01-24")
    [asked] = [each.form for each in ehr.seen if each.path == "/auth/token"]
    assert (asked["grant_type"], "system/Encounter.rs" in asked["scope"]) == ("client_credentials", True)
    reads = [each for each in ehr.seen if each.path.startswith("/fhir/") and "." not in each.path]
    tokens = {each.headers.get("Authorization") for each in reads if each.path != "/fhir/metadata"}
    assert tokens == {"Bearer ACCESS-TOKEN-1"}


def test_scanning_again_makes_no_second_row(scan: Command, store: Store) -> None:
    """What was claimed meanwhile stays claimed; nothing was posted by it."""
    assert (scan(), scan()) == (0, 0)
    assert len(rows(store)) == 1


def test_nothing_of_the_chart_is_kept(scan: Command, store: Store) -> None:
    """Neither a drug nor a diagnosis nor a name stands in the file of the database."""
    scan()
    with store.reading() as connection:
        kept = str([connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in ("worklist", "trail")])
        shown = connection.exec_driver_sql("SELECT count(*) FROM shown_lines").scalar_one()
    name = json.loads(CHART.read_text("utf-8"))["entry"]
    family = next(e["resource"]["name"][0]["family"] for e in name if e["resource"]["resourceType"] == "Patient")
    for word in (family, "iron", "J1756", "96374", "N18", "kidney"):
        assert word not in kept
    assert shown == 0


def test_an_encounter_that_cannot_be_read_is_told_and_the_rest_goes_on(
    scan: Command, ehr: FakeEhr, store: Store, capsys: Any
) -> None:
    """One line names it; the status says that something is missing."""
    ehr.resources["Encounter"]["entry"].insert(0, {"resource": encounter("gone", "irn-patient")})
    assert scan() == 1
    assert "Encounter/gone could not be read" in capsys.readouterr().err
    assert [row.encounter for row in rows(store)] == ["Encounter/irn-encounter"]


def two_visits(ehr: FakeEhr) -> list[str]:
    """One more visit, which goes first; the paths of encounters that are read from now on."""
    visit = ehr.resources["Encounter/irn-encounter"]
    ehr.resources["Encounter/another"] = {**visit, "id": "another"}
    ehr.resources["Encounter"]["entry"].insert(0, {"resource": {**visit, "id": "another"}})
    return ["/fhir/Encounter/another", "/fhir/Encounter/irn-encounter"]


def read_since(ehr: FakeEhr, paths: list[str]) -> list[str]:
    """Which of these encounters were read, and forget it."""
    found = [each.path for each in ehr.seen if each.path in paths]
    ehr.seen.clear()
    return found


def test_a_scan_that_was_stopped_goes_on_where_it_was(
    scan: Command, ehr: FakeEhr, store: Store, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl+C after the first of two: the worklist's page can say so, and the same command reads the second alone."""
    paths = two_visits(ehr)
    stop_at_the_second(monkeypatch, scan)
    assert "goes on from here" in capsys.readouterr().err
    last = Scans(store, "night").last(datetime.now(UTC))
    assert last is not None
    assert (last.state, last.read, last.total) == ("broken", 1, 2)
    assert read_since(ehr, paths) == paths[:1]
    assert scan() == 0
    said = capsys.readouterr()
    assert "going on with the scan of" in said.err
    assert said.out.startswith("1 encounters: 1 on the worklist")
    assert read_since(ehr, paths) == paths[1:]
    assert scan() == 0
    assert read_since(ehr, paths) == paths


def test_a_scan_of_something_else_begins_anew(
    scan: Command, ehr: FakeEhr, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What other days left over is not what was asked for."""
    paths = two_visits(ehr)
    stop_at_the_second(monkeypatch, scan)
    ehr.seen.clear()
    assert scan("night", "--days", "9") == 0
    assert read_since(ehr, paths) == paths


def test_two_scans_of_one_tenant_do_not_run_at_once(scan: Command, ehr: FakeEhr, store: Store, capsys: Any) -> None:
    """The second says how far the first is, and reads nothing; one that said nothing for five minutes has died."""
    scans, now = Scans(store, "night"), datetime.now(UTC)
    scans.begin("3 days, all", [("irn-patient", "irn-encounter")], now, whole=True)
    assert scan() == 1
    assert "a scan is running already, 0 of 1 encounters read" in capsys.readouterr().err
    assert rows(store) == []
    scans.begin("3 days, all", [("irn-patient", "irn-encounter")], now - timedelta(minutes=6), whole=True)
    assert scan() == 0
    assert len(rows(store)) == 1


def test_what_was_left_over_yesterday_is_not_gone_on_with(store: Store) -> None:
    """A list of twelve hours ago lacks the visits since."""
    scans, now = Scans(store, "night"), datetime.now(UTC)
    scans.begin("3 days, all", [("p", "e")], now - timedelta(hours=12), whole=True)
    assert scans.left("3 days, all", now) == []
    scans.begin("3 days, all", [("p", "e")], now - timedelta(hours=11), whole=True)
    assert scans.left("3 days, all", now) == [("p", "e")]


def stop_at_the_second(monkeypatch: pytest.MonkeyPatch, scan: Command) -> None:
    """Press Ctrl+C while the second encounter is read."""
    read, seen = Scan._outcome, []

    def outcome(self: Scan, place: Any) -> str:
        seen.append(place)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return read(self, place)

    with monkeypatch.context() as patched:
        patched.setattr(Scan, "_outcome", outcome)
        assert scan() == 1


def test_patient_by_patient(scan: Command, ehr: FakeEhr, store: Store, tmp_path: Path) -> None:
    """For EHRs that search encounters by patient alone; what was over before the first day is left out."""
    listed = tmp_path / "patients.txt"
    listed.write_text("Patient/irn-patient\n", encoding="utf-8")
    assert scan("night", "--patients", str(listed), "--days", "1") == 0
    assert rows(store) == []
    running = ehr.resources["Encounter/irn-encounter"]
    running["period"] = {"start": running["period"]["start"]}
    assert scan("night", "--patients", str(listed)) == 0
    assert len(rows(store)) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody",), "no tenant nobody; the file has night, day"),
        (("night", "--days", "0"), "--days 0: from 1 to 60"),
        (("night", "--patients", "/nowhere"), "--patients /nowhere: can't be read"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_one_line(
    scan: Command, ehr: FakeEhr, capsys: Any, arguments: tuple[str, ...], told: str
) -> None:
    """Status 2, no traceback, and no request to the EHR."""
    assert scan(*arguments) == 2
    errors = capsys.readouterr().err
    assert (errors.count("\n"), told in errors) == (1, True)
    assert ehr.seen == []


def test_an_ehr_that_refuses_the_app(scan: Command, ehr: FakeEhr, capsys: Any) -> None:
    """One line and status 2; what the EHR wrote about it is not repeated."""
    ehr.token_status = 400
    assert scan() == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert "Jane Doe" not in errors
