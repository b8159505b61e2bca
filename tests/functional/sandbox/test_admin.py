"""The routes for tests and demonstrations."""

import time

import pytest
import requests

from tests.smart.sandbox.ehr import REDIRECT, Ehr


def _put(ehr: Ehr, name: str, body: object) -> int:
    return requests.put(f"{ehr.base}/sandbox/faults/{name}", json=body, timeout=10).status_code


def test_redirect_and_launch_address_can_be_changed(ehr: Ehr) -> None:
    """A test that learns its port late registers it; the old address is gone, and the CSP follows."""
    new = "http://127.0.0.1:8765/callback"
    sent = {"client_id": "test-app", "redirect_uris": [new], "launch_url": "http://127.0.0.1:8765/launch"}
    assert ehr.post("/sandbox/clients", json=sent).status_code == 200
    page = ehr.get("/patients/amber/apps/infusion-charges")
    assert 'src="http://127.0.0.1:8765/launch?iss=' in page.text
    assert "frame-src 'self' http://127.0.0.1:8765;" in page.headers["Content-Security-Policy"]
    assert ehr.authorize(redirect_uri=REDIRECT).answer.status_code == 400
    assert ehr.authorize(redirect_uri=new).answer.headers["Location"].startswith(f"{new}?code=")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"redirect_uris": []}, 400),
        ({"client_id": "x", "redirect_uris": "y"}, 400),
        ({"client_id": "x", "auth_method": "client_secret_basic"}, 400),
        ({"client_id": "x", "auth_method": "private_key_jwt"}, 400),
        ([], 415),
    ],
)
def test_unfit_registration_is_refused(ehr: Ehr, body: object, status: int) -> None:
    """What can't work is refused with a reason."""
    answer = ehr.post("/sandbox/clients", json=body)
    assert answer.status_code == status
    assert answer.json()["error_description"]


def test_form_is_no_way_in(ehr: Ehr) -> None:
    """A form, which another site's page could send, is refused."""
    assert ehr.post("/sandbox/clients", {"client_id": "x"}).status_code == 415


def test_slow_makes_fhir_wait(ehr: Ehr) -> None:
    """With slow=150 a FHIR request takes at least that long, and no longer than needed once it is off."""
    token = ehr.fhir(ehr.launched())
    assert _put(ehr, "slow", {"value": 150}) == 200
    began = time.monotonic()
    token.get("Patient/amber")
    assert time.monotonic() - began >= 0.15
    assert ehr.get("/sandbox/faults").json()["on"] == {"slow": {"value": 150, "times": None}}


def test_token_error_bites_as_often_as_said(ehr: Ehr) -> None:
    """With times=1 the first token request fails with the named error, the second works."""
    assert _put(ehr, "token-error", {"value": "invalid_grant", "times": 1}) == 200
    attempt = ehr.authorize()
    failed = attempt.exchange()
    assert (failed.status_code, failed.json()["error"]) == (400, "invalid_grant")
    assert attempt.exchange().status_code == 200
    assert ehr.get("/sandbox/faults").json()["on"] == {}


def test_expired_code_refuses_every_code_until_it_is_off(ehr: Ehr) -> None:
    """Codes count as expired while the switch is on."""
    assert _put(ehr, "expired-code", {"value": True}) == 200
    assert ehr.authorize().exchange().json()["error"] == "invalid_grant"
    assert requests.delete(f"{ehr.base}/sandbox/faults", timeout=10).json()["on"] == {}
    assert ehr.authorize().exchange().status_code == 200


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("nonsense", {"value": 1}),
        ("slow", {"value": "long"}),
        ("slow", {"value": -1}),
        ("slow", {"value": 10, "times": 0}),
        ("token-error", {"value": ""}),
    ],
)
def test_unfit_fault_is_refused(ehr: Ehr, name: str, body: dict[str, object]) -> None:
    """An unknown fault or an odd value changes nothing."""
    assert _put(ehr, name, body) == 400
    assert ehr.get("/sandbox/faults").json()["on"] == {}


def test_overview_is_marked(ehr: Ehr) -> None:
    """The admin routes say what this is, too."""
    body = ehr.get("/sandbox/").json()
    assert body["sandbox"] == "Sandbox EHR: made-up patients"
    assert body["iss"] == ehr.iss
