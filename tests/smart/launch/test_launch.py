"""The launch from both sides: what goes out, what is kept, and every way it must fail."""

import logging
import re
import socket
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from plugin.ehr.authorize import code_challenge
from plugin.web.session import COOKIE
from tests.smart.launch.conftest import PUBLIC_URL, Browser
from tests.smart.launch.fake_ehr import FakeEhr, running_ehr
from tests.verifies import verifies


def kept(browser: Browser) -> int:
    """How many launches the store holds."""
    with browser.services.store.reading() as connection:
        return int(connection.exec_driver_sql("select count(*) from launches").scalar_one())


def test_launch_opens_a_session_for_the_person_and_the_chart(browser: Browser, ehr: FakeEhr) -> None:
    """Patient and encounter of the token response, the verified user, their role and the granted scopes."""
    session = browser.opened()
    assert (session.tenant, session.patient, session.encounter) == ("fake", "pat-1", "enc-1")
    assert (session.user, session.role) == ("Practitioner/p1", "coder")
    assert session.scopes == frozenset(["launch", "openid", "fhirUser", "patient/*.rs", "user/ChargeItem.crus"])
    # What the EHR can do is asked beside, whenever that answer comes.
    asked = [path for path in ehr.paths() if path != "/fhir/metadata"]
    assert asked == ["/fhir/.well-known/smart-configuration", "/auth/token", "/auth/jwks"]


@verifies("SEC-04")
def test_code_is_exchanged_with_the_verifier_of_this_launch(browser: Browser, ehr: FakeEhr) -> None:
    """The verifier answers the challenge that went out; the redirect address is the configured one."""
    sent = browser.begin()
    browser.come_back(state=sent["state"], code=sent["nonce"])
    form = next(each.form for each in ehr.seen if each.path == "/auth/token")
    assert code_challenge(form["code_verifier"]) == sent["code_challenge"]
    assert form["redirect_uri"] == sent["redirect_uri"] == f"{PUBLIC_URL}/callback"
    assert form["code"] == sent["nonce"]


@verifies("SEC-05")
def test_plus_in_launch_arrives_as_plus(browser: Browser, ehr: FakeEhr) -> None:
    """A bare plus and an encoded one both stay a plus, through the cookie check too."""
    response = browser.get(f"/launch?iss={ehr.iss}&launch=ab+cd%2Bef")
    response = browser.get(response.location)
    assert "launch=ab%2Bcd%2Bef" in response.location


def test_standalone_launch_by_tenant_name(browser: Browser, ehr: FakeEhr) -> None:
    """The tenant's `iss` is the audience, and context is asked for."""
    response = browser.get(browser.get("/launch?tenant=fake").location)
    sent = dict(parse_qsl(urlsplit(response.location).query))
    assert sent["aud"] == ehr.iss
    assert "launch" not in sent
    assert sent["scope"].startswith("launch/encounter launch/patient ")


