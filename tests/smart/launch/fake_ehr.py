"""A SMART server of our own making on loopback, which does wrong what a test wants done wrong."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "app-1"
KEY = RSAKey.generate_key(2048, {"kid": "k1"})


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class FakeEhr:
    """What it answers, changed by tests; `seen` is what arrived, and `gates` hold answers back until they are set.

    `failing` are statuses by path, `redirects` addresses that are answered instead of it.
    """

    base: str
    seen: list[Seen] = field(default_factory=list)
    token: dict[str, Any] = field(default_factory=dict)
    token_status: int = 200
    token_redirect: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    configuration: Any = None
    resources: dict[str, Any] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    style: Any = None
    gates: dict[str, threading.Event] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)

    @property
    def iss(self) -> str:
        """The FHIR base."""
        return f"{self.base}/fhir"

    def id_token(self, nonce: str) -> str:
        """A signed id_token; claims set to None are left out."""
        now = int(time.time())
        usual = {
            "iss": f"{self.base}/auth",
            "aud": CLIENT_ID,
            "sub": "u1",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "fhirUser": f"{self.iss}/Practitioner/p1",
        }
        claims = {name: value for name, value in {**usual, **self.claims}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, KEY, algorithms=["RS256"])

    def token_answer(self, nonce: str) -> dict[str, Any]:
        """The token response; values set to None are left out."""
        usual = {
            "access_token": "ACCESS-TOKEN-1",
            "refresh_token": "REFRESH-TOKEN-1",
            "token_type": "Bearer",
            "expires_in": 600,
            "scope": "launch openid fhirUser patient/*.rs user/ChargeItem.crus",
            "patient": "pat-1",
            "encounter": "enc-1",
            "id_token": self.id_token(nonce),
        }
        return {name: value for name, value in {**usual, **self.token}.items() if value is not None}

    def hold(self, chart: Path) -> None:
        """Have every resource of this chart, by itself and found by any search, and say that it takes no charges."""
        for resource in [entry["resource"] for entry in json.loads(chart.read_text("utf-8"))["entry"]]:
            kind = resource["resourceType"]
            found = self.resources.setdefault(kind, {"resourceType": "Bundle", "type": "searchset", "entry": []})
            found["entry"].append({"resource": resource})
            self.resources[f"{kind}/{resource['id']}"] = resource
        self.resources["metadata"] = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": []}

    def paths(self, method: str = "") -> list[str]:
        """The paths asked for."""
        return [each.path for each in self.seen if not method or each.method == method]


def make_app(ehr: FakeEhr) -> Flask:
    """The server; the nonce of a code is the code itself."""
    app = Flask("fake_ehr")

    @app.before_request
    def record() -> None:
        form = {name: values[0] for name, values in parse_qs(request.get_data(as_text=True)).items()}
        ehr.seen.append(Seen(request.method, request.path, dict(request.headers), form))

    @app.after_request
    def set_a_cookie(response: Response) -> Response:
        response.set_cookie("ehr_session", "sticky")
        return response

    @app.get("/fhir/.well-known/smart-configuration")
    def configuration() -> Any:
        if ehr.configuration is not None:
            return ehr.configuration
        return jsonify(
            issuer=f"{ehr.base}/auth",
            authorization_endpoint=f"{ehr.base}/auth/authorize",
            token_endpoint=f"{ehr.base}/auth/token",
            revocation_endpoint=f"{ehr.base}/auth/revoke",
            jwks_uri=f"{ehr.base}/auth/jwks",
            code_challenge_methods_supported=["S256"],
        )

    @app.get("/auth/jwks")
    def jwks() -> Any:
        return jsonify(keys=[KEY.as_dict(private=False)])

    @app.post("/auth/token")
    def token() -> Any:
        if ehr.token_redirect:
            return "", 307, {"Location": ehr.token_redirect}
        if ehr.token_status != 200:
            return jsonify(error="invalid_grant", error_description="code of Jane Doe"), ehr.token_status
        return jsonify(ehr.token_answer(request.form.get("code", "")))

    @app.post("/auth/revoke")
    def revoke() -> Any:
        return ""

    @app.get("/auth/style.json")
    def style() -> Any:
        return ehr.style if ehr.style is not None else ("", 404)

    @app.get("/fhir/<path:name>")
    def fhir(name: str) -> Any:
        if name in ehr.gates:
            ehr.gates[name].wait(20)
        if name in ehr.redirects:
            return "", 307, {"Location": ehr.redirects[name]}
        if name in ehr.failing:
            return "", ehr.failing[name]
        if ehr.statuses:
            return "", ehr.statuses.pop(0)
        found = ehr.resources.get(name)
        if isinstance(found, str):
            return found, 200, {"Content-Type": "application/fhir+json"}
        return (jsonify(found), 200) if found is not None else (jsonify(resourceType="OperationOutcome"), 404)

    return app


@contextlib.contextmanager
def running_ehr() -> Iterator[FakeEhr]:
    """Serve from a thread until the block ends."""
    server = make_server("127.0.0.1", 0, Flask("not_ready"), threaded=True)
    ehr = FakeEhr(f"http://127.0.0.1:{server.port}")
    server.app = make_app(ehr)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()


def encounter(name: str, patient: str = "pat-1", status: str = "finished", start: str = "2026-03-02") -> dict[str, Any]:
    """An Encounter as this server has it."""
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": status,
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": f"{start}T08:00:00-06:00", "end": f"{start}T12:00:00-06:00"},
    }
