"""Confidential clients with private_key_jwt, as SMART wants it and Authlib alone doesn't do it."""

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from plugin.sandbox.config import ClientSettings
from tests.smart.sandbox.ehr import REDIRECT, Ehr, running_ehr

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
EC = ECKey.generate_key("P-384", {"kid": "ec-1", "use": "sig"})
KEYS: dict[str, Any] = {"RS384": RSA, "RS256": RSA, "RS512": RSA, "ES384": EC}


@pytest.fixture(scope="module")
def keyed_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """A sandbox whose app proves itself by a key."""
    jwks: Any = KeySet([RSA, EC]).as_dict(private=False)
    client = ClientSettings("keyed-app", (REDIRECT,), "private_key_jwt", jwks)
    with running_ehr(tmp_path_factory.mktemp("keyed"), clients=(client,)) as ehr:
        ehr.client_id = "keyed-app"
        yield ehr


def assertion(ehr: Ehr, algorithm: str = "RS384", seconds: int = 290, **claims: Any) -> dict[str, str | None]:
    """The form fields of a client assertion, without a client_id beside it."""
    now = int(time.time())
    given = {
        "iss": "keyed-app",
        "sub": "keyed-app",
        "aud": f"{ehr.base}/auth/token",
        "exp": now + seconds,
        "iat": now,
        "jti": secrets.token_hex(12),
    }
    key = KEYS[algorithm]
    made = {name: value for name, value in {**given, **claims}.items() if value is not None}
    text = jwt.encode({"alg": algorithm, "kid": key.kid, "typ": "JWT"}, made, key, [algorithm])
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text, "client_id": None}


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_the_two_algorithms_of_smart_are_taken(keyed_ehr: Ehr, algorithm: str) -> None:
    """RS384 and ES384 prove the client, for the code and for the refresh."""
    token = keyed_ehr.authorize().exchange(**assertion(keyed_ehr, algorithm))
    assert token.status_code == 200, token.text
    again = keyed_ehr.refresh(token.json()["refresh_token"], **assertion(keyed_ehr, algorithm))
    assert again.status_code == 200, again.text


@pytest.mark.parametrize("algorithm", ["RS256", "RS512"])
def test_other_algorithms_are_refused(keyed_ehr: Ehr, algorithm: str) -> None:
    """RS256, which Authlib takes by default, and RS512 don't prove anything here."""
    answer = keyed_ehr.authorize().exchange(**assertion(keyed_ehr, algorithm))
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"seconds": 360},
        {"seconds": 86400},
        {"seconds": -120},
        {"exp": None},
        {"jti": None},
        {"aud": "http://localhost/elsewhere"},
        {"aud": None},
        {"iss": "somebody-else"},
        {"sub": "somebody-else"},
        {"sub": None},
    ],
)
def test_bad_claims_are_refused(keyed_ehr: Ehr, changes: dict[str, Any]) -> None:
    """An exp over 300 seconds ahead, or gone by, and missing or wrong claims are refused."""
    answer = keyed_ehr.authorize().exchange(**assertion(keyed_ehr, **changes))
    assert answer.json()["error"] == "invalid_client"


def test_replayed_assertion_is_refused(keyed_ehr: Ehr) -> None:
    """A jti works once, also for another code."""
    fields = assertion(keyed_ehr)
    assert keyed_ehr.authorize().exchange(**fields).status_code == 200
    assert keyed_ehr.authorize().exchange(**fields).json()["error"] == "invalid_client"


def test_foreign_key_is_refused(keyed_ehr: Ehr) -> None:
    """A signature by a key that isn't registered, under a registered kid, is refused."""
    other = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    claims = {
        "iss": "keyed-app",
        "sub": "keyed-app",
        "aud": f"{keyed_ehr.base}/auth/token",
        "exp": int(time.time()) + 60,
        "jti": "forged",
    }
    text = jwt.encode({"alg": "RS384", "kid": "rsa-1"}, claims, other, ["RS384"])
    fields = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text, "client_id": None}
    assert keyed_ehr.authorize().exchange(**fields).json()["error"] == "invalid_client"


def test_confidential_client_must_prove_itself(keyed_ehr: Ehr) -> None:
    """The client_id alone is not enough for a client registered with a key."""
    assert keyed_ehr.authorize().exchange().json()["error"] == "invalid_client"


def test_pkce_is_asked_of_confidential_clients_too(keyed_ehr: Ehr) -> None:
    """Authlib would let a client with a key pass without PKCE; here it needs challenge and verifier."""
    no_challenge = keyed_ehr.authorize(code_challenge=None, code_challenge_method=None)
    no_verifier = keyed_ehr.authorize().exchange(**assertion(keyed_ehr), code_verifier=None)
    assert no_challenge.returned["error"] == "invalid_request"
    assert no_verifier.json()["error"] == "invalid_request"


def test_rubbish_assertion_is_refused(keyed_ehr: Ehr) -> None:
    """Text that is no JWT gives invalid_client, not a failure of the server."""
    fields = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": "rubbish", "client_id": None}
    answer = keyed_ehr.authorize().exchange(**fields)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
