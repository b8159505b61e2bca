"""`infusion-charges demo`: the pretend EHR and the app on this machine, with one command.

The EHR is served as `localhost`, the app as `127.0.0.1`: a browser takes these for two sites, as in a hospital.
"""

import argparse
import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from waitress.server import create_server

from plugin.store.cipher import make_key
from plugin.web.app import create_app
from plugin.web.services import EXTENSION
from plugin.web.settings import Settings, SettingsError

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

CLIENT_ID = "infusion-charges"
START_SECONDS = 60
STOP_SECONDS = 10

TENANTS = '''\
[tenants.sandbox]
name = "Sandbox EHR"
iss = "{iss}"
client_id = "{client_id}"
zone = "America/Chicago"
frame_ancestors = ["{origin}"]
fees = ["fees.csv"]
productivity = true
scopes = """
  openid fhirUser online_access patient/Patient.rs patient/Encounter.rs patient/Condition.rs patient/Medication.rs
  patient/MedicationAdministration.rs patient/MedicationRequest.rs user/Location.rs user/Practitioner.rs
"""
worklist_scopes = """
  user/Patient.rs user/Encounter.rs user/Condition.rs user/MedicationAdministration.rs user/Medication.rs
  user/Location.rs user/MedicationRequest.rs user/ChargeItem.crus user/Provenance.c
"""

[tenants.sandbox.roles]
"Practitioner/sandbox-clinician" = "clinician"
"Practitioner/sandbox-coder" = "coder"
"Practitioner/sandbox-lead" = "lead"
"Practitioner/sandbox-admin" = "admin"
'''
# Invented prices, so that the worklist has something to order by.
FEES = """\
code,amount
96365,210
96366,60
96367,90
96374,150
96375,70
96413,420
96415,90
96417,200
96360,120
96361,40
"""

BANNER = """\
A pretend EHR with invented patients is running.

  Open   {ehr}
  then choose a patient and an encounter, and press the app's button.

The app itself is at {app} and is opened by the EHR.
For the worklist of coders sign in at {app}/sign-in?tenant=sandbox
Nothing leaves this machine, and nothing is kept. Stop with Ctrl+C.
"""


class DemoError(Exception):
    """The demo can't run; the text names what and the remedy."""


@dataclass(frozen=True, slots=True)
class Ehr:
    """A running sandbox EHR."""

    address: str
    iss: str
    process: "subprocess.Popen[str]"


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("demo", help="a pretend EHR and the app, on this machine", description=__doc__)
    parser.add_argument("--ehr-port", type=int, default=0, help="port of the EHR (default: a free one)")
    parser.add_argument("--app-port", type=int, default=0, help="port of the app (default: a free one)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run until stopped; 0 after a clean stop, 1 when the EHR ended, 2 when it can't start."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="infusion-charges-demo-"))
    try:
        return _run_in(folder, options)
    except (DemoError, SettingsError) as error:
        print(f"infusion-charges demo: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"infusion-charges demo: the system refused something ({error.strerror})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        shutil.rmtree(folder, ignore_errors=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run_in(folder: Path, options: argparse.Namespace) -> int:
    # An app that answers nothing yet must still own its port: the EHR is told the app's address when it starts.
    with _listen(options.app_port) as listener:
        app_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with _running_ehr(folder, app_url, options.ehr_port) as ehr:
            return _serve(folder, listener, app_url, ehr)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise DemoError(f"port {port} can't be used on 127.0.0.1; choose another with --app-port") from error
    return listener


@contextlib.contextmanager
def _running_ehr(folder: Path, app_url: str, port: int) -> Iterator[Ehr]:
    log_path = folder / "ehr.log"
    with log_path.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            _ehr_command(folder, app_url, port),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=_environment(),
        )
        try:
            yield _wait_for(process, log_path)
        finally:
            _stop(process)


def _ehr_command(folder: Path, app_url: str, port: int) -> list[str]:
    command = [sys.executable, "-m", "plugin.sandbox", "--host", "localhost", "--port", str(port)]
    command += ["--app-launch-url", f"{app_url}/launch", "--redirect-uri", f"{app_url}/callback"]
    return [*command, "--client-id", CLIENT_ID, "--data", str(folder)]


def _environment() -> dict[str, str]:
    """The EHR runs from where this package was found, be it a checkout or an installed wheel."""
    found_in = str(Path(__file__).parents[2])
    others = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{found_in}{os.pathsep}{others}" if others else found_in}


def _wait_for(process: "subprocess.Popen[str]", log_path: Path) -> Ehr:
    """Read the EHR's one line; a timer ends a process that never writes it."""
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    try:
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        ready = json.loads(process.stdout.readline())
        return Ehr(ready["ehr"], ready["iss"], process)
    except (ValueError, KeyError) as error:
        lines = log_path.read_text(encoding="utf-8").strip().splitlines()
        raise DemoError(f"the EHR did not start: {lines[-1] if lines else 'it said nothing'}") from error
    finally:
        timer.cancel()


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdout:
            process.stdout.close()


def _serve(folder: Path, listener: socket.socket, app_url: str, ehr: Ehr) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    app = create_app(_settings(folder, app_url, ehr))
    server = create_server(app, sockets=[listener], threads=8, ident=CLIENT_ID)
    ended = threading.Event()
    threading.Thread(target=_watch, args=(ehr.process, ended), daemon=True).start()
    print(BANNER.format(ehr=ehr.address, app=app_url), flush=True)
    try:
        server.run()
    finally:
        server.close()
        app.extensions[EXTENSION].store.close()
    if ended.is_set():
        print("infusion-charges demo: the EHR has ended, so the demo ends too; start it again", file=sys.stderr)
        return 1
    return 0


def _watch(process: "subprocess.Popen[str]", ended: threading.Event) -> None:
    """Without its EHR the app is no use: stop as if somebody had pressed Ctrl+C."""
    process.wait()
    ended.set()
    os.kill(os.getpid(), signal.SIGINT)


def _settings(folder: Path, app_url: str, ehr: Ehr) -> Settings:
    tenants = folder / "tenants.toml"
    (folder / "fees.csv").write_text(FEES, encoding="utf-8")
    origin = ehr.address.rstrip("/")
    tenants.write_text(TENANTS.format(iss=ehr.iss, origin=origin, client_id=CLIENT_ID), encoding="utf-8")
    return Settings(
        public_url=app_url,
        tenants=tenants,
        database_url=f"sqlite:///{folder / 'app.sqlite3'}",
        encryption_keys=(make_key(),),
        demo_ehr=ehr.address,
        keep_statements=0.0,  # a button of this EHR makes it another vendor's
    )
