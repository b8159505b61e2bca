"""The id_token: every check of it, and who comes out."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.errors import IdentityRefused
from plugin.ehr.identity import Identity, KeySets, verify_identity
from plugin.ehr.tenants import Tenant
from tests.unit.ehr.fakes import BASE, FakeEhr, answer, in_turn, tenant
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://ehr.example.org/auth"
CONFIGURATION = SmartConfiguration("https://e/a", "https://e/t", issuer=ISSUER, jwks_uri="https://ehr.example.org/jwks")
RSA = RSAKey.generate_key(2048, {"kid": "r1"})
OTHER = RSAKey.generate_key(2048, {"kid": "r1"})
EC = ECKey.generate_key("P-384", {"kid": "e1"})
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "app",
    "sub": "u1",
    "exp": SECONDS + 300,
    "iat": SECONDS,
    "nonce": "n1",
    "fhirUser": f"{BASE}/Practitioner/p1",
}


def jwks(*keys: Any) -> dict[str, Any]:
    """A public key set."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


def signed(key: Any = RSA, alg: str = "RS256", kid: str | None = None, **changes: Any) -> str:
    """An id_token with changed claims; a claim changed to None is left out."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    header = {"alg": alg, **({"kid": kid or key.kid} if kid != "" else {})}
    return jwt.encode(header, claims, key, algorithms=[alg])


def verified(token: str, of: Tenant | None = None, *key_sets: dict[str, Any]) -> Identity:
    """Verify against these key sets, served one after the other."""
    ehr = FakeEhr(in_turn(*[answer(keys) for keys in key_sets or [jwks(RSA, EC)]]))
    return verify_identity(token, of or tenant(), CONFIGURATION, KeySets(ehr), "n1", NOW)


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (RSA, "RS384"), (EC, "ES384")])
def test_good_token_names_the_person(key: Any, alg: str) -> None:
    """The fhirUser comes out relative, with the tenant's role."""
    roles = {"Practitioner/p1": "coder"}
    assert verified(signed(key, alg, name="Ann"), tenant(roles=roles)) == Identity("Practitioner/p1", "Ann", "coder")


@verifies("SEC-07")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"iss": BASE}, "another issuer"),
        ({"aud": "other"}, "another app"),
        ({"aud": ["other"]}, "another app"),
        ({"aud": ["app", "other"]}, "issued to another app"),
        ({"aud": ["app", "other"], "azp": "other"}, "issued to another app"),
        ({"azp": "other"}, "issued to another app"),
        ({"exp": SECONDS - 91}, "expired"),
        ({"exp": None}, "no exp"),
        ({"exp": "tomorrow"}, "no exp"),
        ({"iat": SECONDS + 91}, "in the future"),
        ({"iat": None}, "no iat"),
        ({"sub": None}, "no subject"),
        ({"nonce": "n2"}, "another request"),
    ],
)
def test_wrong_claims_are_refused(changes: dict[str, Any], told: str) -> None:
    """Each claim is checked, and the error says which."""
    with pytest.raises(IdentityRefused, match=told):
        verified(signed(**changes))


def test_skew_within_limits_passes() -> None:
    """Clocks may differ by a minute and a half."""
    assert verified(signed(exp=SECONDS - 60, iat=SECONDS + 60)).user == "Practitioner/p1"


def test_several_audiences_pass_when_issued_to_us() -> None:
    """With more than one audience `azp` decides."""
    assert verified(signed(aud=["app", "other"], azp="app")).user == "Practitioner/p1"


@verifies("SEC-07")
def test_forged_signature_is_refused() -> None:
    """The same kid with another key doesn't pass."""
    with pytest.raises(IdentityRefused, match="signature"):
        verified(signed(OTHER))


def encoded(value: bytes) -> bytes:
    """Base64url without padding, as in a JWT."""
    return base64.urlsafe_b64encode(value).rstrip(b"=")


@verifies("SEC-07")
@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_weak_algorithms_are_refused(alg: str) -> None:
    """Neither unsigned tokens nor a shared secret, even one made of the public key."""
    head = encoded(json.dumps({"alg": alg, "kid": "r1"}).encode())
    signed_part = head + b"." + encoded(json.dumps(CLAIMS).encode())
    mac = hmac.new(RSA.as_pem(private=False), signed_part, hashlib.sha256).digest()
    token = signed_part + b"." + (encoded(mac) if alg == "HS256" else b"")
    with pytest.raises(IdentityRefused, match="algorithm"):
        verified(token.decode())


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "....", "é.é.é"])
def test_garbage_is_refused(token: str) -> None:
    """What is no JWT is said to be none."""
    with pytest.raises(IdentityRefused):
        verified(token)


