"""Who may do what, page by page: every page of the app stands in one of the tables below, with the roles it lets in."""

from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from plugin.web import knowing_user
from tests.smart.launch.conftest import BY_ROLE, Browser, practitioner_role
from tests.smart.launch.fake_ehr import CLIENT_ID, FakeEhr
from tests.verifies import verifies

CHART = Path(__file__).parents[3] / "plugin/sandbox/charts/iron-sucrose-by-push/chart.json"
PATIENT, ENCOUNTER = "irn-patient", "irn-encounter"
ROLES = ("clinician", "coder", "lead", "admin")
NOBODY, PATIENT_USER, RELATIVE = "", "Patient/irn-patient", "RelatedPerson/r1"
EVERYBODY = (*ROLES, NOBODY, PATIENT_USER, RELATIVE)
DECIDES = ("clinician", "coder", "lead")
WORKS = ("coder", "lead")
LINE = "CPT|96374||2026-03-02"

# endpoint -> (method, address below the session, fields of the form, who is let in)
SESSION_PAGES: dict[str, tuple[str, str, dict[str, str], tuple[str, ...]]] = {
    "review.show": ("GET", "", {}, EVERYBODY),
    "review.launch_style": ("GET", "style.css", {}, EVERYBODY),
    "review.report": ("GET", "report", {}, EVERYBODY),
    "review.download_chart": ("POST", "download", {}, ROLES),  # without names; the trail says who took it
    "review.refresh": ("POST", "refresh", {}, EVERYBODY),
    "review.accept_all": ("POST", "accept-all", {"ready": LINE}, DECIDES),
    "review.dismiss_sent": ("POST", "dismiss-sent", {"charge": LINE, "listed": "Not performed"}, DECIDES),
    "review.decide_one": ("POST", "accept", {"charge": LINE}, DECIDES),
    "review.send_again": ("POST", "send", {"charge": LINE}, DECIDES),
    "review.reading": ("GET", "reading", {}, EVERYBODY),
    "review.show_sending": ("GET", "sending", {}, EVERYBODY),  # numbers of lines, which their own page shows as well
    "review.send_rest": ("POST", "send-rest", {}, DECIDES),
    # Which question is for which of them is the review's own matter: tests/unit/review/test_attest.py.
    "review.attest_answers": ("POST", "attest", {"question": "missing-stop-time|x"}, DECIDES),
    "review.preview_answers": ("POST", "preview", {"question": "missing-stop-time|x"}, ROLES),  # it records nothing
    "review.take_back_answer": ("POST", "take-back", {"number": "1"}, DECIDES),
    "review.ask_someone": ("POST", "ask", {"question": "missing-stop-time|x"}, ROLES),
    "launching.choose_encounter": ("GET", "encounter", {}, EVERYBODY),
    "launching.set_encounter": ("POST", "encounter", {"choice": ENCOUNTER}, EVERYBODY),
    "launching.log_out": ("POST", "logout", {}, EVERYBODY),
    "staff.home": ("GET", "home", {}, ROLES),
    "staff.ehr_offers": ("GET", "administration/ehr", {}, ("admin",)),
    "staff.dashboards": ("GET", "dashboards", {}, ("coder", "lead", "admin")),
    "staff.dashboard_csv": ("GET", "dashboards/questions.csv", {}, ("coder", "lead", "admin")),
    "staff.productivity": ("GET", "productivity", {}, ("lead", "admin")),
    "staff.productivity_csv": ("GET", "productivity.csv", {}, ("lead", "admin")),
    "staff.worklist": ("GET", "worklist", {}, WORKS),
    "staff.search_worklist": ("POST", "worklist/search", {"words": "quill"}, WORKS),
    "staff.change_worklist": ("POST", "worklist/claim", {"row": "1"}, WORKS),
    # Whether the grant reads charts is another matter: test_worklist.py; without a row nobody gets that far.
    "staff.next_encounter": ("POST", "next", {}, WORKS),  # the chart here was opened from no list
    "staff.open_from_worklist": ("POST", "worklist/open", {"row": "99999"}, WORKS),
}
# Before a session, or without anything of anybody in it.
OPEN_TO_ALL = {
    "static",
    "key_sets.key_set",
    "launching.index",
    "launching.healthz",
    "launching.launch",
    "launching.sign_in",
    "launching.callback",
    "launching.open_without_sign_in",
}
# For those who run the app, who have a token and no session.
WITH_A_TOKEN = {"status.readiness": "/readyz", "status.numbers": "/metrics"}
# A page of staff about a chart is none: without a patient these refuse whoever asks.
OF_A_CHART = [name for name in SESSION_PAGES if not name.startswith("staff.") and name != "launching.log_out"]