@verifies("SEC-11")
def test_cookie_holds_a_secret_and_nothing_else(browser: Browser, ehr: FakeEhr) -> None:
    """`__Host-`, Secure, HttpOnly, SameSite=None, Partitioned; no session cookie of the framework, no token."""
    response = browser.get(f"/launch?iss={ehr.iss}&launch=x")
    (cookie,) = response.headers.getlist("Set-Cookie")
    name, _, rest = cookie.partition("=")
    secret, _, attributes = rest.partition("; ")
    assert name == "__Host-infusion_charges"
    assert set(attributes.split("; ")) == {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"}
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert all("Set-Cookie" not in each.headers for each in (browser.launch(),))


def test_partitioned_is_left_off_only_for_a_test(make_browser, ehr: FakeEhr) -> None:
    """The setting that lets a browser test show what happens without it."""
    response = make_browser(unpartitioned_for_tests=True).get(f"/launch?iss={ehr.iss}&launch=x")
    assert "Partitioned" not in response.headers["Set-Cookie"]


@verifies("SEC-11")
def test_cookie_that_does_not_stick_gives_the_breakout_page(browser: Browser, ehr: FakeEhr) -> None:
    """A button that starts this very launch in the whole window; the EHR was not asked anything."""
    location = browser.get(f"/launch?iss={ehr.iss}&launch=ab+c").location
    browser.client.delete_cookie(COOKIE, domain="app.example.org")
    response = browser.get(location)
    assert response.status_code == 400
    assert f'target="_top" href="/launch?iss={ehr.iss}&amp;launch=ab+c"' in response.text
    assert (ehr.seen, kept(browser)) == ([], 0)


@verifies("SEC-11")
def test_cookie_lost_before_the_callback_gives_the_breakout_page(browser: Browser, ehr: FakeEhr) -> None:
    """The code is not exchanged, and the button leads to the one EHR there is."""
    sent = browser.begin()
    browser.client.delete_cookie(COOKIE, domain="app.example.org")
    response = browser.come_back(state=sent["state"], code="c")
    assert response.status_code == 400
    assert 'target="_top" href="/launch?tenant=fake"' in response.text
    assert ("/auth/token" in ehr.paths(), kept(browser)) == (False, 0)


@verifies("SEC-01")
def test_unknown_iss_is_refused_before_any_request(browser: Browser) -> None:
    """A server that is not in the tenants file never hears of us."""
    with running_ehr() as other:
        response = browser.get(f"/launch?iss={other.iss}&launch=x")
        assert response.status_code == 403
        assert "Unknown EHR" in response.text
        assert other.seen == []


@verifies("SEC-01")
@pytest.mark.parametrize("query", ["", "iss=", "iss=nonsense", "launch=x", "tenant=other", "iss=%FF%FE", "iss"])
def test_launch_without_a_known_ehr_is_refused(browser: Browser, query: str, ehr: FakeEhr) -> None:
    """Nothing is assumed when the address names no EHR."""
    assert browser.get(f"/launch?{query}").status_code == 403
    assert ehr.seen == []


@verifies("SEC-03")
def test_replayed_state_is_refused(browser: Browser, ehr: FakeEhr) -> None:
    """The second callback with the same state says so and exchanges nothing."""
    sent = browser.begin()
    assert browser.come_back(state=sent["state"], code=sent["nonce"]).status_code == 303
    response = browser.come_back(state=sent["state"], code=sent["nonce"])
    assert (response.status_code, "used already" in response.text) == (400, True)
    assert (ehr.paths().count("/auth/token"), kept(browser)) == (1, 1)


@verifies("SEC-03")
def test_unknown_state_is_refused(browser: Browser, ehr: FakeEhr) -> None:
    """A callback nobody asked for is not believed."""
    browser.begin()
    assert browser.come_back(state="made-up", code="c").status_code == 400
    assert "/auth/token" not in ehr.paths()


@verifies("SEC-03")
def test_state_of_another_browser_is_refused_and_still_good_for_its_own(browser: Browser, ehr: FakeEhr) -> None:
    """Whoever gets hold of a callback address can't use it, nor spoil it."""
    sent = browser.begin()
    other = Browser(browser.app, browser.app.test_client(), ehr)
    other.begin()
    response = other.come_back(state=sent["state"], code=sent["nonce"])
    assert (response.status_code, "keeps no cookie here" in response.text) == (400, True)
    assert "/auth/token" not in ehr.paths()
    assert browser.come_back(state=sent["state"], code=sent["nonce"]).status_code == 303


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        ("access_denied", 403, "declined the sign-in"),
        ("invalid_scope", 400, "asked for more than the EHR has registered"),
        ("made_up", 400, "ended the sign-in with an error"),
    ],
)
def test_error_from_the_server_is_explained(browser: Browser, ehr: FakeEhr, error: str, status: int, told: str) -> None:
    """In words, with the server's own text escaped; the state is used up."""
    sent = browser.begin()
    text = "<script>alert(1)</script>"
    response = browser.come_back(state=sent["state"], error=error, error_description=text)
    assert response.status_code == status
    assert told in response.text
    assert "<script>" not in response.text.replace("<script src", "")
    assert "&lt;script&gt;" in response.text
    assert browser.come_back(state=sent["state"], code="c").status_code == 400
    assert ("/auth/token" in ehr.paths(), kept(browser)) == (False, 0)


def test_expired_code_is_explained(browser: Browser, ehr: FakeEhr) -> None:
    """The token endpoint's refusal is told without its text, once, and nothing is kept."""
    ehr.token_status = 400
    response = browser.launch()
    assert (response.status_code, "invalid_grant" in browser.happened(response)) == (400, True)
    assert "Jane" not in response.text + browser.happened(response)
    assert (ehr.paths().count("/auth/token"), kept(browser)) == (1, 0)


@verifies("SEC-07")
@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"aud": "other"}, "another app"),
        ({"iss": "http://evil.example"}, "another issuer"),
        ({"exp": 1}, "expired"),
        ({"nonce": "other"}, "another request"),
    ],
)
def test_bad_id_token_opens_nothing_and_revokes(browser: Browser, ehr: FakeEhr, claims, told: str) -> None:
    """Who can't be verified gets no session, and the tokens that came are given back."""
    ehr.claims = claims
    response = browser.launch()
    assert (response.status_code, told in browser.happened(response)) == (403, True)
    assert kept(browser) == 0
    revoked = [each.form["token"] for each in ehr.seen if each.path == "/auth/revoke"]
    assert revoked == ["REFRESH-TOKEN-1", "ACCESS-TOKEN-1"]


