"""Discovery: appended to the path, JSON by content, hosts pinned, last good kept."""

from typing import Any

import pytest

from plugin.ehr.discovery import CACHE_SECONDS, Discovery
from plugin.ehr.errors import DiscoveryFailed, Unreachable
from plugin.ehr.transport import Answer
from tests.unit.ehr.fakes import BASE, FakeEhr, answer, in_turn, tenant

GOOD: dict[str, Any] = {
    "authorization_endpoint": "https://ehr.example.org/authorize",
    "token_endpoint": "https://ehr.example.org/token",
    "issuer": "https://ehr.example.org",
    "jwks_uri": "https://ehr.example.org/jwks",
    "code_challenge_methods_supported": ["S256", 7],
    "capabilities": "not a list",
}


def text_answer(text: str) -> Answer:
    """An answer whose content type says HTML."""
    return answer(text)


def test_reads_the_configuration_below_the_base() -> None:
    """The well-known path is appended to the FHIR base, and JSON is asked for."""
    ehr = FakeEhr(in_turn(answer(GOOD)))
    found = Discovery(ehr).of(tenant())
    assert ehr.sent[0].url == f"{BASE}/.well-known/smart-configuration"
    assert ehr.sent[0].headers["Accept"] == "application/json"
    assert found.token_endpoint == "https://ehr.example.org/token"
    assert (found.pkce_methods, found.capabilities) == (frozenset({"S256"}), frozenset())


def test_json_is_json_whatever_the_content_type() -> None:
    """Some servers label it text/html."""
    body = '{"authorization_endpoint": "/a", "token_endpoint": "t"}'
    found = Discovery(FakeEhr(in_turn(text_answer(body)))).of(tenant())
    assert found.authorization_endpoint == "https://ehr.example.org/a"
    assert found.token_endpoint == f"{BASE}/t"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (answer("<html>Not here</html>"), "is not JSON"),
        (answer(GOOD, 404), "status 404"),
        (answer(GOOD, 302, Location="https://evil.example/"), "status 302"),
        (answer([1]), "holds no JSON object"),
        (answer({}), "names no authorization_endpoint"),
        (answer({**GOOD, "token_endpoint": "https://evil.example/token"}), "evil.example, which is not allowed"),
        (answer({**GOOD, "token_endpoint": "http://ehr.example.org/token"}), "http is allowed on loopback only"),
        (answer({**GOOD, "jwks_uri": "https://169.254.169.254/x"}), "169.254.169.254, which is not allowed"),
        (Unreachable("no answer"), "no answer"),
    ],
)
def test_unusable_configuration_is_refused(reply: Any, told: str) -> None:
    """HTML with 200, redirects, missing keys and foreign hosts all end with a reason."""
    with pytest.raises(DiscoveryFailed) as caught:
        Discovery(FakeEhr(in_turn(reply))).of(tenant())
    assert told in str(caught.value)


def test_other_hosts_are_allowed_when_the_tenant_says_so() -> None:
    """Authorization servers often stand elsewhere."""
    configuration = {**GOOD, "token_endpoint": "https://login.example.net/token"}
    hosts = ("ehr.example.org", "login.example.net")
    assert Discovery(FakeEhr(in_turn(answer(configuration)))).of(tenant(hosts=hosts)).token_endpoint.endswith("/token")


def test_cached_for_ten_minutes_then_last_good_is_kept() -> None:
    """One request while fresh; afterwards a failing server doesn't lock users out."""
    moment = [0.0]
    ehr = FakeEhr(in_turn(answer(GOOD), Unreachable("down"), answer({**GOOD, "issuer": "https://new.example"})))
    discovery = Discovery(ehr, lambda: moment[0])
    first = discovery.of(tenant())
    moment[0] = CACHE_SECONDS - 1
    assert discovery.of(tenant()) is first
    moment[0] = CACHE_SECONDS + 1
    assert discovery.of(tenant()) is first
    assert discovery.of(tenant()).issuer == "https://new.example"
    assert len(ehr.sent) == 3


def test_keys_are_found_through_the_issuer_when_not_named() -> None:
    """Older servers name the key set only in the OpenID configuration."""
    without = {name: value for name, value in GOOD.items() if name != "jwks_uri"}
    ehr = FakeEhr(in_turn(answer(without), answer({"jwks_uri": "https://ehr.example.org/keys"})))
    assert Discovery(ehr).of(tenant()).jwks_uri == "https://ehr.example.org/keys"
    assert ehr.sent[1].url == "https://ehr.example.org/.well-known/openid-configuration"