TENANTS = f"""
[tenants.fake]
iss = "{{iss}}"
client_id = "{CLIENT_ID}"
write = "off"
[tenants.fake.roles]
"Practitioner/clinician" = "clinician"
"Practitioner/coder" = "coder"
"Practitioner/lead" = "lead"
"Practitioner/admin" = "admin"
"claim:department=infusion" = "coder"
"""


@pytest.fixture
def clinic(make_browser, ehr: FakeEhr, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """The app before an EHR with one chart, and a person for each role; a page waits for who they are."""
    monkeypatch.setattr(knowing_user, "MOMENT_SECONDS", 60.0)
    ehr.hold(CHART)
    ehr.token = {"patient": PATIENT, "encounter": ENCOUNTER}
    browser: Browser = make_browser(tenants=TENANTS.format(iss=ehr.iss))
    return browser


def session_of(browser: Browser, who: str) -> str:
    """Launch as a role, as nobody in particular, or as a patient; the session's address."""
    browser.ehr.claims = {"fhirUser": who if "/" in who else f"Practitioner/{who or 'stranger'}"}
    response = browser.launch()
    assert response.status_code == 303, response.text
    return response.location.split("/encounter")[0].rstrip("/")


def ask(browser: Browser, session: str, endpoint: str, patient: str = PATIENT) -> TestResponse:
    """Open a page of the session, with the form that the person's own page would send."""
    method, path, fields, _ = SESSION_PAGES[endpoint]
    if method == "GET":
        return browser.get(f"{session}/{path}")
    encounter = ENCOUNTER if patient else ""
    token = browser.form(browser.get(f"{session}/"))["csrf_token"] if patient else ""
    return browser.post(
        f"{session}/{path}", {"csrf_token": token, "patient": patient, "encounter": encounter, **fields}
    )


def test_every_page_stands_in_a_table(browser: Browser) -> None:
    """A new page is added to one of them, with those it lets in."""
    tables = set(SESSION_PAGES) | OPEN_TO_ALL | set(WITH_A_TOKEN)
    assert {rule.endpoint for rule in browser.app.url_map.iter_rules()} == tables


@pytest.mark.parametrize("path", WITH_A_TOKEN.values())
def test_pages_with_a_token_are_nobodys_without_it(clinic: Browser, path: str) -> None:
    """A session opens none of them, not even an administrator's."""
    session_of(clinic, "admin")
    answers = [clinic.get(path, headers=headers) for headers in ({}, {"Authorization": "Bearer guessed"})]
    assert [answer.status_code for answer in answers] == [404, 404]


@verifies("SEC-07")
@pytest.mark.parametrize("endpoint", SESSION_PAGES)
def test_a_page_refuses_the_roles_it_should(clinic: Browser, endpoint: str) -> None:
    """Patients and relatives read their chart and decide nothing, as does staff without a role."""
    allowed = SESSION_PAGES[endpoint][3]
    statuses = {who: ask(clinic, session_of(clinic, who), endpoint).status_code for who in EVERYBODY}
    assert {who for who, status in statuses.items() if status != 403} == set(allowed)
    assert max(statuses.values()) < 500


@pytest.mark.parametrize("endpoint", SESSION_PAGES)
def test_a_page_needs_a_session(clinic: Browser, endpoint: str) -> None:
    """The address of somebody else's session opens nothing, nor does a made-up one."""
    session = session_of(clinic, "admin")
    other = Browser(clinic.app, clinic.app.test_client(), clinic.ehr)
    other.begin()
    for address in (session, "/s/" + "A" * 43):
        method, path, fields, _ = SESSION_PAGES[endpoint]
        answer = other.get(f"{address}/{path}") if method == "GET" else other.post(f"{address}/{path}", fields)
        assert answer.status_code == 403


def test_who_is_not_verified_has_no_role_page(clinic: Browser, ehr: FakeEhr) -> None:
    """Without an id_token the chart can be read; nothing else."""
    ehr.token = {**ehr.token, "id_token": None}
    session = session_of(clinic, "admin")
    assert clinic.get(f"{session}/").status_code == 200
    assert clinic.get(f"{session}/administration/ehr").status_code == 403
    assert ask(clinic, session, "review.decide_one").status_code == 403


@pytest.mark.parametrize("who", [PATIENT_USER, RELATIVE])
def test_a_claim_gives_a_patient_no_role(clinic: Browser, ehr: FakeEhr, who: str) -> None:
    """Also where a claim would give one to staff."""
    ehr.claims = {"fhirUser": who, "department": "infusion"}
    session = clinic.launch().location.rstrip("/")
    page = clinic.get(f"{session}/")
    assert "Patients and their relatives can read this page and decide nothing." in page.text
    assert ask(clinic, session, "review.decide_one").status_code == 403


# --- staff without a chart -----------------------------------------------------------------------


def sign_in(browser: Browser, who: str) -> TestResponse:
    """Sign in without a chart; the answer of the callback."""
    browser.ehr.claims = {"fhirUser": f"Practitioner/{who}"}
    response = browser.get("/sign-in?tenant=fake")
    if "cookie_asked" in response.location:
        response = browser.get(response.location)
    query = dict(pair.split("=", 1) for pair in response.location.partition("?")[2].split("&"))
    assert query["scope"] == "openid%20fhirUser"
    assert "launch" not in query
    return browser.come_back(state=query["state"], code=query["nonce"])


def test_staff_sign_in_without_a_chart(clinic: Browser, ehr: FakeEhr) -> None:
    """Whatever patient the EHR adds is left aside, and the administrator's page says what the EHR offers."""
    home = sign_in(clinic, "admin")
    assert home.location.endswith("/home")
    session = clinic.session(home)
    assert (session.patient, session.encounter, session.role) == ("", "", "admin")
    page = clinic.get(clinic_page(home, "administration/ehr"))
    assert "This EHR cannot support infusion charges" in page.text
    assert "It takes PKCE with S256." in page.text


def test_administrators_page_of_an_ehr_that_is_down(clinic: Browser, ehr: FakeEhr) -> None:
    """The page comes, and says so."""
    home = sign_in(clinic, "admin")
    ehr.configuration, ehr.statuses = ("<html>", 200), []
    page = clinic.get(clinic_page(home, "administration/ehr"))
    assert (page.status_code, "is not JSON" in page.text) == (200, True)


@pytest.mark.parametrize("who", ["stranger", "nobody"])
def test_staff_without_a_role_get_no_session(clinic: Browser, ehr: FakeEhr, who: str) -> None:
    """There is nothing to read for them; the tokens go back."""
    response = sign_in(clinic, who)
    assert (response.status_code, "give you no role" in response.text) == (403, True)
    assert "/auth/revoke" in ehr.paths()


@pytest.mark.parametrize("endpoint", OF_A_CHART)
def test_a_session_without_a_chart_opens_none(clinic: Browser, endpoint: str) -> None:
    """Also for an administrator, and before the form is looked at."""
    home = sign_in(clinic, "admin")
    session = home.location.removesuffix("/home")
    clinic.ehr.seen.clear()
    assert ask(clinic, session, endpoint, patient="").status_code == 403
    assert not any(path.startswith("/fhir/") for path in clinic.ehr.paths())


def test_staff_log_out(clinic: Browser, ehr: FakeEhr) -> None:
    """Their tokens are revoked and their session is gone."""
    home = sign_in(clinic, "coder")
    form = clinic.form(clinic.get(home.location))
    assert clinic.post(clinic_page(home, "logout"), form).status_code == 200
    assert "/auth/revoke" in ehr.paths()
    assert clinic.get(home.location).status_code == 403


def test_a_server_without_sign_in_has_no_staff(make_browser, ehr: FakeEhr) -> None:
    """Nobody could be told apart there."""
    tenants = f'[tenants.lab]\niss = "{ehr.iss}"\nopen = true\n'
    assert make_browser(tenants=tenants, allow_open=True).get("/sign-in?tenant=lab").status_code == 403


def clinic_page(home: TestResponse, path: str) -> str:
    """A page of the session that a redirect leads to."""
    return home.location.replace("/home", f"/{path}")


# --- roles by PractitionerRole -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "role"),
    [
        ([practitioner_role("infusion-coder")], "coder"),
        ([practitioner_role("infusion-nurse", active=True)], "clinician"),
        ([practitioner_role("other", id="boss")], "lead"),
        ([practitioner_role("other")], ""),
        ([practitioner_role("infusion-coder", of="Practitioner/p2")], ""),
        ([practitioner_role("infusion-coder", active=False)], ""),
        ([practitioner_role("infusion-coder", period={"end": "2020-01-31"})], ""),
        ([practitioner_role("infusion-coder", period={"end": "2999"})], "coder"),
        ([], ""),
    ],
)
def test_role_by_what_the_ehr_says_somebody_does(make_browser, ehr: FakeEhr, found: list[Any], role: str) -> None:
    """Of this person, active, and not over; somebody else's role is nobody's here."""
    browser: Browser = make_browser(tenants=BY_ROLE.format(iss=ehr.iss))
    ehr.token = {"scope": "launch openid fhirUser user/PractitionerRole.rs"}
    ehr.resources["PractitionerRole"] = {"resourceType": "Bundle", "entry": [{"resource": each} for each in found]}
    sent = browser.begin()
    assert "user/PractitionerRole.rs" in sent["scope"].split()
    back = browser.come_back(state=sent["state"], code=sent["nonce"])
    assert "/fhir/PractitionerRole" not in ehr.paths()
    shown = browser.get(back.location)
    assert browser.session(back).role == role
    assert f"Practitioner/p1 ({role or 'read only'})" in shown.text
    browser.get(back.location)
    assert ehr.paths().count("/fhir/PractitionerRole") == 1


