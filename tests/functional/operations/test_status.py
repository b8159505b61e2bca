"""Readiness and metrics: for those who hold the token, and about no patient."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from plugin.store.cipher import make_key
from plugin.store.engine import make_engine
from tests.functional.launch.running import TENANT, SandboxEhr, free_port, running_sandbox
from tests.functional.launch.test_commands import start, until_answering
from tests.interop.reviewer import Reviewer
from tests.store_servers import Cluster

FIRST, SECOND = free_port(), free_port()
# What the emergency visit earns: plugin/sandbox/charts/ed-hydration-with-pushes/expected.toml.
EDH_CODES = ("96374", "96375", "96376", "96361", "J7030", "J2405", "J1885")
TOKEN = {"Authorization": "Bearer status-token"}


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxEhr]:
    """One sandbox EHR for this file."""
    with running_sandbox(FIRST) as ehr:
        yield ehr


@pytest.fixture
def settings(running: SandboxEhr, tmp_path: Path) -> dict[str, str]:
    """What every process of one site has in common."""
    path, key = tmp_path / "tenants.toml", tmp_path / "key"
    path.write_text(TENANT.format(iss=running.iss, ehr=running.url, more=""), encoding="utf-8")
    key.write_text(make_key(), encoding="ascii")
    return {
        "PUBLIC_URL": f"http://127.0.0.1:{FIRST}",
        "TENANTS": str(path),
        "ENCRYPTION_KEY_FILE": str(key),
        "STATUS_TOKEN": "status-token",
    }


def numbers_of(port: int) -> dict[str, float]:
    """Every sample of the metrics, by its name and labels."""
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", headers=TOKEN, timeout=10)
    assert answer.status_code == 200, answer.text
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_two_servers_on_one_postgresql_are_one_app(
    running: SandboxEhr, settings: dict[str, str], postgres_url: str, tmp_path: Path
) -> None:
    """A launch opened at the first is accepted at the second, and then again at both: no charge is doubled.

    The first has two worker processes, whose numbers are told together.
    """
    given = {**settings, "DATABASE_URL": postgres_url}
    first = start("serve", "--port", str(FIRST), "--workers", "2", folder=tmp_path, **given)
    second = start("serve", "--port", str(SECOND), "--server", "waitress", folder=tmp_path, **given)
    try:
        until_answering(f"http://127.0.0.1:{FIRST}/healthz")
        until_answering(f"http://127.0.0.1:{SECOND}/healthz")
        here = Reviewer(None)
        here.page = here.browser.get(running.launch_address("edh-patient", "edh-encounter"))
        assert here.page.status_code == 200
        there = Reviewer(None, here.browser)
        there.page = there.browser.get(here.page.url.replace(f":{FIRST}", f":{SECOND}"))
        assert there.page.status_code == 200
        there.accept_all()
        assert there.page.url.partition("?")[2].startswith("said=sent-7&")
        assert set(here.accept_all_at_once(6)) <= {200, 409}
        bill = requests.get(f"{running.url}/patients/edh-patient/encounters/edh-encounter/billing", timeout=10)
        here_numbers, there_numbers = numbers_of(FIRST), numbers_of(SECOND)
    finally:
        for process in (first, second):
            process.terminate()
            process.communicate(timeout=30)

    assert (first.returncode, second.returncode) == (0, 0)
    assert Counter(re.findall(r'<th scope="row">(\w{5})', bill.text)) == Counter(EDH_CODES)
    assert there_numbers['infusion_charges_posted_total{outcome="sent",tenant="sandbox"}'] == len(EDH_CODES)
    assert here_numbers['infusion_charges_launches_total{tenant="sandbox"}'] == 1
    accepted = 'infusion_charges_request_seconds_count{method="POST",route="/s/<launch_id>/accept-all",status='
    assert sum(value for name, value in here_numbers.items() if name.startswith(accepted)) == 6
    assert [name for name in {**here_numbers, **there_numbers} if "edh" in name] == []


def test_status_pages_are_not_there_without_the_token(
    running: SandboxEhr, settings: dict[str, str], tmp_path: Path
) -> None:
    """404 for everybody else, as if there were nothing; liveness is everybody's."""
    given = {**settings, "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite3'}"}
    process = start("serve", "--port", str(SECOND), "--workers", "1", "--log-format", "json", folder=tmp_path, **given)
    base = f"http://127.0.0.1:{SECOND}"
    try:
        until_answering(f"{base}/healthz")
        wrong = {"Authorization": "Bearer other"}
        refused = {requests.get(f"{base}/{page}", headers=headers, timeout=10).status_code
                   for page in ("readyz", "metrics") for headers in (None, wrong)}  # fmt: skip
        ready = requests.get(f"{base}/readyz", headers=TOKEN, timeout=10)
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)

    assert refused == {404}
    assert (ready.status_code, ready.text) == (200, "ready\n")
    assert '"message": "GET /readyz 200' in errors
    assert '"route": "/readyz", "status": 200' in errors
    lines = [json.loads(line) for line in errors.splitlines()]
    assert "gunicorn.error" in {line["name"] for line in lines}
    assert [line for line in lines if not {"asctime", "levelname", "message"} <= line.keys()] == []


def test_an_app_without_its_database_is_not_ready(
    running: SandboxEhr, settings: dict[str, str], postgres_cluster: Cluster, tmp_path: Path
) -> None:
    """503 when the tables are of another version, and when the database is gone; the process lives on."""
    postgres_cluster.create("vanishing")
    url = postgres_cluster.url_of("vanishing")
    process = start("serve", "--port", str(SECOND), "--workers", "1", folder=tmp_path, DATABASE_URL=url, **settings)
    base = f"http://127.0.0.1:{SECOND}"
    try:
        until_answering(f"{base}/healthz")
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        engine.dispose()
        older = requests.get(f"{base}/readyz", headers=TOKEN, timeout=10)
        postgres_cluster.drop("vanishing")
        gone = requests.get(f"{base}/readyz", headers=TOKEN, timeout=30)
        alive = requests.get(f"{base}/healthz", timeout=10)
    finally:
        process.terminate()
        process.communicate(timeout=30)

    assert (older.status_code, older.text) == (503, "the database's tables are of another version\n")
    assert (gone.status_code, gone.text) == (503, "the database does not answer\n")
    assert alive.status_code == 200
