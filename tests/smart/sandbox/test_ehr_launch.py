"""The launch from a chart, step by step, and every way it must fail."""

import time
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.smart.sandbox.ehr import APP_SCOPE, REDIRECT, Ehr, running_ehr
from tests.verifies import verifies


def test_launch_gives_token_context_and_identity(ehr: Ehr) -> None:
    """The chart's patient and encounter and the logged-in user come back; the answer may not be stored."""
    attempt = ehr.authorize(launch=ehr.launch_value("amber", "amber-1", "sandbox-coder"), nonce="n-1")
    answer = attempt.exchange()
    body = answer.json()
    keys = KeySet.import_key_set(ehr.get("/auth/jwks").json())
    token = jwt.decode(body["id_token"], keys, algorithms=["RS256"])
    assert attempt.returned["state"] == attempt.sent["state"]
    assert (body["patient"], body["encounter"]) == ("amber", "amber-1")
    assert (body["token_type"], body["need_patient_banner"]) == ("Bearer", True)
    assert 0 < body["expires_in"] <= 3600
    assert body["scope"].split() == APP_SCOPE.split()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert token.header["kid"] == ehr.get("/auth/jwks").json()["keys"][0]["kid"]
    assert token.claims["iss"] == f"{ehr.base}/auth"
    assert token.claims["aud"] == "test-app"
    assert token.claims["nonce"] == "n-1"
    assert token.claims["fhirUser"] == f"{ehr.iss}/Practitioner/sandbox-coder"
    assert token.claims["name"] == "Cody Ledger"
    assert token.claims["sub"] == "sandbox-coder"
    assert token.claims["iat"] <= time.time() < token.claims["exp"]


def test_fhir_user_can_be_read(ehr: Ehr) -> None:
    """The address in fhirUser is a Practitioner of this server."""
    found = ehr.fhir(ehr.launched()).get("Practitioner/sandbox-clinician")
    assert found.json()["name"][0]["family"] == "Nightshift"


def test_without_openid_there_is_no_id_token(ehr: Ehr) -> None:
    """No openid scope, no id_token, and no refresh token without online_access."""
    body = ehr.launched(scope="launch patient/Encounter.rs")
    assert sorted(body) == [
        "access_token",
        "encounter",
        "expires_in",
        "need_patient_banner",
        "patient",
        "scope",
        "smart_style_url",
        "token_type",
    ]


def test_fhir_user_claim_needs_its_scope(ehr: Ehr) -> None:
    """With openid alone the id_token leaves fhirUser out."""
    body = ehr.launched(scope="launch openid")
    claims = jwt.decode(body["id_token"], KeySet.import_key_set(ehr.get("/auth/jwks").json())).claims
    assert "fhirUser" not in claims


def test_patient_level_launch_has_no_encounter(ehr: Ehr) -> None:
    """A launch from the patient, not from an encounter, gives no encounter."""
    assert "encounter" not in ehr.launched("amber", None)


def test_unknown_scopes_are_dropped(ehr: Ehr) -> None:
    """The granted scope leaves out what the server doesn't know, letters out of order and unsupported types."""
    scope = "launch patient/Encounter.rs patient/Encounter.sr patient/Spaceship.rs profile patient/Encounter.readwrite"
    assert ehr.launched(scope=scope)["scope"] == "launch patient/Encounter.rs"


def test_authorize_takes_post(ehr: Ehr) -> None:
    """The same request as a form gives a code too."""
    attempt = ehr.authorize()
    answer = ehr.post("/auth/authorize", attempt.sent)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{REDIRECT}?code=")


