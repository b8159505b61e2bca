"""The authorization request: every parameter, and `launch` to the byte."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from plugin.domain.replacing import replace
from plugin.ehr.authorize import (
    LaunchRequest,
    authorization_address,
    code_challenge,
    read_raw_parameter,
    requested_scopes,
)
from plugin.ehr.discovery import SmartConfiguration
from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from plugin.store.launches import LaunchStore
from tests.unit.ehr.fakes import tenant
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONFIGURATION = SmartConfiguration("https://ehr.example.org/auth?realm=x", "https://ehr.example.org/token")


@pytest.fixture
def launches(sqlite_url: str):
    """An empty launch store."""
    store = open_store(sqlite_url, [make_key()])
    yield LaunchStore(store)
    store.close()


def address_for(launches: LaunchStore, launch: str = "", iss: str = "https://EHR.example.org/fhir/") -> str:
    """The address for a launch."""
    asked = LaunchRequest(tenant(scopes="openid fhirUser patient/Encounter.rs", write="off"), iss, launch)
    return authorization_address(asked, CONFIGURATION, launches, "browser", "https://app.example/callback", NOW)


@verifies("SEC-04", "SEC-06")
def test_parameters_of_an_ehr_launch(launches: LaunchStore) -> None:
    """Code flow, S256, `aud` exactly as received, scope `launch`, and a state that leads back to all of it."""
    sent = dict(parse_qsl(urlsplit(address_for(launches, "abc")).query))
    pending = launches.pending.take(sent["state"], "browser", NOW)
    assert sent == {
        "realm": "x",
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": "https://app.example/callback",
        "scope": "launch openid fhirUser patient/Encounter.rs",
        "state": sent["state"],
        "aud": "https://EHR.example.org/fhir/",
        "nonce": pending.nonce,
        "code_challenge": code_challenge(pending.code_verifier),
        "code_challenge_method": "S256",
        "launch": "abc",
    }


def test_standalone_asks_for_context_and_sends_no_launch(launches: LaunchStore) -> None:
    """Without a launch value the EHR is asked for patient and encounter."""
    sent = parse_qs(urlsplit(address_for(launches)).query)
    assert "launch" not in sent
    assert sent["scope"] == ["launch/encounter launch/patient openid fhirUser patient/Encounter.rs"]


def test_a_tenants_own_launch_scopes_do_not_mix_in() -> None:
    """Whether `launch` is asked depends on the launch, not on what the file says."""
    asked = LaunchRequest(tenant(scopes="launch launch/patient openid", write="off"), "x", "y")
    assert requested_scopes(asked, CONFIGURATION) == "launch openid"


@verifies("SEC-05")
@pytest.mark.parametrize("raw", [b"a+b", b"a%2Bb", b"a%20b", b"%C3%A9%2F%26%3D", b"%FF%FE", b"a/b~c-d_e.f"])
def test_launch_is_echoed_to_the_byte(launches: LaunchStore, raw: bytes) -> None:
    """Whatever bytes came, the EHR decodes the same bytes: a plus sign stays a plus sign."""
    value = read_raw_parameter(b"iss=x&launch=" + raw, "launch")
    assert value is not None
    query = urlsplit(address_for(launches, value)).query.encode()
    assert read_raw_parameter(query, "launch") == value
    assert b"+" not in query.split(b"launch=")[-1]


def test_every_launch_has_its_own_secrets(launches: LaunchStore) -> None:
    """State, nonce and challenge are never used twice."""
    queries = [dict(parse_qsl(urlsplit(address_for(launches, "abc")).query)) for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({query[name] for query in queries}) == 3


def test_challenge_of_the_specification() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("syntax", "capabilities", "older"),
    [
        ("auto", set(), False),
        ("auto", {"permission-v1"}, True),
        ("auto", {"permission-v1", "permission-v2"}, False),
        ("v1", {"permission-v2"}, True),
        ("v2", {"permission-v1"}, False),
    ],
)
def test_scopes_in_the_syntax_the_ehr_takes(syntax: str, capabilities: set[str], older: bool) -> None:
    """By the tenant's word, else by what the EHR announces; the letters become words, launch and openid stay."""
    asked = LaunchRequest(tenant(scope_syntax=syntax, scopes="openid patient/Condition.rs", write="off"), "i", "x")
    announced = replace(CONFIGURATION, capabilities=frozenset(capabilities))
    expected = "launch openid patient/Condition.read" if older else "launch openid patient/Condition.rs"
    assert requested_scopes(asked, announced) == expected


def test_staff_without_a_patient_ask_who_they_are_and_nothing_else() -> None:
    """No chart, no context."""
    assert requested_scopes(LaunchRequest(tenant(), "i", staff=True), CONFIGURATION) == "openid fhirUser"