@pytest.mark.parametrize(
    ("token", "claims"),
    [({"id_token": None}, {}), ({}, {"fhirUser": None}), ({}, {"fhirUser": "Patient/pat-1"})],
)
def test_no_verified_staff_no_role(browser: Browser, ehr: FakeEhr, token, claims) -> None:
    """Without identity, or as a patient, the chart can be read and nothing accepted."""
    ehr.token, ehr.claims = token, claims
    session = browser.opened()
    person = browser.app.extensions["infusion_charges"].person(session)
    assert (session.role, person.verified) == ("", bool(session.user))


@verifies("CTX-01")
def test_narrowed_scope_is_kept_as_granted(browser: Browser, ehr: FakeEhr) -> None:
    """What was asked for doesn't count; what is missing is told by name."""
    ehr.token = {"scope": "launch patient/Encounter.read patient/MedicationAdministration.read"}
    session = browser.opened()
    capabilities = browser.services.capabilities(session)
    assert session.scopes == frozenset(ehr.token["scope"].split())
    assert capabilities.can_read("MedicationAdministration")
    assert not capabilities.can_write_charges()
    assert "diagnoses can't be read, so charges come without them" in capabilities.missing()


def test_scope_left_out_means_as_asked(browser: Browser, ehr: FakeEhr) -> None:
    """RFC 6749, 5.1."""
    ehr.token = {"scope": None}
    sent = browser.begin()
    session = browser.session(browser.come_back(state=sent["state"], code=sent["nonce"]))
    assert session.scopes == frozenset(sent["scope"].split())


def test_launch_without_a_patient_is_refused(browser: Browser, ehr: FakeEhr) -> None:
    """There is no chart to read, and no search for patients."""
    ehr.token = {"patient": None}
    response = browser.launch()
    assert (response.status_code, "without a patient" in response.text) == (400, True)
    assert (kept(browser), "/auth/revoke" in ehr.paths()) == (0, True)


@verifies("SEC-02", "SEC-04")
@pytest.mark.parametrize(
    ("configuration", "status", "told"),
    [
        (("<html>hello</html>", 200), 502, "is not JSON"),
        (("", 302, {"Location": "http://127.0.0.1:1/"}), 502, "status 302"),
        (({"token_endpoint": "https://evil.example/t", "authorization_endpoint": "/a"}, 200), 502, "evil.example"),
        (
            (
                {
                    "token_endpoint": "/t",
                    "authorization_endpoint": "/a",
                    "code_challenge_methods_supported": ["plain"],
                },
                200,
            ),
            502,
            "PKCE",
        ),
    ],
)
def test_unusable_discovery_is_explained(browser: Browser, ehr: FakeEhr, configuration, status: int, told: str) -> None:
    """HTML with 200, redirects, foreign hosts and weak PKCE end the launch with the reason."""
    ehr.configuration = configuration
    response = browser.get(browser.get(f"/launch?iss={ehr.iss}&launch=x").location)
    assert (response.status_code, told in browser.happened(response)) == (status, True)


@verifies("SEC-04")
def test_old_server_may_pass_when_the_tenant_says_so(make_browser, ehr: FakeEhr) -> None:
    """S256 is sent all the same."""
    ehr.configuration = (
        {"token_endpoint": "/t", "authorization_endpoint": "/a", "code_challenge_methods_supported": ["plain"]},
        200,
    )
    assert make_browser('pkce = "if-supported"').begin()["code_challenge_method"] == "S256"


def test_answer_of_another_issuer_is_refused(browser: Browser, ehr: FakeEhr) -> None:
    """RFC 9207: the `iss` of the callback must be the server that was asked."""
    sent = browser.begin()
    response = browser.come_back(state=sent["state"], code=sent["nonce"], iss="https://evil.example")
    assert response.status_code == 400
    assert "/auth/token" not in ehr.paths()


