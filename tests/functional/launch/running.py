"""The app and the sandbox EHR as a browser meets them: two servers on loopback, one cookie jar."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import requests
from flask import Flask
from requests.cookies import get_cookie_header
from werkzeug.serving import make_server

from plugin.store.cipher import make_key
from plugin.web.app import create_app
from plugin.web.settings import Settings

CHECKOUT = Path(__file__).parents[3]
TENANT = """
[tenants.sandbox]
iss = "{iss}"
name = "Sandbox hospital"
client_id = "infusion-charges"
zone = "America/Chicago"
frame_ancestors = ["{ehr}"]
{more}

[tenants.sandbox.roles]
"Practitioner/sandbox-clinician" = "clinician"
"Practitioner/sandbox-coder" = "coder"
"""


class Browser(requests.Session):
    """A browser as far as HTTP goes: it keeps cookies, and like a browser it trusts loopback with Secure ones."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))

    def send(self, request, **kwargs):
        """Send with the cookies of this jar; requests itself would keep Secure cookies back from http."""
        request.headers.pop("Cookie", None)
        cookies = get_cookie_header(self.cookies, request)
        if cookies:
            request.headers["Cookie"] = cookies
        kwargs.setdefault("timeout", 20)
        answer = super().send(request, **kwargs)
        while answer.status_code == 202 and request.method == "GET":  # the page that waits for a chart looks again
            time.sleep(0.5)
            answer = super().send(request, **kwargs)
        return answer


@dataclass
class AppUnderTest:
    """The app on 127.0.0.1; `app` gives its services."""

    url: str
    app: Flask = field(repr=False)


@contextlib.contextmanager
def serving_app(folder: Path, tenants: str, port: int = 0) -> Iterator[AppUnderTest]:
    """Serve the app from a thread with these tenants; the port is chosen before the app is built."""
    server = make_server("127.0.0.1", port, _not_ready, threaded=True)
    url = f"http://127.0.0.1:{server.port}"
    path = folder / "tenants.toml"
    path.write_text(tenants, encoding="utf-8")
    settings = Settings(
        public_url=url,
        tenants=path,
        database_url=f"sqlite:///{folder / 'app.sqlite3'}",
        encryption_keys=(make_key(),),
        moment=20.0,
    )
    app = create_app(settings)
    server.app = app
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield AppUnderTest(url, app)
    finally:
        server.shutdown()
        server.server_close()
        app.extensions["infusion_charges"].store.close()


def _not_ready(environ, start_response):
    start_response("503 Not Ready", [])
    return [b""]


@dataclass(frozen=True)
class SandboxEhr:
    """The sandbox EHR as a process of its own."""

    url: str
    iss: str

    def launch_address(self, patient: str, encounter: str = "") -> str:
        """The address the EHR's app button leads to."""
        address = f"{self.url}/patients/{patient}/apps/infusion-charges/tab"
        params = {"encounter": encounter} if encounter else {}
        answer = requests.get(address, params=params, allow_redirects=False, timeout=10)
        assert answer.status_code == 302
        return answer.headers["Location"]


@contextlib.contextmanager
def running_sandbox(app_port: int, charts: Path | None = None) -> Iterator[SandboxEhr]:
    """Start `python -m plugin.sandbox` for an app on this port, with its own charts or others, and stop it."""
    app = f"http://127.0.0.1:{app_port}"
    command = [sys.executable, "-m", "plugin.sandbox", "--app-launch-url", f"{app}/launch"]
    command += ["--charts", str(charts)] if charts else []
    process = subprocess.Popen(
        [*command, "--redirect-uri", f"{app}/callback"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield SandboxEhr(ready["ehr"].rstrip("/"), ready["iss"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


def free_port() -> int:
    """A port that was free a moment ago."""
    server = make_server("127.0.0.1", 0, _not_ready)
    port = server.port
    server.server_close()
    return port


def path_of(url: str) -> str:
    """The path of an address."""
    return urlsplit(url).path
