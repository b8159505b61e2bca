"""Inside a session: address and cookie together, forms that are ours, headers on every answer, picker, logout."""

from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin.store.launch_rows import Tokens
from plugin.store.launches import LaunchStore
from plugin.web.session import COOKIE
from plugin.web.settings import SettingsError
from tests.smart.launch.conftest import PUBLIC_URL, Browser
from tests.smart.launch.fake_ehr import FakeEhr, encounter
from tests.verifies import verifies


def bundle(*resources: dict) -> dict:
    """A searchset."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


@pytest.fixture
def at_picker(browser: Browser, ehr: FakeEhr) -> str:
    """A session without an encounter; its picker's address."""
    ehr.token = {"encounter": None}
    mine, planned, theirs = encounter("e1"), encounter("e2", status="planned"), encounter("e3", "pat-2")
    ehr.resources = {"Encounter": bundle(mine, planned, theirs, encounter("e4", start="2026-05-01"))}
    ehr.resources |= {f"Encounter/{each['id']}": each for each in (mine, planned, theirs)}
    return browser.launch().location


@verifies("CTX-02")
def test_picker_shows_own_chargeable_encounters_newest_first(browser: Browser, at_picker: str) -> None:
    """Other patients' and planned visits are left out; nothing is chosen for the user."""
    page = browser.get(at_picker)
    assert page.status_code == 200
    places = [page.text.find(f'value="{name}"') for name in ("e4", "e1")]
    assert places == sorted(places)
    assert min(places) > 0
    assert 'value="e2"' not in page.text
    assert 'value="e3"' not in page.text


@verifies("CTX-02")
def test_pages_lead_to_the_picker_until_one_is_chosen(browser: Browser, at_picker: str) -> None:
    """The review page needs an encounter."""
    response = browser.get(at_picker.replace("encounter", ""))
    assert (response.status_code, response.location) == (303, at_picker)


def test_choice_is_kept(browser: Browser, at_picker: str) -> None:
    """The session then has its encounter, and the picker has nothing more to ask."""
    form = browser.form(browser.get(at_picker))
    response = browser.post(at_picker, {**form, "choice": "e1"})
    assert response.status_code == 303
    assert browser.session(response).encounter == "e1"
    assert browser.get(at_picker).status_code == 303


@verifies("CTX-02")
@pytest.mark.parametrize("choice", ["e2", "e3", "e9", "", "../Patient/pat-1", "a b"])
def test_choice_that_is_not_the_patients_is_refused(browser: Browser, at_picker: str, choice: str) -> None:
    """The EHR is asked again: planned, another patient's, unknown and malformed ids are not taken."""
    response = browser.post(at_picker, {**browser.form(browser.get(at_picker)), "choice": choice})
    assert response.status_code == 409
    assert browser.get(at_picker).status_code == 200


