"""From the launch to the charge in the EHR and back: the sandbox in two vendors' ways, the app, a coder at a browser.

Also with the app's process killed while charges are on their way.
"""

import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from plugin.ehr.signing import make_signing_key, public_keys
from plugin.sandbox.config import PACKAGE_FOLDER, ClientSettings
from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from plugin.store.signing_keys import SigningKeys
from tests.functional.launch.running import TENANT, AppUnderTest, Browser, free_port, serving_app
from tests.functional.launch.test_commands import start, until_answering
from tests.interop.reviewer import Reviewer, coded, fields_of
from tests.smart.sandbox.ehr import REDIRECT, Ehr, running_ehr
from tests.verifies import verifies

PATIENT, ENCOUNTER = "irn-patient", "irn-encounter"
PUSH = ("CPT|96374||2026-01-20", "96374")
DRUG = ("HCPCS|J1756|JZ|2026-01-20", "J1756")
SCHEDULES = """
[tenants.sandbox.bill_code_schedules]
CPT = "615214"
HCPCS = "615215"
MODIFIER = "3692"
ICD = "3693"
"""
BOTH = Counter({("96374", 1, "billable"): 1, ("J1756", 200, "billable"): 1})
"""What the visit earns, by `plugin/sandbox/charts/iron-sucrose-by-push/expected.toml`."""
SEARCH = {"plain": f"ChargeItem?context={ENCOUNTER}", "oracle": f"ChargeItem?context={ENCOUNTER}&-status=billable"}


@contextmanager
def running_vendor(data: Path, vendor: str, port: int, *services: ClientSettings) -> Iterator[Ehr]:
    """The sandbox with its own charts, for an app on this port and for services of its own registration."""
    app = f"http://127.0.0.1:{port}"
    people = (ClientSettings("infusion-charges", (f"{app}/callback",)), ClientSettings("test-app", (REDIRECT,)))
    clients = (*people, *services)
    charts = PACKAGE_FOLDER / "charts"
    with running_ehr(data, vendor=vendor, charts=charts, clients=clients, app_launch_url=f"{app}/launch") as ehr:
        yield ehr


def tenants_of(ehr: Ehr) -> str:
    """The tenants file."""
    return TENANT.format(iss=ehr.iss, ehr=ehr.base, more="") + SCHEDULES


@dataclass
class Coder:
    """A coder with the chart open; `charges` is what the EHR shows its billers."""

    ehr: Ehr
    vendor: str
    reviewer: Reviewer = field(default_factory=lambda: Reviewer(None))  # type: ignore[arg-type]

    def launch(self) -> None:
        """Press the app's button in the chart."""
        where = f"/patients/{PATIENT}/apps/infusion-charges/tab"
        cookies = {"sandbox_ehr_user": "sandbox-coder"}
        answer = self.ehr.get(where, params={"encounter": ENCOUNTER}, cookies=cookies)
        self.reviewer.page = self.reviewer.browser.get(answer.headers["Location"])
        assert self.reviewer.page.status_code == 200, self.reviewer.page.text

    def press(self, action: str, token: str = "", **fields: str) -> str:
        """Press a button; what the app said in the address it led to."""
        given = [*fields_of(self.reviewer.page), ("charge", token), *fields.items()]
        page = self.reviewer.browser.post(urljoin(self.reviewer.page.url, action), data=given, timeout=60)
        assert page.status_code == 200, page.text
        self.reviewer.page = page
        return page.url.partition("#")[0].rpartition("?said=")[2].partition("&")[0]

    def charges(self) -> list[dict[str, Any]]:
        """The ChargeItems of the visit that the EHR lists."""
        fhir = self.ehr.fhir(self.ehr.launched(PATIENT, ENCOUNTER))
        return [entry["resource"] for entry in fhir.get(SEARCH[self.vendor]).json().get("entry", [])]

    def charged(self) -> Counter[tuple[str, int, str]]:
        """Their codes, units and statuses."""
        return coded(self.charges())


