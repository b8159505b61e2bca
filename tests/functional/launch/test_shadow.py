"""`infusion-charges shadow`: days of a clinic whose charges are still made by hand, from its EHR and from a file."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import requests

from plugin.cli import main
from plugin.domain import Decision, SuggestedCharge
from plugin.ehr.signing import make_signing_key, public_keys
from plugin.review.lines import identity_of
from plugin.review.ports import Backing, NewDecision
from plugin.review.worklist import WorkSummary
from plugin.sandbox.config import PACKAGE_FOLDER, ClientSettings
from plugin.store.cipher import make_key
from plugin.store.engine import Store, open_store
from plugin.store.records import EncounterRecords
from plugin.store.signing_keys import SigningKeys
from plugin.store.worklist import Worklist
from tests.smart.sandbox.ehr import REDIRECT, Ehr, running_ehr

DAY, NOW = date(2026, 3, 2), datetime(2026, 3, 3, 8, tzinfo=UTC)
EDH, OTHER = "Encounter/edh-encounter", "Encounter/inj-encounter"
TENANTS = """
[tenants.night]
iss = "{iss}"
client_id = "test-app"
backend_client_id = "night"
zone = "America/Chicago"
write = "off"
fees = ["fees.csv"]
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store in which a coder accepted a push and an hour of hydration on one visit, and nobody decided on another."""
    key, database = make_key(), f"sqlite:///{tmp_path / 'store.sqlite3'}"
    settings = {"TENANTS": str(tmp_path / "tenants.toml"), "DATABASE_URL": database, "ENCRYPTION_KEYS": key}
    for name, value in settings.items():
        monkeypatch.setenv(f"INFUSION_CHARGES_{name}", value)
    (tmp_path / "fees.csv").write_text("code,amount\n96374,100\n96361,20.50\n", encoding="utf-8")
    opened = open_store(database, [key])
    for encounter in (EDH, OTHER):
        row = WorkSummary(encounter, "Patient/edh-patient", None, "", DAY, DAY, True, 0, 0, 0, 0, 0, {})
        Worklist(opened, "night").keep(row, NOW)
    EncounterRecords(opened, "night", EDH).decide([accepted("96374", 1), accepted("96361", 2)], NOW)
    yield opened
    opened.close()


def accepted(code: str, units: int) -> NewDecision:
    """A coder's acceptance."""
    charge = SuggestedCharge("CPT", code, units, (), DAY, (), (), (), (), (), ())
    decision = Decision(charge.key, "accept", "Practitioner/c1", "coder", NOW, units, ())
    backing = Backing(charge, "Patient/edh-patient", "why")
    return NewDecision(identity_of("night", EDH, charge.key), decision, backing, "Carl Coder", True, 0)


@pytest.fixture
def ehr(store: Store, tmp_path: Path) -> Iterator[Ehr]:
    """The sandbox, where the push was charged by hand, and a second push that nobody accepted here."""
    key = make_signing_key("night", "ES384", NOW)
    SigningKeys(store).add(key)
    night = ClientSettings("night", auth_method="private_key_jwt", jwks=public_keys([key], NOW), service=True)
    data = tmp_path / "ehr"
    data.mkdir()
    clients = (ClientSettings("test-app", (REDIRECT,)), night)
    with running_ehr(data, charts=PACKAGE_FOLDER / "charts", clients=clients) as running:
        (tmp_path / "tenants.toml").write_text(TENANTS.format(iss=running.iss), encoding="utf-8")
        for code in ("96374", "96375"):
            charge_by_hand(running, code)
        yield running


def charge_by_hand(ehr: Ehr, code: str) -> None:
    """Somebody charged it in the EHR."""
    body = {
        "resourceType": "ChargeItem",
        "id": f"by-hand-{code}",
        "status": "billable",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": code}]},
        "subject": {"reference": "Patient/edh-patient"},
        "context": {"reference": EDH},
        "occurrenceDateTime": "2026-03-02",
        "quantity": {"value": 1},
    }
    fhir = ehr.fhir(ehr.launched("edh-patient", "edh-encounter"))
    assert fhir.write("PUT", f"ChargeItem/{body['id']}", json.dumps(body)).status_code == 201


