"""How the app proves who it is: by a secret, by a signed assertion, and never by another tenant's."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import JWKRegistry

from plugin.ehr.credentials import Credentials
from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.errors import EhrError, TokenRefused
from plugin.ehr.signing import make_signing_key, public_keys, signing_key
from plugin.ehr.tokens import TokenEndpoint
from plugin.store.launch_rows import Tokens
from plugin.store.signing_keys import SigningKey
from tests.unit.ehr.fakes import FakeEhr, answer, in_turn, tenant
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENDPOINT = "https://ehr.example.org/token"
CONFIGURATION = SmartConfiguration("https://ehr.example.org/authorize", ENDPOINT, revocation_endpoint="https://e/r")
GRANTED = {"access_token": "at", "token_type": "Bearer", "expires_in": 300}
EC_KEY = make_signing_key("general", "ES384", NOW - timedelta(days=90))
RSA_KEY = make_signing_key("general", "RS384", NOW - timedelta(days=90))


def keyed(*keys: SigningKey) -> Credentials:
    """Credentials with these signing keys."""
    return Credentials(keys_of=lambda name: tuple(key for key in keys if key.tenant == name))


def basic(header: str) -> str:
    """What stands in a Basic header."""
    return base64.b64decode(header.removeprefix("Basic ")).decode()


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "expected"), [("form", "app%2F1:p%2Bs%2F+%25%3Ax%C3%A9"), ("raw", "app/1:p+s/ %:xé")]
)
def test_secret_goes_into_the_header_alone(encoding: str, expected: str) -> None:
    """Form-encoded before Base64 as RFC 6749 wants it, or as it is; and no client_id beside it."""
    ehr = FakeEhr(in_turn(answer(GRANTED)))
    at = tenant(auth="symmetric", client_id="app/1", basic_encoding=encoding)
    endpoint = TokenEndpoint(ehr, at, CONFIGURATION, Credentials({"general": "p+s/ %:xé"}))
    endpoint.refresh(Tokens("old", "rt", NOW), NOW)
    assert basic(ehr.sent[0].headers["Authorization"]) == expected
    assert ehr.sent[0].data == {"grant_type": "refresh_token", "refresh_token": "rt"}


@verifies("SEC-02")
def test_each_tenant_gets_its_own_secret_and_no_other() -> None:
    """A tenant without one is told so; nobody else's is taken instead."""
    known = Credentials({"general": "one", "city": "two"})
    for name, secret in (("general", "one"), ("city", "two")):
        proof = known.prove(tenant(key=name, auth="symmetric"), ENDPOINT, NOW)
        assert basic(proof.headers["Authorization"]) == f"app:{secret}"
    with pytest.raises(EhrError, match="set INFUSION_CHARGES_CLIENT_SECRET_COUNTY_CLINIC"):
        known.prove(tenant(key="county-clinic", auth="symmetric"), ENDPOINT, NOW)


@verifies("SEC-02")
def test_each_tenant_signs_with_its_own_key() -> None:
    """A key made for one EHR never signs for another."""
    with pytest.raises(EhrError, match="no signing key for city; run: infusion-charges keys rotate city"):
        keyed(EC_KEY).prove(tenant(key="city", auth="private_key_jwt"), ENDPOINT, NOW)


@pytest.mark.parametrize("auth", ["public", "symmetric", "private_key_jwt"])
def test_refused_client_is_told_where_to_look(auth: str) -> None:
    """The usual causes differ by how the app proves itself."""
    ehr = FakeEhr(in_turn(answer({"error": "invalid_client"}, 401)))
    known = Credentials({"general": "s"}, lambda _: (EC_KEY,))
    words = {"public": "public client", "symmetric": "basic_encoding", "private_key_jwt": "key set"}
    with pytest.raises(TokenRefused, match=words[auth]):
        TokenEndpoint(ehr, tenant(auth=auth), CONFIGURATION, known).refresh(Tokens("a", "r", NOW), NOW)


# --- assertions ----------------------------------------------------------------------------------