def test_unknown_kid_fetches_the_keys_once_more() -> None:
    """After a rotation the new key is found; a kid nobody knows costs one request and is refused."""
    fresh = RSAKey.generate_key(2048, {"kid": "r2"})
    ehr = FakeEhr(in_turn(answer(jwks(RSA)), answer(jwks(RSA, fresh)), answer(jwks(RSA, fresh))))
    keys = KeySets(ehr)
    for token in (signed(), signed(), signed(fresh)):
        assert verify_identity(token, tenant(), CONFIGURATION, keys, "n1", NOW).user == "Practitioner/p1"
    assert len(ehr.sent) == 2
    with pytest.raises(IdentityRefused):
        verify_identity(signed(kid="r9"), tenant(), CONFIGURATION, keys, "n1", NOW)
    assert len(ehr.sent) == 3


def test_token_without_kid_is_tried_with_each_key() -> None:
    """The header may leave the kid out."""
    assert verified(signed(kid=""), None, jwks(OTHER, EC, RSA)).user == "Practitioner/p1"


def test_odd_keys_do_not_spoil_the_set() -> None:
    """Keys of unknown kinds are passed over."""
    odd = [{"kty": "XX"}, "x", {"kty": "RSA"}, {"kty": "oct", "k": "AA"}]
    assert verified(signed(), None, {"keys": [*odd, RSA.as_dict(private=False)]}).user == "Practitioner/p1"


@verifies("SEC-07")
def test_expected_issuer_of_the_tenant_wins() -> None:
    """A pinned issuer is believed over the discovery document."""
    with pytest.raises(IdentityRefused, match="issuer"):
        verified(signed(), tenant(issuer="https://login.example.net"))
    assert verified(signed(iss="https://login.example.net"), tenant(issuer="https://login.example.net")).user


def test_missing_nonce_passes_only_where_lenient() -> None:
    """Some servers echo none; PKCE has bound the code already."""
    assert verified(signed(nonce=None)).user == "Practitioner/p1"
    with pytest.raises(IdentityRefused, match="another request"):
        verified(signed(nonce=None), tenant(nonce="required"))


@pytest.mark.parametrize(
    ("fhir_user", "expected"),
    [
        ("Practitioner/p1", "Practitioner/p1"),
        (f"{BASE}/PractitionerRole/r-1", "PractitionerRole/r-1"),
        ("https://EHR.example.org:443/fhir/Person/x", "Person/x"),
        ("https://other.example.org/fhir/Practitioner/p1", ""),
        (f"{BASE}.evil.example/Practitioner/p1", ""),
        ("Device/d1", ""),
        ("Practitioner/../Patient/x", ""),
        ("Practitioner/", ""),
        (5, ""),
        (None, ""),
    ],
)
def test_fhir_user_only_from_this_server(fhir_user: Any, expected: str) -> None:
    """Absolute or relative, but of this FHIR base and of a kind that can be a user."""
    assert verified(signed(fhirUser=fhir_user)).user == expected


@verifies("SEC-07")
@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/p1"])
def test_patients_and_relatives_never_have_a_role(user: str) -> None:
    """They may read; a claim that would give a role to staff gives them none."""
    found = verified(signed(fhirUser=user, dept="inf"), tenant(roles={"claim:dept=inf": "coder"}))
    assert (found.user, found.role) == (user, "")


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"dept": "inf"}, "clinician"),
        ({"dept": ["x", "inf"]}, "clinician"),
        ({"dept": "infusion"}, ""),
        ({}, ""),
        ({"fhirUser": None, "dept": "inf"}, ""),
        ({"fhirUser": "Practitioner/boss", "dept": "inf"}, "lead"),
    ],
)
def test_role_by_person_then_by_claim(claims: dict[str, Any], role: str) -> None:
    """The person's own entry wins; without a fhirUser there is no role at all."""
    roles = {"claim:dept=inf": "clinician", "Practitioner/boss": "lead"}
    assert verified(signed(**claims), tenant(roles=roles)).role == role
