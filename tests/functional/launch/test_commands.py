"""`demo` and `serve` from outside: started, used, stopped, and refused with one line."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from plugin.cli import main
from plugin.store.cipher import make_key
from tests.functional.launch.running import CHECKOUT, Browser, SandboxEhr, free_port

TENANTS = '[tenants.a]\niss = "https://ehr.example.org/fhir"\nclient_id = "x"\n'
OPEN_TENANTS = '[tenants.a]\niss = "https://ehr.example.org/fhir"\nopen = true\n'


def start(*arguments: str, folder: Path, **settings: str) -> "subprocess.Popen[str]":
    """Start the command with these settings and no others, its temporary files below `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INFUSION_CHARGES_")}
    given = {f"INFUSION_CHARGES_{name}": value for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "plugin.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**kept, **given, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(folder)},
    )


def until_answering(url: str) -> requests.Response:
    """Ask until the server answers, for a minute."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return Browser().get(url, timeout=2)
        except (requests.ConnectionError, requests.Timeout):
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_prints_the_address_and_cleans_up(tmp_path: Path, number: signal.Signals) -> None:
    """A launch works from the printed EHR; a signal ends both processes and removes what was written."""
    process = start("demo", folder=tmp_path)
    try:
        assert process.stdout is not None
        ehr = next(found[1] for line in process.stdout if (found := re.search(r"Open +(http://localhost:\d+/)", line)))
        address = SandboxEhr(ehr.rstrip("/"), f"{ehr}fhir").launch_address("edh-patient", "edh-encounter")
        page = Browser().get(address)
    finally:
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert page.status_code == 200
    assert re.match(r"http://127\.0\.0\.1:\d+/s/", page.url)
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(requests.ConnectionError):
        requests.get(ehr, timeout=2)


def test_demo_says_when_a_port_is_taken(tmp_path: Path) -> None:
    """One line with the remedy, no traceback, nothing left."""
    with subprocess.Popen([sys.executable, "-c", HOLD_A_PORT], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        port = holder.stdout.readline().strip()
        process = start("demo", "--app-port", port, folder=tmp_path)
        _, errors = process.communicate(timeout=30)
        holder.kill()
    assert process.returncode == 2
    assert errors == f"infusion-charges demo: port {port} can't be used on 127.0.0.1; choose another with --app-port\n"
    assert list(tmp_path.iterdir()) == []


HOLD_A_PORT = (
    "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
    "print(s.getsockname()[1], flush=True); time.sleep(60)"
)


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_serve_answers_and_logs_no_query(tmp_path: Path, server: str) -> None:
    """A launch from an unknown EHR is refused; the access log names routes, never addresses."""
    path, port = tmp_path / "tenants.toml", free_port()
    path.write_text(TENANTS, encoding="utf-8")
    database = f"sqlite:///{tmp_path / 'app.sqlite3'}"
    settings = {"TENANTS": str(path), "ENCRYPTION_KEYS": make_key(), "DATABASE_URL": database}
    process = start("serve", "--port", str(port), "--server", server, "--workers", "1", folder=tmp_path, **settings)
    try:
        assert until_answering(f"http://127.0.0.1:{port}/healthz").text == "ok\n"
        refused = Browser().get(f"http://127.0.0.1:{port}/launch?iss=https://evil.example/x&launch=SECRET-1")
        assert refused.status_code == 403
    finally:
        process.terminate()
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "GET /launch 403" in errors
    assert "SECRET-1" not in output + errors
    assert "evil.example" not in output + errors


@pytest.mark.parametrize(
    ("tenants", "settings", "arguments", "told"),
    [
        (TENANTS, {}, [], "no encryption key: set INFUSION_CHARGES_ENCRYPTION_KEY_FILE"),
        (TENANTS, {"ENCRYPTION_KEYS": "short"}, [], "INFUSION_CHARGES_ENCRYPTION_KEYS: an encryption key is not 32"),
        (
            TENANTS,
            {"ENCRYPTION_KEY_FILE": "nowhere"},
            [],
            "INFUSION_CHARGES_ENCRYPTION_KEY_FILE: nowhere can't be read",
        ),
        (TENANTS, {"TEST_UNPARTITIONED": "1"}, [], "INFUSION_CHARGES_TEST_UNPARTITIONED is for tests"),
        (TENANTS, {"PUBLIC_URL": "http://app.example.org"}, [], "INFUSION_CHARGES_PUBLIC_URL: http is allowed on"),
        (TENANTS, {"PROXY_HOPS": "many"}, [], "INFUSION_CHARGES_PROXY_HOPS: 'many' is no whole number"),
        (TENANTS, {"ALLOW_OPEN": "maybe"}, [], "INFUSION_CHARGES_ALLOW_OPEN: 'maybe' is neither 1 nor 0"),
        (TENANTS, {"DATABASE_URL": "mysql://x"}, [], "INFUSION_CHARGES_DATABASE_URL: the store can't live in mysql"),
        ("", {}, [], "no tenant; add a table"),
        (
            OPEN_TENANTS,
            {"PUBLIC_URL": "https://app.example.org"},
            [],
            "tenant a has no sign-in and https://app.example",
        ),
        (OPEN_TENANTS, {}, ["--host", "0.0.0.0"], "tenant a has no sign-in and 0.0.0.0 is not loopback"),  # noqa: S104
    ],
)
def test_serve_refuses_to_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tenants,
    settings,
    arguments,
    told,
) -> None:
    """Each setting that doesn't let it start is named in one line, with status 2."""
    path = tmp_path / "tenants.toml"
    path.write_text(tenants, encoding="utf-8")
    key = {} if "no encryption key" in told or "ENCRYPTION_KEY" in str(settings) else {"ENCRYPTION_KEYS": make_key()}
    values = {"TENANTS": str(path), "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite3'}", **key, **settings}
    for name, value in values.items():
        monkeypatch.setenv(f"INFUSION_CHARGES_{name}", value)
    assert main(["serve", "--port", str(free_port()), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("infusion-charges serve: ")
    assert told in line
