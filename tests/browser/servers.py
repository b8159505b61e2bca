"""The demo as a process, and a sandbox EHR with an app whose settings a test can choose."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from werkzeug.serving import make_server

from plugin.store.cipher import make_key
from plugin.web.app import create_app
from plugin.web.services import EXTENSION
from plugin.web.settings import Settings

ROOT = Path(__file__).parents[2]
TENANTS = """\
[tenants.sandbox]
name = "Sandbox EHR"
iss = "{iss}"
client_id = "infusion-charges"
zone = "America/Chicago"
frame_ancestors = ["{origin}"]
{keys}
[tenants.sandbox.roles]
"Practitioner/sandbox-clinician" = "clinician"
"""


@contextlib.contextmanager
def running_demo() -> Iterator[str]:
    """`infusion-charges demo` as a user starts it; yields the EHR's address it prints."""
    with _process([sys.executable, "-m", "plugin.cli", "demo"]) as process:
        lines = []
        for line in process.stdout or []:
            lines.append(line)
            if found := re.search(r"Open +(http://localhost:\d+)/", line):
                yield found[1]
                return
        raise AssertionError(f"the demo printed no address: {''.join(lines)}")


@contextlib.contextmanager
def running_pair(
    folder: Path, *, partitioned: bool, charts: Path | None = None, keys: str = "", site: str = ""
) -> Iterator[str]:
    """A sandbox EHR and an app, with or without `Partitioned` on the app's cookie; yields the EHR's address.

    `charts` is a folder of charts to serve instead of the sandbox's own; `keys` are more keys of the tenant, `site`
    more lines of the tenants file, which begin among the roles.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        app_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "plugin.sandbox", "--data", str(folder)]
        command += ["--app-launch-url", f"{app_url}/launch", "--redirect-uri", f"{app_url}/callback"]
        command += ["--charts", str(charts)] if charts else []
        with _process(command) as process:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            origin = ready["ehr"].rstrip("/")
            tenants = folder / "tenants.toml"
            tenants.write_text(TENANTS.format(iss=ready["iss"], origin=origin, keys=keys) + site, encoding="utf-8")
            settings = Settings(
                public_url=app_url,
                tenants=tenants,
                database_url=f"sqlite:///{folder / 'app.sqlite3'}",
                encryption_keys=(make_key(),),
                unpartitioned_for_tests=not partitioned,
            )
            with _serving(settings, listener):
                yield origin


@contextlib.contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A process whose complaints are shown when it fails; they go to a file, so that a full pipe can't block it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=environment)
        try:
            yield process
        except BaseException:
            complaints.seek(0)
            sys.stderr.write(complaints.read())
            raise
        finally:
            process.terminate()
            process.wait(20)
            if process.stdout:
                process.stdout.close()


@contextlib.contextmanager
def _serving(settings: Settings, listener: socket.socket) -> Iterator[None]:
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())
    server.log = lambda *_: None  # type: ignore[method-assign,assignment]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)
        app.extensions[EXTENSION].store.close()