def test_without_the_grant_nothing_is_asked_and_nothing_won(make_browser, ehr: FakeEhr) -> None:
    """The person reads only."""
    browser: Browser = make_browser(tenants=BY_ROLE.format(iss=ehr.iss))
    found = {"resourceType": "Bundle", "entry": [{"resource": practitioner_role("infusion-coder")}]}
    ehr.resources["PractitionerRole"] = found
    back = browser.launch()
    browser.get(back.location)
    assert browser.session(back).role == ""
    assert "/fhir/PractitionerRole" not in ehr.paths()


def test_the_users_name_is_asked_for_beside_the_chart(make_browser, ehr: FakeEhr) -> None:
    """The callback leads on without it; the first page asks once, and shows it even where the chart can't be read."""
    browser: Browser = make_browser()
    ehr.token = {"scope": "launch openid fhirUser user/Practitioner.r patient/*.rs"}
    ehr.resources["Practitioner/p1"] = {"resourceType": "Practitioner", "id": "p1", "name": [{"text": "Dana Coder"}]}
    back = browser.launch()
    assert "/fhir/Practitioner/p1" not in ehr.paths()
    assert "Dana Coder (coder)" in browser.get(back.location).text
    assert "Dana Coder (coder)" in browser.get(back.location).text
    assert ehr.paths().count("/fhir/Practitioner/p1") == 1


def test_a_role_is_asked_for_before_a_page_that_needs_it(make_browser, ehr: FakeEhr) -> None:
    """A lead by PractitionerRole, who goes to the worklist without looking at the chart."""
    browser: Browser = make_browser(tenants=BY_ROLE.format(iss=ehr.iss))
    ehr.token = {"scope": "launch openid fhirUser user/PractitionerRole.rs"}
    boss = practitioner_role("other", id="boss")
    ehr.resources["PractitionerRole"] = {"resourceType": "Bundle", "entry": [{"resource": boss}]}
    back = browser.launch()
    assert browser.get(f"{back.location}worklist").status_code == 200
    assert browser.session(back).role == "lead"
