"""Confidential clients with a secret, and what a token says about itself."""

from collections.abc import Iterator

import pytest
from requests.auth import HTTPBasicAuth

from plugin.sandbox.config import ClientSettings
from tests.smart.sandbox.ehr import REDIRECT, Ehr, running_ehr

RIGHT, WRONG = HTTPBasicAuth("secret-app", "s3cr+t"), HTTPBasicAuth("secret-app", "other")


@pytest.fixture(scope="module")
def secret_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """A sandbox whose app proves itself by a secret, beside a public one."""
    own = ClientSettings("secret-app", (REDIRECT,), "client_secret_basic", secret="s3cr+t")
    public = ClientSettings("public-app", (REDIRECT,))
    with running_ehr(tmp_path_factory.mktemp("secret"), clients=(own, public)) as ehr:
        ehr.client_id = "secret-app"
        yield ehr


def exchanged(ehr: Ehr, auth: HTTPBasicAuth | None, **changes: str | None):
    """The token endpoint's answer to a code."""
    attempt = ehr.authorize()
    given = {
        "grant_type": "authorization_code",
        "code": attempt.returned["code"],
        "redirect_uri": REDIRECT,
        "code_verifier": attempt.verifier,
        **changes,
    }
    return ehr.post("/auth/token", {name: value for name, value in given.items() if value}, auth=auth)


def test_the_secret_proves_the_app(secret_ehr: Ehr) -> None:
    """For the code and for the refresh."""
    token = exchanged(secret_ehr, RIGHT)
    again = {"grant_type": "refresh_token", "refresh_token": token.json()["refresh_token"]}

    assert (token.status_code, token.json()["patient"]) == (200, "amber")
    assert secret_ehr.post("/auth/token", again, auth=WRONG).status_code == 401
    assert secret_ehr.post("/auth/token", again, auth=RIGHT).status_code == 200


@pytest.mark.parametrize(
    ("auth", "changes"),
    [
        (WRONG, {}),
        (None, {"client_id": "secret-app"}),
        (None, {"client_id": "secret-app", "client_secret": "s3cr+t"}),
        (HTTPBasicAuth("public-app", "s3cr+t"), {}),
    ],
    ids=["another secret", "no secret", "in the form", "another app's name"],
)
def test_nothing_else_does(secret_ehr: Ehr, auth: HTTPBasicAuth | None, changes: dict[str, str]) -> None:
    """Neither the name alone nor the secret in another place."""
    answer = exchanged(secret_ehr, auth, **changes)

    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == "invalid_client"


def test_a_code_that_is_replayed_takes_its_tokens_down(secret_ehr: Ehr) -> None:
    """The second use is refused, and what the first one gave holds no longer."""
    attempt = secret_ehr.authorize()
    given = {
        "grant_type": "authorization_code",
        "code": attempt.returned["code"],
        "redirect_uri": REDIRECT,
        "code_verifier": attempt.verifier,
    }
    first = secret_ehr.post("/auth/token", given, auth=RIGHT)
    second = secret_ehr.post("/auth/token", given, auth=RIGHT)

    assert (first.status_code, second.json()["error"]) == (200, "invalid_grant")
    assert secret_ehr.fhir(first.json()).get("Patient/amber").status_code == 401


def introspected(ehr: Ehr, token: str, auth: HTTPBasicAuth):
    return ehr.post("/auth/introspect", {"token": token}, auth=auth)


def test_introspection_says_what_a_token_is_for(secret_ehr: Ehr) -> None:
    """Context, user and scope; a revoked, an unknown and a refresh token are not active."""
    token = exchanged(secret_ehr, RIGHT).json()
    said = introspected(secret_ehr, token["access_token"], RIGHT).json()

    assert (said["active"], said["patient"], said["encounter"]) == (True, "amber", "amber-1")
    assert said["scope"] == token["scope"]
    assert said["fhirUser"].endswith("/Practitioner/sandbox-clinician")
    secret_ehr.post("/auth/revoke", {"token": token["access_token"]}, auth=RIGHT)
    assert introspected(secret_ehr, token["access_token"], RIGHT).json() == {"active": False}
    assert introspected(secret_ehr, "unknown", RIGHT).json() == {"active": False}


def test_introspection_asks_who_asks(secret_ehr: Ehr) -> None:
    """A wrong secret is refused."""
    answer = introspected(secret_ehr, "unknown", WRONG)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
