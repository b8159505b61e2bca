"""The app proving who it is, over HTTP: secrets, keys, and what may never be followed."""

import base64
import json
from datetime import timedelta

import pytest

from plugin.ehr.signing import make_signing_key
from plugin.store.signing_keys import SigningKeys
from plugin.web.settings import SettingsError
from tests.smart.launch.conftest import Browser
from tests.smart.launch.fake_ehr import CLIENT_ID, FakeEhr, running_ehr
from tests.verifies import verifies

SECRET = "s3cret/with+signs"
SYMMETRIC = {"more": 'auth = "symmetric"', "client_secrets": {"FAKE": SECRET}}
TWO = """
[tenants.one]
iss = "https://one.example/fhir"
client_id = "x"
auth = "symmetric"
[tenants.two]
iss = "https://two.example/fhir"
client_id = "x"
auth = "symmetric"
"""


def test_secret_proves_the_client_for_code_and_revocation(make_browser, ehr: FakeEhr) -> None:
    """In the header, form-encoded, and nowhere in a body."""
    browser: Browser = make_browser(**SYMMETRIC)
    ehr.claims = {"aud": "other"}
    browser.launch()
    asked = [each for each in ehr.seen if each.method == "POST"]
    assert [each.path for each in asked] == ["/auth/token", "/auth/revoke", "/auth/revoke"]
    expected = base64.b64encode(f"{CLIENT_ID}:s3cret%2Fwith%2Bsigns".encode()).decode()
    assert {each.headers["Authorization"] for each in asked} == {f"Basic {expected}"}
    assert not any("client_id" in each.form or SECRET in each.form.values() for each in asked)


@verifies("SEC-14", "SEC-15")
def test_token_request_follows_no_redirect(make_browser, ehr: FakeEhr) -> None:
    """Neither code nor secret goes to wherever the answer points; the launch ends."""
    browser: Browser = make_browser(**SYMMETRIC)
    with running_ehr() as other:
        ehr.token_redirect = f"{other.base}/auth/token"
        response = browser.launch()
        assert other.seen == []
    assert response.status_code in (400, 502)
    assert ehr.paths().count("/auth/token") == 1


@verifies("SEC-02")
@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        ({"ONE": "a"}, "INFUSION_CHARGES_CLIENT_SECRET_TWO: not set"),
        ({"ONE": "a", "TWO": "b", "THREE": "c"}, "INFUSION_CHARGES_CLIENT_SECRET_THREE: no tenant of that name"),
        ({"ONE": "a", "TWO": "a"}, "two tenants have the same client secret"),
    ],
)
def test_secrets_belong_to_one_tenant_each(make_browser, secrets: dict, told: str) -> None:
    """The app does not start with one missing, left over or shared."""
    with pytest.raises(SettingsError, match=told):
        make_browser(tenants=TWO, client_secrets=secrets)


@verifies("SEC-09")
def test_key_set_is_public_and_holds_public_members_alone(make_browser) -> None:
    """Anybody may fetch it and keep it a while; both keys stand in it while one follows the other."""
    browser: Browser = make_browser('auth = "private_key_jwt"\nsigning = "ES384"')
    services = browser.services
    keys = SigningKeys(services.store)
    now = services.clock()
    first, second = make_signing_key("fake", "ES384", now), make_signing_key("fake", "ES384", now + timedelta(days=1))
    keys.add(first)
    keys.add(second)
    response = browser.get("/jwks/fake.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    shown = json.loads(response.text)["keys"]
    assert [key["kid"] for key in shown] == [first.kid, second.kid]
    assert {name for key in shown for name in key} == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert response.headers["Cache-Control"] == "public, max-age=900"


@pytest.mark.parametrize("name", ["fake", "other", "..%2Ffake"])
def test_no_key_set_where_no_key_is_used(browser: Browser, name: str) -> None:
    """A public client has none, and unknown tenants aren't told apart from it."""
    response = browser.get(f"/jwks/{name}.json")
    assert (response.status_code, response.headers["Cache-Control"]) == (404, "no-store")


@verifies("SEC-08")
def test_launch_by_key_sends_an_assertion_and_no_secret(make_browser, ehr: FakeEhr) -> None:
    """The launch works with the store's key, and the code is exchanged with an assertion alone."""
    browser: Browser = make_browser('auth = "private_key_jwt"\nsigning = "ES384"')
    SigningKeys(browser.services.store).add(make_signing_key("fake", "ES384", browser.services.clock()))
    browser.opened()
    (form,) = [each.form for each in ehr.seen if each.path == "/auth/token"]
    assert sorted(form) == [
        "client_assertion",
        "client_assertion_type",
        "code",
        "code_verifier",
        "grant_type",
        "redirect_uri",
    ]


def test_without_a_key_the_launch_says_which_command_makes_one(make_browser, ehr: FakeEhr) -> None:
    """The administrator finds the remedy under the page's reference."""
    browser: Browser = make_browser('auth = "private_key_jwt"')
    response = browser.launch()
    assert response.status_code == 502
    assert "infusion-charges keys rotate fake" in browser.happened(response)
