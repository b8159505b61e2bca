"""The app in this process and a SMART server of our own on loopback."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.store.cipher import make_key
from plugin.store.failures import last_failures
from plugin.store.launch_rows import Launch
from plugin.web.app import create_app
from plugin.web.services import Services
from plugin.web.session import COOKIE
from plugin.web.settings import Settings
from tests.smart.launch.fake_ehr import CLIENT_ID, FakeEhr, running_ehr

PUBLIC_URL = "https://app.example.org"
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')

TENANTS = f"""
[tenants.fake]
iss = "{{iss}}"
name = "Fake hospital"
client_id = "{CLIENT_ID}"
frame_ancestors = ["https://ehr.example.org"]
{{more}}
[tenants.fake.roles]
"Practitioner/p1" = "coder"
"""

BY_ROLE = f"""
[tenants.fake]
iss = "{{iss}}"
client_id = "{CLIENT_ID}"
[tenants.fake.roles]
"practitioner-role:http://hospital.example/roles|infusion-coder" = "coder"
"practitioner-role:infusion-nurse" = "clinician"
"PractitionerRole/boss" = "lead"
"""


def practitioner_role(code: str, of: str = "Practitioner/p1", **more: Any) -> dict[str, Any]:
    """A PractitionerRole in this hospital's codes."""
    coding = {"system": "http://hospital.example/roles", "code": code}
    resource = {"resourceType": "PractitionerRole", "id": "r1", "practitioner": {"reference": of}}
    return {**resource, "code": [{"coding": [coding]}], **more}


@dataclass
class Browser:
    """A browser with its own cookies, in front of the app."""

    app: Flask
    client: FlaskClient
    ehr: FakeEhr

    @property
    def services(self) -> Services:
        """The app's services."""
        found: Services = self.app.extensions["infusion_charges"]
        return found

    def get(self, path: str, **options: object) -> TestResponse:
        """GET below the public address."""
        return self.client.get(path, base_url=PUBLIC_URL, **options)

    def post(self, path: str, form: dict[str, str], **headers: str) -> TestResponse:
        """POST a form as a browser would from the app's own page."""
        sent = {"Origin": "null", "Sec-Fetch-Site": "same-origin", **headers}
        return self.client.post(path, base_url=PUBLIC_URL, data=form, headers=sent)

    def secret(self) -> str:
        """What the cookie holds."""
        cookie = self.client.get_cookie(COOKIE, "app.example.org")
        return cookie.value if cookie else ""

    def begin(self, launch: str = "xyz", **changes: str) -> dict[str, str]:
        """Come from the EHR up to its authorization page; the parameters that arrive there."""
        query = {"iss": self.ehr.iss, **({"launch": launch} if launch else {}), **changes}
        response = self.get(f"/launch?{urlencode(query)}", follow_redirects=False)
        if "cookie_asked" in response.location:
            response = self.get(response.location)
        assert response.status_code == 302, response.text
        return dict(parse_qsl(urlsplit(response.location).query))

    def come_back(self, **params: str) -> TestResponse:
        """The EHR sends the browser to the callback."""
        return self.get(f"/callback?{urlencode(params)}")

    def launch(self) -> TestResponse:
        """A whole launch; the answer of the callback."""
        sent = self.begin()
        return self.come_back(state=sent["state"], code=sent["nonce"])

    def opened(self) -> Launch:
        """Launch and return the open session."""
        response = self.launch()
        assert response.status_code == 303, response.text
        return self.session(response)

    def session(self, response: TestResponse) -> Launch:
        """The session that a redirect leads to."""
        launch_id = response.location.split("/s/")[1].split("/")[0]
        found = self.services.launches.get(launch_id, self.secret(), self.services.clock())
        assert found is not None
        return found

    def happened(self, response: TestResponse, tenant: str = "fake") -> str:
        """What the administrator's page says under the reference of a page, which itself says none of it."""
        found = re.search("reference <code>([0-9a-f]{8})</code>", response.text)
        assert found, response.text
        kept = {each.reference: each.happened for each in last_failures(self.services.store, tenant)}
        assert kept[found[1]] not in unescape(response.text)
        return kept[found[1]]

    def form(self, response: TestResponse) -> dict[str, str]:
        """The hidden fields of a page."""
        return dict(FIELD.findall(response.text))


@pytest.fixture
def ehr() -> Iterator[FakeEhr]:
    """A running SMART server."""
    with running_ehr() as running:
        yield running


@pytest.fixture
def make_browser(tmp_path: Path, ehr: FakeEhr) -> Iterator[object]:
    """Build the app with changed tenants or settings and give a browser."""
    apps: list[Flask] = []

    def build(more: str = "", tenants: str = "", **settings: object) -> Browser:
        path = tmp_path / "tenants.toml"
        path.write_text(tenants or TENANTS.format(iss=ehr.iss, more=more), encoding="utf-8")
        values = {
            "public_url": PUBLIC_URL,
            "tenants": path,
            "database_url": f"sqlite:///{tmp_path / 'app.sqlite3'}",
            "encryption_keys": (make_key(),),
            "moment": 20.0,  # of a machine that does much else
            **settings,
        }
        app = create_app(Settings(**values))  # type: ignore[arg-type]
        apps.append(app)
        return Browser(app, app.test_client(), ehr)

    yield build
    for app in apps:
        app.extensions["infusion_charges"].store.close()


@pytest.fixture
def browser(make_browser) -> Browser:
    """A browser in front of the app."""
    return make_browser()
