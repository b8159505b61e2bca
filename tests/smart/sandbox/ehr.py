"""A sandbox EHR in a thread, and a small app of the tests' own that launches against it.

The app is written out here, without the product's client, so that the two can't share a mistake.
"""

import hashlib
import re
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import requests

from plugin.sandbox.app import close_sandbox, create_sandbox
from plugin.sandbox.config import ClientSettings, SandboxConfig
from plugin.sandbox.serving import Server, base_url, listen

CHARTS = Path(__file__).parent / "charts"
LAUNCH_URL = "http://127.0.0.1:8000/launch"
REDIRECT = "http://127.0.0.1:8000/callback"
APP_SCOPE = (
    "launch openid fhirUser online_access patient/*.rs user/Practitioner.rs user/ChargeItem.crus user/Provenance.crs"
)
TIMEOUT = 10


@contextmanager
def running_ehr(data: Path, **changes: Any) -> Iterator["Ehr"]:
    """A sandbox EHR on a free port, stopped and closed at the end."""
    listener = listen("localhost", 0)
    settings: dict[str, Any] = {
        "base_url": base_url("localhost", listener),
        "data": data,
        "charts": CHARTS,
        "clients": (ClientSettings("test-app", (REDIRECT,)),),
        "app_launch_url": LAUNCH_URL,
    }
    config = SandboxConfig(**{**settings, **changes})
    app = create_sandbox(config)
    server = Server(app, listener)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Ehr(config.base_url)
    finally:
        server.stop()
        thread.join(TIMEOUT)
        server.close()
        listener.close()
        close_sandbox(app)


@dataclass
class Ehr:
    """The EHR as a client meets it."""

    base: str
    client_id: str = "test-app"

    @property
    def iss(self) -> str:
        return f"{self.base}/fhir"

    def get(self, path: str, **given: Any) -> requests.Response:
        return requests.get(self.base + path, timeout=TIMEOUT, allow_redirects=False, **given)

    def post(self, path: str, data: Any = None, **given: Any) -> requests.Response:
        return requests.post(self.base + path, data, timeout=TIMEOUT, allow_redirects=False, **given)

    def launch_value(self, patient: str = "amber", encounter: str | None = "amber-1", user: str | None = None) -> str:
        """Open the app from the chart, as the EHR's page does, and read `launch` from the frame's address."""
        cookies = {"sandbox_ehr_user": user} if user else None
        query = {"encounter": encounter} if encounter else None
        page = self.get(f"/patients/{patient}/apps/infusion-charges", params=query, cookies=cookies)
        source = unescape(re.findall(r'<iframe[^>]* src="([^"]+)"', page.text)[0])
        parts = dict(pair.split("=", 1) for pair in urlsplit(source).query.split("&"))
        assert unquote(parts["iss"]) == self.iss
        return unquote(parts["launch"])

    def authorize(self, **changes: Any) -> "Attempt":
        """Send an authorization request; a change to None leaves the parameter out."""
        attempt = Attempt(self)
        given = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "scope": APP_SCOPE,
            "state": secrets.token_hex(8),
            "aud": self.iss,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        if "launch" not in changes and "launch" in changes.get("scope", APP_SCOPE).split():
            given["launch"] = self.launch_value()
        attempt.sent = {name: value for name, value in {**given, **changes}.items() if value is not None}
        attempt.answer = self.get("/auth/authorize", params=attempt.sent)
        return attempt

    def launched(self, patient: str = "amber", encounter: str | None = "amber-1", **changes: Any) -> dict[str, Any]:
        """A token response after a whole EHR launch."""
        user = changes.pop("user", None)
        attempt = self.authorize(launch=self.launch_value(patient, encounter, user), **changes)
        answer = attempt.exchange()
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def refresh(self, refresh_token: str, **changes: Any) -> requests.Response:
        given = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.client_id}
        return self.post("/auth/token", {**given, **changes})

    def fhir(self, token: dict[str, Any] | str) -> "Fhir":
        return Fhir(self, token if isinstance(token, str) else token["access_token"])


@dataclass
class Attempt:
    """One authorization request and what came of it."""

    ehr: Ehr
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    sent: dict[str, str] = field(default_factory=dict)
    answer: requests.Response = field(default_factory=requests.Response)

    @property
    def challenge(self) -> str:
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    @property
    def returned(self) -> dict[str, str]:
        """The parameters the app's callback was given."""
        assert self.answer.status_code == 302, self.answer.text
        address = self.answer.headers["Location"]
        assert address.startswith(f"{REDIRECT}?")
        return dict(parse_qsl(urlsplit(address).query, strict_parsing=True))

    def exchange(self, **changes: Any) -> requests.Response:
        """Send the code to the token endpoint."""
        given = {
            "grant_type": "authorization_code",
            "code": changes["code"] if "code" in changes else self.returned["code"],
            "redirect_uri": REDIRECT,
            "client_id": self.ehr.client_id,
            "code_verifier": self.verifier,
        }
        sent = {name: value for name, value in {**given, **changes}.items() if value is not None}
        return self.ehr.post("/auth/token", sent)


@dataclass
class Fhir:
    """The FHIR endpoint with one access token."""

    ehr: Ehr
    access_token: str

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, **given: Any) -> requests.Response:
        sent = {"Authorization": f"Bearer {self.access_token}", "Accept": "application/fhir+json", **(headers or {})}
        address = path if path.startswith("http") else f"{self.ehr.iss}/{path}"
        return requests.request(method, address, headers=sent, timeout=TIMEOUT, allow_redirects=False, **given)

    def get(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        return self.send("GET", path, headers)

    def ids(self, path: str) -> list[str]:
        """Ids of the matches of a search, all pages."""
        found: list[str] = []
        address: str | None = path
        while address:
            bundle = self.get(address).json()
            assert bundle["resourceType"] == "Bundle", bundle
            matches = [entry for entry in bundle.get("entry", []) if entry["search"]["mode"] == "match"]
            found += [entry["resource"]["id"] for entry in matches]
            address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
        return found

    def write(self, method: str, path: str, body: str, **headers: str) -> requests.Response:
        """Create or update; header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, {"Content-Type": "application/fhir+json", **named}, data=body.encode())


def query_of(address: str) -> dict[str, list[str]]:
    """The query of an address."""
    return parse_qs(urlsplit(address).query)


def charge(key: str | None = None, **changes: Any) -> dict[str, Any]:
    """A ChargeItem of patient amber that the sandbox takes."""
    body: dict[str, Any] = {
        "resourceType": "ChargeItem",
        "status": "billable",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "96360"}]},
        "subject": {"reference": "Patient/amber"},
        "context": {"reference": "Encounter/amber-1"},
        "quantity": {"value": 1},
        "identifier": [{"system": "urn:test", "value": secrets.token_hex(8)}],
    }
    if key:
        body["id"] = key
    return {**body, **changes}