def report(*more: str) -> int:
    """Run the command for the first days of March."""
    return main(["shadow", "night", "--from", "2026-03-01", "--to", "2026-03-07", *more])


def rows(path: Path) -> list[tuple[str, ...]]:
    """Code, units, outcome and dollars of each line of the file."""
    with path.open(encoding="utf-8", newline="") as lines:
        wanted = ("code", "units_would_be_written", "units_charged", "outcome")
        return [
            (*(row[name] for name in wanted), row["dollars_would_be_written"], row["dollars_charged"])
            for row in csv.DictReader(lines)
        ]


LINES = [
    ("96361", "2", "0", "not charged", "41.00", "0.00"),
    ("96374", "1", "1", "the same", "100.00", "100.00"),
    ("96375", "0", "1", "charged by hand alone", "", ""),
]


def test_what_the_ehr_shows_against_what_would_have_been_written(
    ehr: Ehr, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Read with the app's own registration; a sum for each outcome, and a file for its owner alone."""
    lines = tmp_path / "lines.csv"
    assert report("--lines", str(lines)) == 0
    assert (rows(lines), lines.stat().st_mode & 0o077) == (LINES, 0)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "2 visits of this time are known here, 1 were decided on"
    assert [line.split() for line in said[2:4]] == [
        ["the", "same", "1", "100.00", "100.00", "0"],
        ["not", "charged", "1", "41.00", "0.00", "0"],
    ]
    assert report("--lines", str(lines)) == 2
    assert "is there already; choose a new file" in capsys.readouterr().err


@pytest.mark.usefixtures("store")
def test_what_a_file_of_charges_says(tmp_path: Path) -> None:
    """For an EHR that shows apps none: nothing is asked there."""
    (tmp_path / "tenants.toml").write_text(TENANTS.format(iss="https://ehr.example.org/fhir"), encoding="utf-8")
    charges, lines = tmp_path / "charges.csv", tmp_path / "lines.csv"
    charges.write_text("encounter,code,date,units\nedh-encounter,96374,2026-03-02,1\nEncounter/edh-encounter,96375,,\n")
    assert report("--charges", str(charges), "--lines", str(lines)) == 0
    assert rows(lines) == LINES


def test_charges_that_cannot_be_read_are_no_missing_charges(
    ehr: Ehr, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The visit is named and left out; the same command works later."""
    requests.put(f"{ehr.base}/sandbox/faults/partial-data", json={"value": True}, timeout=10).raise_for_status()
    lines = tmp_path / "lines.csv"
    assert report("--lines", str(lines)) == 1
    assert (rows(lines), f"{EDH}: its charges could not be read" in capsys.readouterr().err) == ([], True)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--to", "2026-02-01"], "--to is before --from"),
        (["--charges", "nowhere.csv"], "nowhere.csv: can't be read as CSV"),
    ],
)
@pytest.mark.usefixtures("store")
def test_what_cannot_be_used_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    """Status 2."""
    (tmp_path / "tenants.toml").write_text(TENANTS.format(iss="https://ehr.example.org/fhir"), encoding="utf-8")
    assert report(*more) == 2
    errors = capsys.readouterr().err
    assert (errors.count("\n"), told in errors) == (1, True), errors


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("code\n96374\n", "needs a header with encounter, code"),
        ("encounter,code,units\ne1,96374,one\n", "line 2: date like 2026-03-02, units as a number"),
        ("encounter,code,date\ne1,96374,March\n", "line 2: date like 2026-03-02, units as a number"),
    ],
)
def test_a_wrong_file_of_charges_is_refused_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, told: str
) -> None:
    """Half of it would look like charges that were never made."""
    (tmp_path / "tenants.toml").write_text(TENANTS.format(iss="https://ehr.example.org/fhir"), encoding="utf-8")
    (tmp_path / "charges.csv").write_text(content)
    assert report("--charges", str(tmp_path / "charges.csv")) == 2
    assert told in capsys.readouterr().err