@verifies("WR-04", "WR-07")
def test_oracle_from_the_launch_to_the_credit(tmp_path: Path) -> None:
    """Accepted by `$create`, edited by `$modify`, dismissed by `$credit`, and accepted again."""
    port = free_port()
    data = tmp_path / "ehr"
    data.mkdir()
    with running_vendor(data, "oracle", port) as ehr, serving_app(tmp_path, tenants_of(ehr), port):
        coder = Coder(ehr, "oracle")
        coder.launch()
        assert coder.press("accept-all") == "sent-2"
        assert coder.charged() == BOTH
        assert coder.press("edit", DRUG[0], units="100", modifiers="JZ", reason="One vial") == "sent-1"
        assert coder.charged() == Counter({("96374", 1, "billable"): 1, ("J1756", 100, "billable"): 1})
        assert coder.press("dismiss", PUSH[0], reason="Not performed") == "unbillable-1"
        assert coder.charged() == Counter({("J1756", 100, "billable"): 1})
        assert coder.press("accept", PUSH[0]) == "sent-1"
        assert coder.charged() == Counter({("96374", 1, "billable"): 1, ("J1756", 100, "billable"): 1})
        systems = {each["code"]["coding"][0]["system"].rpartition("-")[2] for each in coder.charges()}
        assert systems == {"CPT", "HCPCS"}


@dataclass
class Served:
    """`infusion-charges serve` in one process, over a database that outlives it."""

    folder: Path
    port: int
    key: str
    process: "subprocess.Popen[str]" = field(init=False)
    reading: threading.Thread = field(init=False)

    def begin(self) -> None:
        """Start it and wait until it answers; its log goes where nobody reads it."""
        url = f"http://127.0.0.1:{self.port}"
        self.process = start(
            *("serve", "--port", str(self.port), "--server", "waitress"),
            folder=self.folder,
            PUBLIC_URL=url,
            TENANTS=str(self.folder / "tenants.toml"),
            DATABASE_URL=f"sqlite:///{self.folder / 'app.sqlite3'}",
            ENCRYPTION_KEYS=self.key,
        )
        # A full pipe would stop it.
        self.reading = threading.Thread(target=self.process.communicate)
        self.reading.start()
        until_answering(f"{url}/healthz")

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it."""
        self.process.send_signal(number)
        self.reading.join(20)

    def let_minutes_pass(self) -> None:
        """As long as it takes until a dead process's turn has run out."""
        self._age("UPDATE review_encounters SET writer_until = '2026-01-01 00:00:00'")

    def let_hours_pass(self) -> None:
        """As long as it takes until every session has run out, and what is under way is given up."""
        self.let_minutes_pass()
        self._age("UPDATE launches SET expires_at = '2026-01-01 00:00:00', seen_at = '2026-01-01 00:00:00'")
        self._age("UPDATE intents SET changed_at = '2026-01-01 00:00:00'")

    def _age(self, statement: str) -> None:
        database = sqlite3.connect(self.folder / "app.sqlite3")
        with database:
            database.execute(statement)
        database.close()


@pytest.fixture(params=["plain", "oracle"])
def coder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Coder, Served]]:
    """A coder before the app in a process of its own."""
    port = free_port()
    data = tmp_path / "ehr"
    data.mkdir()
    with running_vendor(data, request.param, port) as ehr:
        (tmp_path / "tenants.toml").write_text(tenants_of(ehr), encoding="utf-8")
        served = Served(tmp_path, port, make_key())
        served.begin()
        yield Coder(ehr, request.param), served
        served.kill(signal.SIGTERM)


def fault(ehr: Ehr, name: str, value: Any) -> None:
    """Turn a fault of the sandbox on."""
    requests.put(f"{ehr.base}/sandbox/faults/{name}", json={"value": value}, timeout=10).raise_for_status()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something, half a minute at most."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@verifies("WR-02", "WR-03")
@pytest.mark.parametrize("arrived", [False, True], ids=["before the EHR has it", "before the answer"])
def test_the_app_is_killed_while_charges_are_on_their_way(coder: tuple[Coder, Served], arrived: bool) -> None:
    """Restarted, it finds what arrived and sends what did not: two charges, each once; and looking again sends none."""
    person, app = coder
    person.launch()
    if arrived:
        fault(person.ehr, "silence-after-write", 20_000)
    else:
        fault(person.ehr, "slow", 1500)
    given = fields_of(person.reviewer.page)
    address = urljoin(person.reviewer.page.url, "accept-all")
    pressing = threading.Thread(target=_press, args=(person.reviewer.browser, address, given))
    pressing.start()
    if arrived:
        until(lambda: person.charged() == BOTH)
    else:
        until(lambda: _intents(app) == 2)
    app.kill()
    pressing.join(30)
    requests.delete(f"{person.ehr.base}/sandbox/faults", timeout=10)
    app.let_minutes_pass()
    app.begin()
    again = Coder(person.ehr, person.vendor)
    again.launch()
    # What arrived was found by looking; what did not is sent when a person says so, under its stored intent.
    assert again.charged() == (BOTH if arrived else Counter())
    for token, _ in () if arrived else (PUSH, DRUG):
        assert again.press("send", token) == "already-1"
    assert again.charged() == BOTH
    assert again.press("send", PUSH[0]) == "already-1"
    assert again.charged() == BOTH
    assert _states(app) == {"done"}