@verifies("SEC-10")
def test_tokens_and_secrets_are_sealed_at_rest(browser: Browser, tmp_path: Path, ehr: FakeEhr) -> None:
    """Neither tokens, nor verifier, launch value, state or browser secret stand readable in the database."""
    sent = browser.begin("LAUNCH-VALUE")
    waiting = b"".join(path.read_bytes() for path in tmp_path.glob("app.sqlite3*"))
    browser.come_back(state=sent["state"], code=sent["nonce"])
    verifier = next(each.form["code_verifier"] for each in ehr.seen if each.path == "/auth/token")
    after = b"".join(path.read_bytes() for path in tmp_path.glob("app.sqlite3*"))
    for secret in ("ACCESS-TOKEN-1", "REFRESH-TOKEN-1", verifier, sent["state"], browser.secret(), "LAUNCH-VALUE"):
        assert secret.encode() not in waiting + after


@verifies("SEC-13")
def test_nothing_secret_is_logged_at_debug(browser: Browser, ehr: FakeEhr, caplog: pytest.LogCaptureFixture) -> None:
    """Neither on the good way nor on the bad ones, in our loggers or a library's."""
    caplog.set_level(logging.DEBUG)
    sent = browser.begin("LAUNCH-VALUE")
    session = browser.session(browser.come_back(state=sent["state"], code=sent["nonce"]))
    browser.get(f"/s/{session.id}/")
    browser.come_back(state=sent["state"], code=sent["nonce"])
    browser.come_back(state="x", code="CODE-2", error_description="Jane Doe")
    form = next(each.form for each in ehr.seen if each.path == "/auth/token")
    logged = "\n".join(f"{record.name} {record.getMessage()} {record.args}" for record in caplog.records)
    secrets = ["ACCESS-TOKEN-1", "REFRESH-TOKEN-1", "LAUNCH-VALUE", "CODE-2", "Jane", "pat-1", "enc-1"]
    secrets += [sent["state"], sent["nonce"], form["code_verifier"], session.id, browser.secret()]
    ours = "\n".join(line for line in logged.splitlines() if not line.startswith("werkzeug "))
    assert "launch opened: tenant fake" in ours
    assert [secret for secret in secrets if secret in ours] == []


def test_cookies_of_the_ehr_are_not_kept(browser: Browser, ehr: FakeEhr) -> None:
    """Its Set-Cookie comes with every answer and never goes back."""
    session = browser.opened()
    client = browser.services.client(session)
    client.get("Encounter/enc-1")
    client.get("Encounter/enc-1")
    assert [each.headers.get("Cookie") for each in ehr.seen] == [None] * len(ehr.seen)


@verifies("SEC-14")
def test_where_the_ehr_redirects_to_no_token_goes(browser: Browser, ehr: FakeEhr) -> None:
    """Not even to another address of its own: the redirect is the answer."""
    session = browser.opened()
    ehr.redirects = {"Encounter/enc-1": f"{ehr.iss}/elsewhere"}
    assert browser.services.client(session).get("Encounter/enc-1").status == 307
    assert "/fhir/elsewhere" not in ehr.paths()


@verifies("CTX-06")
def test_401_renews_with_rotation_over_http(browser: Browser, ehr: FakeEhr) -> None:
    """The refresh token is used once, the new one is kept, and the request goes again."""
    session = browser.opened()
    ehr.statuses = [401]
    ehr.token = {"access_token": "ACCESS-TOKEN-2", "refresh_token": "REFRESH-TOKEN-2"}
    browser.services.client(session).get("Encounter/enc-1")
    sent = [each.headers["Authorization"] for each in ehr.seen if each.path == "/fhir/Encounter/enc-1"]
    stored = browser.services.launches.reread(session)
    assert sent == ["Bearer ACCESS-TOKEN-1", "Bearer ACCESS-TOKEN-2"]
    assert stored is not None
    assert stored.tokens.refresh == "REFRESH-TOKEN-2"


@verifies("CTX-04")
@pytest.mark.parametrize("intent", ["reconcile-medications", "", 7, {"a": 1}])
def test_an_unknown_intent_opens_the_usual_page(browser: Browser, ehr: FakeEhr, intent: object) -> None:
    """Whatever the EHR wants the user to begin with, the chart's page comes."""
    usual = browser.opened()
    ehr.token = {"intent": intent}
    response = browser.launch()
    assert response.status_code == 303
    assert response.location == f"/s/{browser.session(response).id}/"
    assert browser.session(response).encounter == usual.encounter


def test_an_ehr_whose_name_leads_inside_is_not_asked(make_browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page names the setting that allows it; another name is looked up as ever."""
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    tenants = '[tenants.far]\niss = "https://ehr.example.org/fhir"\nclient_id = "x"\n'
    browser: Browser = make_browser(tenants=tenants)
    response = browser.get(browser.get("/launch?tenant=far").location)
    assert response.status_code == 502
    assert "private_network = true" in browser.happened(response, "far")
