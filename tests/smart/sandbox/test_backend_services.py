"""SMART Backend Services at the sandbox: a service's own token, and the bulk export it is good for."""

import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from plugin.sandbox.config import ClientSettings
from tests.smart.sandbox.ehr import REDIRECT, Ehr, Fhir, running_ehr

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
EC = ECKey.generate_key("P-384", {"kid": "ec-1", "use": "sig"})
KEYS: dict[str, Any] = {"RS384": RSA, "RS256": RSA, "ES384": EC}
JWKS: Any = KeySet([RSA, EC]).as_dict(private=False)
NIGHT = ClientSettings("night", auth_method="private_key_jwt", jwks=JWKS, service=True)
KEYED = ClientSettings("keyed-app", (REDIRECT,), "private_key_jwt", JWKS)
SECRETIVE = ClientSettings("secret-app", (REDIRECT,), "client_secret_basic", secret="s3cret")


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def hands() -> Hands:
    """The sandbox's clock."""
    return Hands()


@pytest.fixture
def ehr(data: Any, hands: Hands) -> Iterator[Ehr]:
    """A sandbox with a service, and apps of every other kind."""
    clients = (ClientSettings("test-app", (REDIRECT,)), NIGHT, KEYED, SECRETIVE)
    with running_ehr(data, clients=clients, clock=hands, export_seconds=30) as running:
        yield running


def ask(
    ehr: Ehr, scope: str | None = "system/*.rs", client: str = "night", algorithm: str = "RS384", **claims: Any
) -> requests.Response:
    """Ask for a token as a service does."""
    now = int(time.time())
    usual = {"iss": client, "sub": client, "aud": f"{ehr.base}/auth/token", "exp": now + 290}
    key = KEYS[algorithm]
    made = {**usual, "jti": secrets.token_hex(12), **claims}
    assertion = jwt.encode({"alg": algorithm, "kid": key.kid, "typ": "JWT"}, made, key, [algorithm])
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    named = {"scope": scope} if scope is not None else {}
    return ehr.post("/auth/token", {"grant_type": "client_credentials", **form, **named})


def service(ehr: Ehr, scope: str = "system/*.rs") -> Fhir:
    """The FHIR endpoint with a service's token."""
    return ehr.fhir(ask(ehr, scope).json())


def test_discovery_offers_the_grant(ehr: Ehr) -> None:
    """With the algorithms, the way of proving oneself, and scopes of the system."""
    found = ehr.get("/fhir/.well-known/smart-configuration").json()
    assert "client_credentials" in found["grant_types_supported"]
    assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"]
    assert {"RS384", "ES384"} == set(found["token_endpoint_auth_signing_alg_values_supported"])
    assert "system/MedicationAdministration.rs" in found["scopes_supported"]


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_service_gets_a_token_of_five_minutes_and_no_refresh(ehr: Ehr, algorithm: str) -> None:
    """No patient, no id_token: nobody is there."""
    answer = ask(ehr, algorithm=algorithm)
    body = answer.json()
    assert (answer.status_code, body.pop("access_token") != "") == (200, True)
    assert body == {"token_type": "Bearer", "expires_in": 300, "scope": "system/*.rs"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("system/Encounter.rs", "system/Encounter.rs"),
        ("system/Encounter.read system/*.read", "system/Encounter.read system/*.read"),
        ("system/Encounter.rs user/Patient.rs openid launch", "system/Encounter.rs"),
        ("system/Encounter.r system/ChargeItem.cruds system/ChargeItem.write", "system/Encounter.r"),
        ("system/Unheard.rs system/Patient.s", "system/Patient.s"),
    ],
)
def test_it_is_granted_reading_of_the_system_and_nothing_else(ehr: Ehr, scope: str, granted: str) -> None:
    """Both versions of scopes; what is for people, for writing, or unknown is dropped."""
    assert ask(ehr, scope).json()["scope"] == granted