@verifies("SEC-12", "CTX-07")
@pytest.mark.parametrize(
    ("changes", "headers", "status"),
    [
        ({"csrf_token": ""}, {}, 403),
        ({"csrf_token": "0" * 64}, {}, 403),
        ({"csrf_token": "é"}, {}, 403),
        ({"patient": "pat-2"}, {}, 409),
        ({"encounter": "e9"}, {}, 409),
        ({"patient": ""}, {}, 409),
        ({}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({}, {"Sec-Fetch-Site": "same-site"}, 403),
        ({}, {"Origin": "https://evil.example"}, 403),
        ({}, {"Origin": "https://app.example.org"}, 303),
        ({}, {}, 303),
    ],
)
def test_forms_must_be_ours_and_about_this_chart(
    browser: Browser, at_picker: str, changes: dict, headers: dict, status: int
) -> None:
    """CSRF token, origin, patient and encounter are checked on every POST; a refused one changes nothing."""
    form = {**browser.form(browser.get(at_picker)), "choice": "e1", **changes}
    assert browser.post(at_picker, form, **headers).status_code == status
    assert (browser.get(at_picker).status_code == 303) is (status == 303)


@verifies("SEC-12", "CTX-07")
@pytest.mark.parametrize("field", ["csrf_token", "patient", "encounter"])
def test_missing_fields_are_refused(browser: Browser, at_picker: str, field: str) -> None:
    """A form without one of them is not one of ours."""
    form = {**browser.form(browser.get(at_picker)), "choice": "e1"}
    del form[field]
    assert browser.post(at_picker, form).status_code in (403, 409)
    assert browser.get(at_picker).status_code == 200


@verifies("SEC-10", "SEC-12", "CTX-07")
def test_two_charts_at_once_stay_apart(browser: Browser, ehr: FakeEhr) -> None:
    """Interleaved launches for two patients: each page shows its own, and no form of one works on the other."""
    ehr.token = {"encounter": None}
    first_sent = browser.begin("one")
    second_sent = browser.begin("two")
    ehr.token = {"patient": "pat-2", "encounter": None}
    second = browser.come_back(state=second_sent["state"], code=second_sent["nonce"]).location
    ehr.token = {"patient": "pat-1", "encounter": None}
    first = browser.come_back(state=first_sent["state"], code=first_sent["nonce"]).location
    ehr.resources = {"Encounter": bundle(encounter("e1"), encounter("e2", "pat-2"))}
    ehr.resources |= {"Encounter/e1": encounter("e1"), "Encounter/e2": encounter("e2", "pat-2")}
    pages = {address: browser.get(address) for address in (first, second, first)}
    assert browser.form(pages[first])["patient"] == "pat-1"
    assert browser.form(pages[second])["patient"] == "pat-2"
    mixed = {**browser.form(pages[first]), "choice": "e1"}
    assert browser.post(second, mixed).status_code == 403
    assert browser.post(second, {**browser.form(pages[second]), "choice": "e1"}).status_code == 409
    assert browser.post(first, mixed).status_code == 303
    assert browser.get(second).status_code == 200
    done = browser.post(second, {**browser.form(pages[second]), "choice": "e2"})
    assert (browser.session(done).patient, browser.session(done).encounter) == ("pat-2", "e2")


@verifies("SEC-10")
def test_session_of_another_browser_is_refused(browser: Browser, at_picker: str, ehr: FakeEhr) -> None:
    """The address alone opens nothing, and looks like an unknown one."""
    other = Browser(browser.app, browser.app.test_client(), ehr)
    other.begin()
    found, unknown = other.get(at_picker), other.get("/s/made-up/encounter")
    assert (found.status_code, unknown.status_code) == (403, 403)
    assert found.text == unknown.text
    assert other.post(at_picker, {}).status_code == 403


@pytest.mark.parametrize("value", ["", "x", "a" * 300, "../../etc"])
def test_odd_cookies_are_no_cookies(browser: Browser, at_picker: str, value: str) -> None:
    """Whatever stands in the cookie, nothing breaks and nothing opens."""
    browser.client.set_cookie(COOKIE, value, domain="app.example.org")
    assert browser.get(at_picker).status_code == 403


@verifies("SEC-16")
def test_logout_wipes_and_revokes(browser: Browser, at_picker: str, ehr: FakeEhr) -> None:
    """The tokens are given back to the EHR, and the session is gone here."""
    form = browser.form(browser.get(at_picker))
    response = browser.post(at_picker.replace("encounter", "logout"), form)
    assert (response.status_code, "Logged out" in response.text) == (200, True)
    assert [each.form["token"] for each in ehr.seen if each.path == "/auth/revoke"] == [
        "REFRESH-TOKEN-1",
        "ACCESS-TOKEN-1",
    ]
    assert browser.get(at_picker).status_code == 403
    with browser.services.store.reading() as connection:
        assert connection.exec_driver_sql("select tokens_sealed from launches").scalars().all() == [""]


@verifies("SEC-16")
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_logout_revokes_what_is_current_after_a_renewal(
    browser: Browser, at_picker: str, ehr: FakeEhr, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the tokens of the launch: those that stand when it ends, even if they came while it was being ended."""
    form = browser.form(browser.get(at_picker))
    [session] = browser.services.launches.alive(browser.services.clock())

    def renew() -> None:
        ehr.statuses = [401]
        ehr.token = {"access_token": "ACCESS-TOKEN-2", "refresh_token": "REFRESH-TOKEN-2"}
        browser.services.client(session).get("Encounter/e1")

    ending = LaunchStore.close

    def end(launches: LaunchStore, launch_id: str) -> Tokens | None:
        renew()
        return ending(launches, launch_id)

    if when == "before":
        renew()
    else:
        monkeypatch.setattr(LaunchStore, "close", end)
    assert browser.post(at_picker.replace("encounter", "logout"), form).status_code == 200
    assert [each.form["token"] for each in ehr.seen if each.path == "/auth/revoke"] == [
        "REFRESH-TOKEN-2",
        "ACCESS-TOKEN-2",
    ]


@verifies("SEC-16")
@pytest.mark.parametrize("endpoint", ["none", "failing", "unreachable"])
def test_logout_wipes_whatever_the_ehr_says(make_browser, ehr: FakeEhr, endpoint: str) -> None:
    """Without a revocation endpoint, with one that fails, and with an EHR that is down: the tokens are gone here."""
    addresses = {"none": None, "failing": f"{ehr.base}/auth/nowhere", "unreachable": "http://127.0.0.1:1/revoke"}
    published = {
        "issuer": f"{ehr.base}/auth",
        "authorization_endpoint": f"{ehr.base}/auth/authorize",
        "token_endpoint": f"{ehr.base}/auth/token",
        "jwks_uri": f"{ehr.base}/auth/jwks",
        "revocation_endpoint": addresses[endpoint],
    }
    ehr.configuration = ({name: value for name, value in published.items() if value}, 200)
    ehr.token = {"encounter": None}
    host = ehr.base.removeprefix("http://")
    browser: Browser = make_browser(f'hosts = ["{host}", "127.0.0.1:1"]')
    ehr.resources = {"Encounter": bundle(encounter("e1"))}
    picker = browser.launch().location
    form = browser.form(browser.get(picker))
    assert browser.post(picker.replace("encounter", "logout"), form).status_code == 200
    assert browser.get(picker).status_code == 403
    with browser.services.store.reading() as connection:
        assert connection.exec_driver_sql("select tokens_sealed from launches").scalars().all() == [""]


def test_logout_only_by_post(browser: Browser, at_picker: str) -> None:
    """A link can't end a session."""
    assert browser.get(at_picker.replace("encounter", "logout")).status_code == 405
    assert browser.get(at_picker).status_code == 200


@verifies("SEC-12")
@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/launch?iss=x", "/callback", "/nowhere", "/static/app.css", "/s/x/encounter"]
)
def test_headers_stand_on_every_answer(browser: Browser, path: str) -> None:
    """Errors and files included."""
    with browser.get(path) as response:
        headers = response.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'self' https://ehr.example.org"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert ("no-store" in headers["Cache-Control"]) is (not path.startswith("/static"))


@verifies("SEC-12")
def test_frame_ancestors_are_those_of_the_sessions_ehr(make_browser, ehr: FakeEhr) -> None:
    """Another tenant's EHR may not frame this chart."""
    tenants = (
        f'[tenants.fake]\niss = "{ehr.iss}"\nclient_id = "app-1"\nframe_ancestors = ["https://one.example"]\n'
        '[tenants.other]\niss = "https://two.example/fhir"\nclient_id = "x"\nframe_ancestors = ["https://two.example"]'
    )
    ehr.token = {"encounter": None}
    ehr.resources = {"Encounter": bundle()}
    browser = make_browser(tenants=tenants)
    page = browser.get(browser.launch().location)
    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors 'self' https://one.example")
    outside = browser.get("/").headers["Content-Security-Policy"]
    assert outside.endswith("frame-ancestors 'self' https://one.example https://two.example")


def test_pages_work_under_a_sub_path(make_browser, ehr: FakeEhr) -> None:
    """Every address begins with it, whether or not the proxy cuts it off."""
    browser = make_browser(public_url="https://app.example.org/charges")
    asked = browser.get(f"/launch?iss={ehr.iss}&launch=x").location
    assert asked.startswith("/charges/launch?")
    sent = browser.get(asked).location
    assert "redirect_uri=https%3A%2F%2Fapp.example.org%2Fcharges%2Fcallback" in sent
    opened = browser.launch()
    assert opened.location.startswith("/charges/s/")
    assert 'href="/charges/static/app.css"' in browser.get("/charges/").text


def test_forwarding_headers_count_only_when_configured(make_browser) -> None:
    """Nobody can make the app believe in another host or scheme."""
    forged = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert "evil" not in make_browser().get("/", headers=forged).text


OPEN = '[tenants.lab]\niss = "{iss}"\nopen = true\nname = "Lab"\n'


def test_open_tenant_asks_who_and_whom_and_marks_the_name(make_browser, ehr: FakeEhr) -> None:
    """No sign-in, no token; the name is recorded as unverified and every page carries a banner."""
    ehr.resources = {"Encounter": bundle(encounter("e1")), "Encounter/e1": encounter("e1")}
    browser = make_browser(tenants=OPEN.format(iss=ehr.iss), allow_open=True)
    browser.client.set_cookie(COOKIE, "s" * 43, domain="app.example.org")
    assert "has no sign-in" in browser.get("/launch?tenant=lab").text
    form = {"tenant": "lab", "name": "Ann", "patient": "pat-1"}
    opened = browser.post("/launch/open", form, Origin="null")
    session = browser.session(opened)
    person = browser.services.person(session)
    assert (person.name, person.verified) == ("Ann (unverified)", False)
    assert "names are not verified" in browser.get(opened.location).text
    assert [each.headers.get("Authorization") for each in ehr.seen] == [None] * len(ehr.seen)


@pytest.mark.parametrize(("name", "patient"), [("", "pat-1"), ("Ann", ""), ("Ann", "a/b")])
def test_open_tenant_needs_both(make_browser, ehr: FakeEhr, name: str, patient: str) -> None:
    """A session without a person or a patient isn't opened."""
    browser = make_browser(tenants=OPEN.format(iss=ehr.iss), allow_open=True)
    browser.client.set_cookie(COOKIE, "s" * 43, domain="app.example.org")
    response = browser.post("/launch/open", {"tenant": "lab", "name": name, "patient": patient}, Origin="null")
    assert response.status_code == 400


def test_open_tenant_answers_to_its_own_name_only(make_browser, ehr: FakeEhr) -> None:
    """A page elsewhere whose name was made to point at this machine gets nothing."""
    browser = make_browser(tenants=OPEN.format(iss=ehr.iss), public_url="http://127.0.0.1:8000")
    assert browser.client.get("/", base_url="http://127.0.0.1:8000").status_code == 200
    response = browser.client.get("/launch?tenant=lab", base_url="http://rebound.example:8000")
    assert (response.status_code, "Lab" in response.text) == (400, False)


def test_open_tenant_beyond_loopback_needs_permission(make_browser, ehr: FakeEhr) -> None:
    """The app isn't even built."""
    with pytest.raises(SettingsError, match="tenant lab has no sign-in"):
        make_browser(tenants=OPEN.format(iss=ehr.iss))


def test_ended_sessions_are_swept_out_by_the_next_launch(browser: Browser, at_picker: str) -> None:
    """Neither ended sessions nor forgotten states pile up."""
    form = browser.form(browser.get(at_picker))
    browser.post(at_picker.replace("encounter", "logout"), form)
    browser.launch()
    with browser.services.store.reading() as connection:
        assert connection.exec_driver_sql("select count(*) from launches").scalar_one() == 1


def test_signed_in_tenant_can_not_be_opened_without(browser: Browser, ehr: FakeEhr) -> None:
    """The form of open tenants is no way around the sign-in."""
    browser.begin()
    assert browser.post("/launch/open", {"tenant": "fake", "name": "Ann", "patient": "pat-1"}).status_code == 403


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/launch", "/callback", "/s/{}/", "/s/{}/encounter", "/s/{}/logout", "/launch/open", "/{}"]),
    part=st.text(max_size=20).map(lambda text: quote(text, safe="")),
    names=st.lists(st.sampled_from(["iss", "launch", "state", "code", "error", "tenant", "cookie_asked"]), max_size=4),
    values=st.lists(st.binary(max_size=30).map(quote_from_bytes) | st.just("http://["), min_size=4, max_size=4),
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT"]),
)
def test_odd_requests_get_a_page_and_nothing_else(browser: Browser, ehr: FakeEhr, path, part, names, values, method):
    """Whatever stands in path and query: no defect page, no session, no request to an EHR."""
    query = "&".join(f"{name}={value}" for name, value in zip(names, values, strict=False))
    with browser.client.open(f"{path.format(part)}?{query}", method=method, base_url=PUBLIC_URL) as response:
        assert response.status_code < 500
    assert ehr.seen == []


def test_large_forms_are_refused(browser: Browser, at_picker: str) -> None:
    """A form of more than a megabyte isn't read."""
    assert browser.post(at_picker, {"csrf_token": "x" * 2_000_000}).status_code == 413


@verifies("SEC-13")
def test_defect_shows_no_traceback(browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    """Something unforeseen gives a plain page; the log names kind and place, not the text."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Jane Doe, born 1980-01-01")

    monkeypatch.setattr("plugin.web.launching.render_template", fail)
    response = browser.get("/")
    assert (response.status_code, "defect of the app" in response.text) == (500, True)
    assert "Jane" not in response.text + caplog.text
    assert "RuntimeError at " in caplog.text