def _press(browser: Browser, address: str, given: list[tuple[str, str]]) -> None:
    try:
        browser.post(address, data=given, timeout=60)
    except requests.ConnectionError:
        return


def _intents(app: Served) -> int:
    return len(_read(app))


def _states(app: Served) -> set[str]:
    return {state for _, state in _read(app)}


def _read(app: Served) -> list[tuple[int, str]]:
    database = sqlite3.connect(app.folder / "app.sqlite3")
    try:
        return database.execute("SELECT id, state FROM intents").fetchall()
    finally:
        database.close()


@pytest.fixture(params=["plain", "oracle"])
def coder_at_night(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Coder, Served]]:
    """The same, where the EHR knows the app as a service, too."""
    port = free_port()
    served = Served(tmp_path, port, make_key())
    data = tmp_path / "ehr"
    data.mkdir()
    now = datetime.now(UTC)
    signing = make_signing_key("sandbox", "ES384", now)
    with closing(open_store(f"sqlite:///{tmp_path / 'app.sqlite3'}", [served.key])) as store:
        SigningKeys(store).add(signing)
    service = ClientSettings("night", auth_method="private_key_jwt", jwks=public_keys([signing], now), service=True)
    with running_vendor(data, request.param, port, service) as ehr:
        more = 'backend_client_id = "night"'
        tenants = TENANT.format(iss=ehr.iss, ehr=ehr.base, more=more) + SCHEDULES
        (tmp_path / "tenants.toml").write_text(tenants, encoding="utf-8")
        served.begin()
        yield Coder(ehr, request.param), served
        served.kill(signal.SIGTERM)


@verifies("WR-03")
@pytest.mark.parametrize("arrived", [False, True], ids=["before the EHR has it", "before the answer"])
def test_a_killed_apps_charges_are_settled_without_anybody(coder_at_night: tuple[Coder, Served], arrived: bool) -> None:
    """The session has run out and nobody launches: the app asks as itself, and finds what arrived.

    What did not arrive is told as that and waits for whoever sends it again; nothing is sent by itself.
    """
    person, app = coder_at_night
    person.launch()
    fault(person.ehr, *(("silence-after-write", 20_000) if arrived else ("slow", 1500)))
    pressing = threading.Thread(
        target=_press,
        args=(
            person.reviewer.browser,
            urljoin(person.reviewer.page.url, "accept-all"),
            fields_of(person.reviewer.page),
        ),
    )
    pressing.start()
    until((lambda: person.charged() == BOTH) if arrived else (lambda: _intents(app) == 2))
    app.kill()
    pressing.join(30)
    requests.delete(f"{person.ehr.base}/sandbox/faults", timeout=10)
    app.let_hours_pass()
    app.begin()
    until(lambda: _states(app) == {"done" if arrived else "refused"})
    assert _launches(app) == 0
    assert person.charged() == (BOTH if arrived else Counter())


def _launches(app: Served) -> int:
    database = sqlite3.connect(app.folder / "app.sqlite3")
    try:
        return int(database.execute("SELECT count(*) FROM launches").fetchone()[0])
    finally:
        database.close()


def test_an_ehr_that_became_another_is_seen_at_the_next_launch(tmp_path: Path) -> None:
    """What was learned of the former one isn't believed, though it is younger than an hour: where charges go is new."""
    port = free_port()
    data = tmp_path / "ehr"
    data.mkdir()
    with running_vendor(data, "plain", port) as ehr, serving_app(tmp_path, tenants_of(ehr), port) as app:
        coder = Coder(ehr, "plain")
        coder.launch()
        assert "written to the EHR as ChargeItem" in coder.reviewer.page.text
        ehr.post("/switches/vendor", {"vendor": "epic"})
        grow_older(app, 61)
        coder.launch()
        assert "written to the EHR as ChargeItem" not in coder.reviewer.page.text
        assert "export" in coder.reviewer.page.text


def grow_older(app: AppUnderTest, seconds: float) -> None:
    """So much time passes for what the app keeps of EHRs."""
    kept = app.app.extensions["infusion_charges"].statements._kept
    kept._values = {key: (at - seconds, value) for key, (at, value) in kept._values.items()}