@pytest.mark.parametrize("scope", [None, "", "user/Encounter.rs openid", "system/ChargeItem.c", "system/Encounter.*"])
def test_where_nothing_can_be_granted_it_is_told(ehr: Ehr, scope: str | None) -> None:
    """An error instead of a token that is good for nothing."""
    assert (ask(ehr, scope).status_code, ask(ehr, scope).json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    "claims",
    [
        {"algorithm": "RS256"},
        {"exp": int(time.time()) + 86_400},
        {"exp": 1},
        {"aud": "http://localhost/elsewhere"},
        {"iss": "somebody-else"},
        {"sub": "nobody", "iss": "nobody"},
    ],
)
def test_an_assertion_that_proves_nothing_is_refused(ehr: Ehr, claims: dict[str, Any]) -> None:
    """RS256, a long life, one gone by, another audience, another name."""
    assert ask(ehr, **claims).json()["error"] == "invalid_client"


def test_an_assertion_works_once(ehr: Ehr) -> None:
    """Somebody who saw it can do nothing with it."""
    assert ask(ehr, jti="the-same").status_code == 200
    assert ask(ehr, jti="the-same").json()["error"] == "invalid_client"


def test_only_a_service_may_ask_and_only_by_its_key(ehr: Ehr) -> None:
    """An app of people is refused whatever it proves, and a secret or a name proves no service."""
    form = {"grant_type": "client_credentials", "scope": "system/*.rs"}
    assert ask(ehr, client="keyed-app").json()["error"] == "unauthorized_client"
    assert ehr.post("/auth/token", {**form, "client_id": "test-app"}).json()["error"] == "invalid_client"
    assert ehr.post("/auth/token", {**form, "client_id": "night"}).json()["error"] == "invalid_client"
    assert ehr.post("/auth/token", form, auth=("secret-app", "s3cret")).json()["error"] == "invalid_client"


def test_a_service_launches_nothing(ehr: Ehr) -> None:
    """It has no address to be sent to, and a registration that gives it one is refused."""
    assert ehr.authorize(client_id="night").answer.status_code == 400
    body = {"client_id": "odd", "service": True, "auth_method": "private_key_jwt", "jwks": JWKS}
    assert requests.post(f"{ehr.base}/sandbox/clients", json=body, timeout=10).status_code == 200
    odd = requests.post(f"{ehr.base}/sandbox/clients", json={**body, "redirect_uris": [REDIRECT]}, timeout=10)
    assert (odd.status_code, "no redirect_uris" in odd.text) == (400, True)


def test_people_get_no_scope_of_the_system(ehr: Ehr) -> None:
    """It is dropped from a launch."""
    granted = ehr.launched(scope="launch patient/Patient.rs system/*.rs")["scope"]
    assert granted == "launch patient/Patient.rs"


def test_its_token_reads_every_patient_writes_nothing_and_ends(ehr: Ehr, hands: Hands) -> None:
    """Within its scopes alone; after five minutes it has to ask again."""
    night = service(ehr, "system/Encounter.rs system/ChargeItem.rs")
    assert {"amber-1", "birch-1"} <= set(night.ids("Encounter"))
    assert night.get("Patient/amber").status_code == 403
    assert night.write("POST", "ChargeItem", "{}").status_code == 403
    hands.ahead = 301
    assert night.get("Encounter/amber-1").status_code == 401


