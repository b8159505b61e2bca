"""Working without a person: one token, used until it is about to end, and asked for again when it is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from plugin.ehr.backend import BackendGrant, backend_client
from plugin.ehr.credentials import Credentials
from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.errors import EhrError, TokenRefused
from plugin.ehr.signing import make_signing_key
from plugin.ehr.tokens import TokenEndpoint
from plugin.store.launch_rows import Tokens
from plugin.store.signing_keys import SigningKey
from tests.unit.ehr.fakes import BASE, FakeEhr, answer, in_turn, tenant

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
CONFIGURATION = SmartConfiguration("https://ehr.example.org/authorize", "https://ehr.example.org/token")
KEY = make_signing_key("general", "ES384", NOW - timedelta(days=1))


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def granted(token: str, seconds: int = 300) -> object:
    """An answer of the token endpoint."""
    return answer({"access_token": token, "token_type": "Bearer", "expires_in": seconds})


def endpoint(ehr: FakeEhr, *keys: SigningKey) -> TokenEndpoint:
    """The token endpoint of a tenant with a registration for working without a person."""
    at = tenant(backend_client_id="night")
    return TokenEndpoint(ehr, at, CONFIGURATION, Credentials(keys_of=lambda _: keys))


def test_one_token_serves_many_requests_and_then_another() -> None:
    """Half a minute before its end the next one is asked for."""
    ehr = FakeEhr(in_turn(granted("t1"), answer({}), answer({}), granted("t2"), answer({})))
    clock = Clock()
    client = backend_client(endpoint(ehr, KEY), clock)
    client.get("Encounter/e1")
    client.get("Encounter/e2")
    clock.now += timedelta(seconds=271)
    later = backend_client(endpoint(ehr, KEY), clock)
    later.get("Encounter/e3")
    assert [(each.method, each.url, each.token) for each in ehr.sent] == [
        ("POST", "https://ehr.example.org/token", ""),
        ("GET", f"{BASE}/Encounter/e1", "t1"),
        ("GET", f"{BASE}/Encounter/e2", "t1"),
        ("POST", "https://ehr.example.org/token", ""),
        ("GET", f"{BASE}/Encounter/e3", "t2"),
    ]


def test_a_refused_token_is_replaced_once() -> None:
    """And the request goes again with the new one."""
    ehr = FakeEhr(in_turn(granted("t1"), answer(status=401), granted("t2"), answer({})))
    assert backend_client(endpoint(ehr, KEY), Clock()).get("Encounter/e1").status == 200
    assert [each.token for each in ehr.sent] == ["", "t1", "", "t2"]


def test_the_grant_asks_again_only_when_it_must() -> None:
    """Two threads that were refused with the same token get the same new one."""
    clock, asked = Clock(), []

    def ask() -> Tokens:
        asked.append(clock.now)
        return Tokens(f"t{len(asked)}", "", clock.now + timedelta(minutes=5))

    grant = BackendGrant(ask, clock)
    assert [grant.access_token(), grant.access_token()] == ["t1", "t1"]
    assert [grant.replace("t1"), grant.replace("t1")] == ["t2", "t2"]
    clock.now += timedelta(minutes=4, seconds=30)
    assert grant.access_token() == "t3"


def test_without_registration_or_key_it_says_what_is_missing() -> None:
    """And asks nothing."""
    ehr = FakeEhr(in_turn())
    with pytest.raises(EhrError, match="has no backend_client_id in the tenants file"):
        backend_client(TokenEndpoint(ehr, tenant(), CONFIGURATION), Clock())
    with pytest.raises(EhrError, match="infusion-charges keys rotate general"):
        backend_client(endpoint(ehr), Clock())
    assert ehr.sent == []


def test_a_refusal_is_told() -> None:
    """As an EHR's administrator would want to read it."""
    ehr = FakeEhr(in_turn(answer({"error": "invalid_scope"}, 400)))
    with pytest.raises(TokenRefused, match="invalid_scope"):
        backend_client(endpoint(ehr, KEY), Clock())
