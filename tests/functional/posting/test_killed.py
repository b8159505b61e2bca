"""SIGKILL between storing the intent, sending, and hearing the answer; then another process takes over."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from tests.functional.posting import clinic as clinic_module
from tests.functional.posting.clinic import Clinic
from tests.smart.sandbox.ehr import Ehr

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def store_url(request: pytest.FixtureRequest, database: str) -> str:
    """The address of an empty database of the kind the case names."""
    return str(request.getfixturevalue(f"{database}_url"))


@pytest.fixture
def key() -> str:
    """The key both processes hold."""
    return make_key()


@pytest.fixture
def survivor(posting_ehr: Ehr, store_url: str, key: str, code: str) -> Iterator[Clinic]:
    """The process that takes over."""
    store = open_store(store_url, [key])
    yield Clinic(posting_ehr, store, posting_ehr.launched()["access_token"], code)
    store.close()


WITH_ID: dict[str, bool] = {}
WITH_CONDITION = {"client_ids": False}


@pytest.mark.parametrize(
    ("database", "when", "way"),
    [
        pytest.param("sqlite", "before", WITH_ID, id="SQLite, before sending, client id"),
        pytest.param("sqlite", "after", WITH_ID, id="SQLite, after sending, client id"),
        pytest.param("sqlite", "before", WITH_CONDITION, id="SQLite, before sending, If-None-Exist"),
        pytest.param("sqlite", "after", WITH_CONDITION, id="SQLite, after sending, If-None-Exist"),
        pytest.param("postgres", "after", WITH_ID, id="PostgreSQL, after sending, client id"),
    ],
)
def test_a_killed_process_leaves_one_charge_in_the_end(
    survivor: Clinic, store_url: str, key: str, when: str, way: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with the intent stored, or with the charge in the EHR and nobody told: the next post leaves one."""
    survivor.say()
    base = {"base": survivor.ehr.base, "store": store_url, "key": key, "token": survivor.token}
    given = json.dumps({**base, "code": survivor.code, "when": when, "way": way})
    command = [sys.executable, "-m", "tests.functional.posting.doomed", given]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    died = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, timeout=60)
    assert (died.returncode, died.stderr) == (-signal.SIGKILL, b"")
    assert len(survivor.found()) == (1 if when == "after" else 0)
    assert survivor.records.last_intents()[survivor.identity].state == "open"
    # The dead process's turn runs out after three minutes.
    later = clinic_module.utc_now() + timedelta(minutes=4)
    monkeypatch.setattr(clinic_module, "utc_now", lambda: later)
    survivor.post(**way)
    assert [charge["meta"]["versionId"] for charge in survivor.found()] == ["1"]
    assert survivor.records.last_intents()[survivor.identity].state == "done"
