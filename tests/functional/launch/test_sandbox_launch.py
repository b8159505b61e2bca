"""The whole launch over HTTP: the sandbox EHR as its own process, the app on a socket, a cookie jar between them."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from plugin.ehr.addresses import origin_of
from tests.functional.launch.running import (
    TENANT,
    AppUnderTest,
    Browser,
    SandboxEhr,
    free_port,
    path_of,
    running_sandbox,
    serving_app,
)

FIELD = re.compile(r'<input type="hidden" name="(csrf_token|patient|encounter)" value="([^"]*)">')
PORT = free_port()


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxEhr]:
    """One sandbox EHR for this file."""
    with running_sandbox(PORT) as ehr:
        yield ehr


@pytest.fixture
def ehr(running: SandboxEhr) -> SandboxEhr:
    """The sandbox, within the test's own socket rules."""
    return running


@pytest.fixture
def app(ehr: SandboxEhr, tmp_path: Path) -> Iterator[AppUnderTest]:
    """The app at the address the sandbox knows."""
    with serving_app(tmp_path, TENANT.format(iss=ehr.iss, ehr=ehr.url, more=""), PORT) as serving:
        yield serving


def fields(text: str) -> dict[str, str]:
    """The hidden fields every form carries."""
    return dict(FIELD.findall(text))


