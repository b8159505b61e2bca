"""Refreshing, revoking and expiry."""

import threading
import time
from pathlib import Path

from plugin.sandbox.config import ClientSettings
from tests.smart.sandbox.ehr import REDIRECT, Ehr, running_ehr


def _works(ehr: Ehr, token: dict[str, str]) -> bool:
    return ehr.fhir(token).get("Patient/amber").status_code == 200


def test_refresh_rotates_and_keeps_the_context(ehr: Ehr) -> None:
    """A refresh gives new tokens, the same chart, and a scope no wider."""
    first = ehr.launched()
    second = ehr.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (second["patient"], second["encounter"], second["scope"]) == ("amber", "amber-1", first["scope"])
    assert _works(ehr, second)


def test_refresh_may_narrow_but_not_widen(ehr: Ehr) -> None:
    """A scope that wasn't granted is refused; a narrower one holds for the new access token."""
    first = ehr.launched(scope="launch online_access patient/Patient.rs patient/Encounter.rs")
    wider = ehr.refresh(first["refresh_token"], scope="patient/Condition.rs")
    narrow = ehr.refresh(first["refresh_token"], scope="online_access patient/Encounter.rs").json()
    assert wider.json()["error"] == "invalid_scope"
    assert ehr.fhir(narrow).get("Encounter/amber-1").status_code == 200
    assert ehr.fhir(narrow).get("Patient/amber").status_code == 403


def test_used_refresh_token_takes_the_family_down(ehr: Ehr) -> None:
    """An old refresh token is refused, and with it every token that descends from the same launch falls."""
    first = ehr.launched()
    second = ehr.refresh(first["refresh_token"]).json()
    assert ehr.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert ehr.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert not _works(ehr, second)


def test_of_two_refreshes_at_once_one_gets_through(ehr: Ehr) -> None:
    """Parallel use of one refresh token never makes two successors."""
    token = ehr.launched()["refresh_token"]
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ehr.refresh(token).status_code)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 400, 400, 400, 400, 400]


def test_another_client_cannot_use_a_refresh_token(data: Path) -> None:
    """A stolen refresh token is useless to another app, and the owner keeps it."""
    clients = (ClientSettings("test-app", (REDIRECT,)), ClientSettings("other-app", (REDIRECT,)))
    with running_ehr(data, clients=clients) as ehr:
        token = ehr.launched()["refresh_token"]
        assert ehr.refresh(token, client_id="other-app").json()["error"] == "invalid_grant"
        assert ehr.refresh(token).status_code == 200


def test_revoking_an_access_token_leaves_the_refresh_token(ehr: Ehr) -> None:
    """The one token stops; the app may still refresh."""
    token = ehr.launched()
    answer = ehr.post("/auth/revoke", {"token": token["access_token"], "client_id": "test-app"})
    assert answer.status_code == 200
    assert not _works(ehr, token)
    assert ehr.refresh(token["refresh_token"]).status_code == 200


def test_revoking_a_refresh_token_ends_everything(ehr: Ehr) -> None:
    """Logout by refresh token stops the access token too."""
    token = ehr.launched()
    sent = {"token": token["refresh_token"], "token_type_hint": "refresh_token", "client_id": "test-app"}
    assert ehr.post("/auth/revoke", sent).status_code == 200
    assert not _works(ehr, token)
    assert ehr.refresh(token["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_says_yes_to_an_unknown_token_but_not_to_a_stranger(ehr: Ehr) -> None:
    """RFC 7009: an unknown token is no error, an unknown client is."""
    assert ehr.post("/auth/revoke", {"token": "x", "client_id": "test-app"}).status_code == 200
    assert ehr.post("/auth/revoke", {"token": "x", "client_id": "stranger"}).json()["error"] == "invalid_client"


def test_access_token_expires(data: Path) -> None:
    """After expires_in seconds the token is refused, as 401 with the reason in the header."""
    now = [time.time()]
    with running_ehr(data, clock=lambda: now[0], token_seconds=100) as ehr:
        token = ehr.launched()
        assert token["expires_in"] == 100
        now[0] += 99
        assert _works(ehr, token)
        now[0] += 2
        refused = ehr.fhir(token).get("Patient/amber")
        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
        assert refused.json()["resourceType"] == "OperationOutcome"