@verifies("TS-01")
def test_launch_value_holds_a_plus_that_must_survive(ehr: Ehr) -> None:
    """An app that reads the + of launch as a space is sent back with an error."""
    launch = ehr.launch_value()
    mangled = ehr.authorize(launch=launch.replace("+", " ")).returned
    assert "+" in launch
    assert mangled["error"] == "invalid_request"
    assert "code" not in mangled


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aud": "http://localhost/other"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"launch": "made-up"}, "invalid_request"),
        ({"launch": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": '"'}, "unsupported_response_type"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "too-short"}, "invalid_request"),
    ],
)
def test_bad_request_goes_back_with_an_error(ehr: Ehr, changes: dict[str, str | None], error: str) -> None:
    """A request the server can't grant returns to the app with error and state, without a code."""
    attempt = ehr.authorize(**changes)
    assert attempt.returned["error"] == error
    assert attempt.returned["state"] == attempt.sent["state"]
    assert "code" not in attempt.returned


def test_trailing_slash_in_aud_is_another_audience(ehr: Ehr) -> None:
    """`aud` is compared to the letter."""
    assert ehr.authorize(aud=ehr.iss + "/").returned["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "stranger"},
        {"client_id": None},
        {"redirect_uri": "http://127.0.0.1:8000/callback/"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": None},
    ],
)
def test_unsafe_redirect_is_a_page_not_a_redirect(ehr: Ehr, changes: dict[str, str | None]) -> None:
    """An unknown app or address gets a page; nothing is sent anywhere."""
    answer = ehr.authorize(**changes).answer
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "Sandbox EHR: made-up patients" in answer.text


def test_repeated_parameter_is_refused(ehr: Ehr) -> None:
    """A parameter given twice is refused, not guessed at."""
    sent = [*ehr.authorize().sent.items(), ("redirect_uri", REDIRECT)]
    assert ehr.get("/auth/authorize", params=sent).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:8000/other"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"client_id": "stranger"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_bad_exchange_gives_no_token(ehr: Ehr, changes: dict[str, str | None], error: str) -> None:
    """A token request that doesn't fit its code is refused as OAuth says, and may not be stored."""
    answer = ehr.authorize().exchange(**changes)
    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == error
    assert answer.headers["Cache-Control"] == "no-store"


def test_failed_exchange_burns_the_code(ehr: Ehr) -> None:
    """A code that was tried with a wrong verifier is gone."""
    attempt = ehr.authorize()
    attempt.exchange(code_verifier="x" * 43)
    assert attempt.exchange().json()["error"] == "invalid_grant"


def test_second_use_of_a_code_takes_the_tokens_back(ehr: Ehr) -> None:
    """A replayed code is refused, and the access and refresh token it gave stop working."""
    attempt = ehr.authorize()
    first = attempt.exchange().json()
    assert ehr.fhir(first).get("Patient/amber").status_code == 200
    assert attempt.exchange().json()["error"] == "invalid_grant"
    assert ehr.fhir(first).get("Patient/amber").status_code == 401
    assert ehr.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"


def test_parameters_in_the_address_of_the_token_endpoint_do_not_count(ehr: Ehr) -> None:
    """A code in the query of a token request is not read."""
    attempt = ehr.authorize()
    answer = ehr.post(f"/auth/token?code={attempt.returned['code']}", {"grant_type": "authorization_code"})
    assert answer.json()["error"] == "invalid_client"


def test_token_request_must_be_a_form(ehr: Ehr) -> None:
    """JSON at the token endpoint is refused."""
    answer = ehr.post("/auth/token", json={"grant_type": "authorization_code"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_code_and_launch_expire(data: Path) -> None:
    """A code lives about a minute and a launch value ten, by the sandbox's clock."""
    now = [time.time()]
    with running_ehr(data, clock=lambda: now[0]) as ehr:
        attempt, launch = ehr.authorize(), ehr.launch_value()
        assert "code" in attempt.returned
        now[0] += 61
        assert attempt.exchange().json()["error"] == "invalid_grant"
        assert "code" in ehr.authorize(launch=launch).returned
        now[0] += 600
        assert ehr.authorize(launch=launch).returned["error"] == "invalid_request"