def test_from_the_chart_to_the_review_page(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """The EHR's app button ends on the page of that chart, with nothing of the launch left in the address."""
    browser = Browser()
    page = browser.get(ehr.launch_address("edh-patient", "edh-encounter"))
    assert page.status_code == 200
    assert re.fullmatch(r"/s/[A-Za-z0-9_-]{43}/", path_of(page.url))
    assert "?" not in page.url
    assert fields(page.text)["patient"] == "edh-patient"
    assert fields(page.text)["encounter"] == "edh-encounter"
    assert "Okafor" in page.text
    steps = [path_of(step.url) for step in page.history]
    assert steps == ["/launch", "/launch", "/auth/authorize", "/callback"]


def test_chart_is_read_whole(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """Administrations, diagnoses and the patient arrive, with no issue on a clean chart."""
    browser = Browser()
    page = browser.get(ehr.launch_address("edh-patient", "edh-encounter"))
    services = app.app.extensions["infusion_charges"]
    launch_id = path_of(page.url).split("/")[2]
    session = services.launches.get(launch_id, browser.cookies["__Host-infusion_charges"], services.clock())
    chart = services.chart_source(session).read_chart()
    assert chart.encounter.id == "Encounter/edh-encounter"
    assert len(chart.administrations) == 7
    assert len(chart.diagnoses) == 2
    assert (chart.issues, chart.neighbours) == ((), ())
    assert (session.user, session.role) == ("Practitioner/sandbox-clinician", "clinician")
    messenger = services.messenger(session)
    assert messenger is not None
    assert messenger.tells  # a Communication goes with each question where the EHR takes one


def test_launch_without_an_encounter_asks_for_it(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """The picker comes first, and the choice leads to the review page."""
    browser = Browser()
    picker = browser.get(ehr.launch_address("edh-patient"))
    assert path_of(picker.url).endswith("/encounter")
    chosen = browser.post(picker.url, data={**fields(picker.text), "choice": "edh-encounter"})
    assert chosen.status_code == 200
    assert fields(chosen.text)["encounter"] == "edh-encounter"


def test_two_charts_interleaved_in_one_browser(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """Pages and posts stay with their own patient, however the requests mix."""
    browser = Browser()
    first = browser.get(ehr.launch_address("edh-patient", "edh-encounter"))
    second = browser.get(ehr.launch_address("inf-patient", "inf-encounter"))
    again = browser.get(first.url)
    assert fields(again.text)["patient"] == "edh-patient"
    assert fields(second.text)["patient"] == "inf-patient"
    assert "Okafor" not in second.text
    refresh = f"{second.url}refresh"
    assert browser.post(refresh, data=fields(first.text)).status_code == 403
    stale = {**fields(second.text), "patient": "edh-patient", "encounter": "edh-encounter"}
    assert browser.post(refresh, data=stale).status_code == 409
    assert browser.post(refresh, data=fields(second.text)).status_code == 200
    assert fields(browser.get(first.url).text)["patient"] == "edh-patient"


def test_replayed_callback_opens_nothing(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """Loading the callback's address again says that it was used."""
    browser = Browser()
    page = browser.get(ehr.launch_address("edh-patient", "edh-encounter"))
    replay = browser.get(page.history[-1].url)
    assert (replay.status_code, "used already" in replay.text) == (400, True)


def test_spent_launch_value_is_explained(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """An `error=` from the EHR's own server becomes a page."""
    browser = Browser()
    page = browser.get(f"{app.url}/launch?iss={ehr.iss}&launch=made-up")
    assert (page.status_code, "The EHR ended the launch" in page.text) == (400, True)


def test_logout_ends_the_grant_at_the_ehr(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """Afterwards neither the page nor the token works."""
    browser = Browser()
    page = browser.get(ehr.launch_address("edh-patient", "edh-encounter"))
    services = app.app.extensions["infusion_charges"]
    launch_id = path_of(page.url).split("/")[2]
    secret = browser.cookies["__Host-infusion_charges"]
    session = services.launches.get(launch_id, secret, services.clock())
    assert browser.post(f"{page.url}logout", data=fields(page.text)).status_code == 200
    assert browser.get(page.url).status_code == 403
    answer = Browser().get(f"{ehr.iss}/Encounter/edh-encounter", headers=bearer(session.tokens.access))
    assert answer.status_code == 401


def found(pattern: str, text: str) -> str:
    """The first match of a pattern with one group."""
    (match, *_) = re.findall(pattern, text)
    return str(match)


def test_a_ground_that_says_nothing_is_refused_and_the_answer_kept(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """The page comes again with the time and the ground as chosen; with words, these alone are the reason charted."""
    browser = Browser()
    page = browser.get(ehr.launch_address("mst-patient", "mst-encounter"))
    question = found(r'data-question="(missing-stop-time[^"]+)"', page.text)
    stop = found(r'name="(missing-stop-time[^"]+\|stop)"', page.text)
    answer = {
        **fields(page.text),
        "basis": found(r'name="basis" value="([^"]+)"', page.text),
        "at": f"attest {question}",
        "question": question,
        stop: "2026-10-05T11:52",
        "listed": "Another ground",
    }
    refused = browser.post(f"{page.url}attest", data=answer)
    assert refused.status_code == 422
    assert "say which one in your own words" in refused.text
    assert 'value="2026-10-05T11:52"' in refused.text
    assert 'value="Another ground" required checked' in refused.text
    assert "Late entry" not in browser.get(page.url).text
    taken = browser.post(f"{page.url}attest", data={**answer, "reason": "the anesthesia record"})
    assert "Reason for the late entry: the anesthesia record." in taken.text


def test_a_dismissal_and_an_undo_are_called_what_they_are(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """And what was sent is marked as not billable when it is dismissed."""
    browser = Browser()
    page = browser.get(ehr.launch_address("inj-patient", "inj-encounter"))
    assert ">Chart read in full<" in page.text

    def decide(action: str, **more: str) -> str:
        now = browser.get(page.url)
        basis, seen = (
            found(r'name="basis" value="([^"]+)"', now.text),
            re.findall(r'name="seen" value="([^"]+)"', now.text),
        )
        form = {**fields(now.text), "basis": basis, "seen": seen, "charge": seen[0].rpartition("=")[0], **more}
        return found(r'role="status">([^<]+)<', browser.post(f"{page.url}{action}", data=form).text)

    assert decide("dismiss", listed="Not performed") == "1 charge dismissed; nothing was sent."
    assert decide("undo") == "1 decision taken back."
    assert decide("accept") == "1 charge sent to the EHR."
    assert decide("dismiss", listed="Not performed") == "1 charge dismissed and marked as not billable in the EHR."


def test_an_acceptance_of_all_is_taken_back_in_one_step(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """The page says how, and every line that was sent is marked as not billable in the EHR."""
    browser = Browser()
    page = browser.get(ehr.launch_address("edh-patient", "edh-encounter"))
    assert "dismiss-sent" not in page.text
    basis = found(r'name="basis" value="([^"]+)"', page.text)
    ready = re.findall(r'name="ready" value="([^"]+)"', page.text)
    assert len(ready) > 1
    seen = [f"{token}=0" for token in ready]
    form = {**fields(page.text), "basis": basis, "ready": ready, "seen": seen}
    sent = browser.post(f"{page.url}accept-all", data=form)
    assert "Dismiss takes it back by marking it as not billable there" in sent.text
    offered = found(r'action="[^"]+/dismiss-sent">(.+?)</form>', " ".join(sent.text.split()))
    back = {name: re.findall(f'name="{name}" value="([^"]+)"', offered) for name in ("charge", "seen")}
    assert back["charge"] == ready
    form = {**fields(sent.text), "basis": basis, **back, "listed": "Suggested in error"}
    done = browser.post(f"{page.url}dismiss-sent", data=form)
    words = f"{len(ready)} charges dismissed and marked as not billable in the EHR."
    assert found(r'role="status">([^<]+)<', done.text) == words


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


def signed_in(app: AppUnderTest, browser: Browser, user: str) -> requests.Response:
    """Sign in without a chart as one of the sandbox's staff; where it ends."""
    page = browser.get(f"{app.url}/sign-in?tenant=sandbox")
    assert page.status_code == 200
    assert "asks to be let in" in page.text
    assert 'name="chart"' not in page.text
    (ticket,) = re.findall(r'name="ticket" value="([^"]+)"', page.text)
    answers = {"ticket": ticket, "user": user, "decision": "allow"}
    return browser.post(urljoin(page.url, "/auth/decide"), answers, headers={"Origin": origin_of(page.url)})


def test_staff_sign_in_at_the_ehr_without_a_chart(ehr: SandboxEhr, tmp_path: Path) -> None:
    """The administrator's page says what this very EHR offers; the coder may not see it."""
    roles = TENANT.replace('"Practitioner/sandbox-clinician" = "clinician"', '"Practitioner/sandbox-lead" = "admin"')
    with serving_app(tmp_path, roles.format(iss=ehr.iss, ehr=ehr.url, more=""), PORT) as app:
        browser = Browser()
        home = signed_in(app, browser, "sandbox-lead")
        assert (home.status_code, path_of(home.url).endswith("/home")) == (200, True)
        offers = browser.get(urljoin(home.url, "administration/ehr"))
        assert "Nothing stops the app from working here." in offers.text
        assert "It offers MedicationAdministration" in offers.text
        coder = Browser()
        theirs = signed_in(app, coder, "sandbox-coder")
        assert coder.get(urljoin(theirs.url, "administration/ehr")).status_code == 403
        assert signed_in(app, Browser(), "sandbox-clinician").status_code == 403


@contextlib.contextmanager
def another_vendor(ehr: SandboxEhr) -> Iterator[None]:
    """The sandbox as an EHR that gives apps no administrations, as its page for demonstrations makes it."""
    requests.put(f"{ehr.url}/sandbox/vendor/athena", json={}, timeout=10).raise_for_status()
    try:
        yield
    finally:
        requests.put(f"{ehr.url}/sandbox/vendor/plain", json={}, timeout=10).raise_for_status()


def test_an_ehr_without_administrations_is_told_as_such(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """The launch ends on the words of `doctor`: trying again won't help, IT may."""
    with another_vendor(ehr):
        page = Browser().get(ehr.launch_address("edh-patient", "edh-encounter"))
    assert page.status_code == 502
    assert "it gives apps no record of what was administered" in page.text
    assert "give your IT the reference below" in page.text
    assert "in a moment" not in page.text


def test_an_ehr_that_becomes_another_is_noticed(app: AppUnderTest, ehr: SandboxEhr) -> None:
    """Once it refuses what it had declared it is asked anew: the second page has the reason, and it works both ways."""
    browser = Browser()
    page = browser.get(ehr.launch_address("edh-patient", "edh-encounter"))
    assert page.status_code == 200
    with another_vendor(ehr):
        texts = [browser.get(page.url).text for _ in range(2)]
    assert "no record of what was administered" in texts[1]
    answers = [browser.get(page.url).status_code for _ in range(2)]
    assert answers[1] == 200