@verifies("SEC-08")
@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=lambda key: key.algorithm)
def test_assertion_is_what_smart_asks_for(key: SigningKey) -> None:
    """RS384 or ES384, kid and typ in the header, the token endpoint as audience, five minutes at most."""
    proof = keyed(key).prove(tenant(auth="private_key_jwt"), ENDPOINT, NOW)
    assert proof.headers == {}
    assert sorted(proof.form) == ["client_assertion", "client_assertion_type"]
    assert proof.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    public = JWKRegistry.import_key(public_keys([key], NOW)["keys"][0])
    token = jwt.decode(proof.form["client_assertion"], public, algorithms=[key.algorithm])
    assert token.header == {"alg": key.algorithm, "kid": key.kid, "typ": "JWT"}
    claims = token.claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("app", "app", ENDPOINT)
    assert claims["iat"] == NOW.timestamp()
    assert 60 <= claims["exp"] - NOW.timestamp() <= 300


@verifies("SEC-08")
def test_no_assertion_is_used_twice() -> None:
    """Each request has a jti of its own: code, refresh, and both revocations."""
    ehr = FakeEhr(in_turn(answer(GRANTED), answer(GRANTED), answer(), answer()))
    endpoint = TokenEndpoint(ehr, tenant(auth="private_key_jwt"), CONFIGURATION, keyed(EC_KEY))
    endpoint.exchange_code(code="c", verifier="v", redirect_uri="https://app/callback", now=NOW)
    endpoint.refresh(Tokens("a", "r", NOW), NOW)
    endpoint.revoke(Tokens("a", "r", NOW), NOW)
    public = JWKRegistry.import_key(public_keys([EC_KEY], NOW)["keys"][0])
    tokens = [jwt.decode(sent.data["client_assertion"], public, algorithms=["ES384"]) for sent in ehr.sent]
    assert len({token.claims["jti"] for token in tokens}) == 4
    assert {token.claims["aud"] for token in tokens} == {ENDPOINT}
    assert all("client_id" not in sent.data and "Authorization" not in sent.headers for sent in ehr.sent)


def test_backend_token_is_asked_for_with_the_backend_registration() -> None:
    """client_credentials, system scopes, and the client id registered for working without a person."""
    ehr = FakeEhr(in_turn(answer(GRANTED)))
    at = tenant(backend_client_id="night", backend_scopes="system/Encounter.rs")
    found = TokenEndpoint(ehr, at, CONFIGURATION, keyed(EC_KEY)).client_credentials(NOW)
    assert found.tokens.access == "at"
    sent = dict(ehr.sent[0].data)
    public = JWKRegistry.import_key(public_keys([EC_KEY], NOW)["keys"][0])
    assert jwt.decode(sent.pop("client_assertion"), public, algorithms=["ES384"]).claims["sub"] == "night"
    del sent["client_assertion_type"]
    assert sent == {"grant_type": "client_credentials", "scope": "system/Encounter.rs"}


# --- keys ----------------------------------------------------------------------------------------


@verifies("SEC-09")
@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=lambda key: key.algorithm)
def test_only_public_members_are_published(key: SigningKey) -> None:
    """Nothing of the private half, by name or by value."""
    (shown,) = public_keys([key], NOW)["keys"]
    private = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    assert private & set(key.private) != set()
    assert private & set(shown) == set()
    assert (shown["kid"], shown["alg"], shown["use"]) == (key.kid, key.algorithm, "sig")
    assert not any(key.private[name] in shown.values() for name in private & set(key.private))


@verifies("SEC-09")
def test_the_old_key_stays_while_the_new_one_takes_over() -> None:
    """Published a day before it signs; the old one signs until then, and is published for an hour more."""
    takes_over = NOW + timedelta(days=1)
    fresh = make_signing_key("general", "ES384", takes_over)
    both = (fresh, EC_KEY)

    def at(moment: datetime) -> tuple[str, list[str]]:
        kids = [shown["kid"] for shown in public_keys(both, moment)["keys"]]
        return signing_key(both, "general", moment).kid, kids

    assert at(NOW) == (EC_KEY.kid, [EC_KEY.kid, fresh.kid])
    assert at(takes_over) == (fresh.kid, [EC_KEY.kid, fresh.kid])
    assert at(takes_over + timedelta(minutes=59)) == (fresh.kid, [EC_KEY.kid, fresh.kid])
    assert at(takes_over + timedelta(hours=1)) == (fresh.kid, [fresh.kid])


def test_no_printed_credential_shows_a_secret() -> None:
    """A traceback or a debugger's line holds none of them."""
    known = Credentials({"general": "SECRET-1"}, lambda _: (EC_KEY,))
    shown = repr(known) + repr(EC_KEY) + repr(known.prove(tenant(auth="symmetric"), ENDPOINT, NOW))
    assert "SECRET-1" not in shown
    assert EC_KEY.private["d"] not in shown