def test_introspection_names_the_service_and_no_person(ehr: Ehr) -> None:
    """The subject is the app; there is no fhirUser."""
    token = ask(ehr).json()["access_token"]
    now = int(time.time())
    claims = {"iss": "night", "sub": "night", "aud": f"{ehr.base}/auth/token", "exp": now + 60, "jti": "look"}
    assertion = jwt.encode({"alg": "ES384", "kid": "ec-1"}, claims, EC, ["ES384"])
    form = {"token": token, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    told = ehr.post("/auth/introspect", form).json()
    assert (told["active"], told["sub"], told["scope"]) == (True, "night", "system/*.rs")
    assert "fhirUser" not in told


ASYNC = {"Prefer": "respond-async"}


def begun(night: Fhir, query: str = "", prefer: dict[str, str] = ASYNC) -> str:
    """Kick off an export; the address to ask."""
    answer = night.get(f"$export{query}", prefer)
    assert (answer.status_code, answer.text) == (202, "")
    return answer.headers["Content-Location"]


def test_an_export_is_made_waited_for_and_brought(ehr: Ehr, hands: Hands) -> None:
    """202 with Retry-After and progress, then the list of files; every line is a resource of its file's type."""
    night = service(ehr)
    where = begun(night, "?_type=Encounter,Patient")
    waiting = night.get(where, {"Accept": "application/json"})
    assert (waiting.status_code, waiting.headers["X-Progress"]) == (202, "being made")
    assert 1 <= int(waiting.headers["Retry-After"]) <= 30
    hands.ahead = 30
    found = night.get(where, {"Accept": "application/json"}).json()
    assert (found["requiresAccessToken"], found["error"]) == (True, [])
    assert [each["type"] for each in found["output"]] == ["Patient", "Encounter"]
    for each in found["output"]:
        lines = [json.loads(line) for line in night.get(each["url"], {"Accept": "*/*"}).text.splitlines()]
        assert ({line["resourceType"] for line in lines}, len(lines)) == ({each["type"]}, each["count"])


def test_an_export_holds_what_the_scopes_cover(ehr: Ehr, hands: Hands) -> None:
    """The rest is left out, as the standard says."""
    night = service(ehr, "system/Patient.rs system/Condition.s")
    where = begun(night)
    hands.ahead = 30
    assert {each["type"] for each in night.get(where).json()["output"]} == {"Patient"}


def test_one_export_at_a_time(ehr: Ehr, hands: Hands) -> None:
    """429 says when to come again; afterwards there is room."""
    night = service(ehr)
    begun(night)
    refused = night.get("$export", ASYNC)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    hands.ahead = 31
    begun(night)


def test_an_export_since_a_moment_and_of_a_group(ehr: Ehr, hands: Hands) -> None:
    """Nothing changed since tomorrow; everybody is in the one group there is."""
    night = service(ehr)
    where = begun(night, "?_since=2999-01-01T00:00:00Z")
    hands.ahead = 30
    assert night.get(where).json()["output"] == []
    assert night.get("Group/everyone/$export", ASYNC).status_code == 202
    assert night.get("Group/others/$export", ASYNC).status_code == 404


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        ("?_type=Unheard", ASYNC),
        ("?_typeFilter=Encounter%3Fdate%3D2026", ASYNC),
        ("?_outputFormat=csv", ASYNC),
        ("?_since=yesterday", ASYNC),
    ],
)
def test_a_kick_off_that_cannot_be_done_is_refused(ehr: Ehr, query: str, headers: dict[str, str]) -> None:
    """An OperationOutcome says why."""
    answer = service(ehr).get(f"$export{query}", headers)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


def test_a_lenient_client_gets_what_there_is(ehr: Ehr, hands: Hands) -> None:
    """As the standard lets it ask for."""
    night = service(ehr)
    where = begun(night, "?_type=Unheard,Patient", {"Prefer": "respond-async, handling=lenient"})
    hands.ahead = 30
    assert [each["type"] for each in night.get(where).json()["output"]] == ["Patient"]


def test_an_export_is_for_services_and_for_its_own(ehr: Ehr, hands: Hands) -> None:
    """A person's token begins none; another service and a stranger see nothing of it; thrown away it is gone."""
    person = ehr.fhir(ehr.launched())
    assert person.get("$export", ASYNC).status_code == 403
    assert ehr.get("/fhir/$export", headers=ASYNC).status_code == 401
    body = {"client_id": "other", "service": True, "auth_method": "private_key_jwt", "jwks": JWKS}
    requests.post(f"{ehr.base}/sandbox/clients", json=body, timeout=10)
    other = ehr.fhir(ask(ehr, client="other").json())
    night = service(ehr)
    where = begun(night)
    assert other.get(where).status_code == 404
    hands.ahead = 30
    address = night.get(where).json()["output"][0]["url"]
    assert (night.get(address, {"Accept": "*/*"}).status_code, other.get(address).status_code) == (200, 404)
    assert (night.send("DELETE", where).status_code, night.get(where).status_code) == (202, 404)
    assert night.get(address).status_code == 404
