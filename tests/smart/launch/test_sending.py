"""Sending that takes long: the coder is led to a page that says how far it is, leaves it, and comes back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from plugin.ehr.errors import SessionEnded
from plugin.store.worklist import Worklist
from plugin.store.worklist_search import Wanted
from plugin.web import sending
from plugin.web.services import Services
from tests.smart.launch.conftest import Browser
from tests.smart.launch.fake_ehr import CLIENT_ID, FakeEhr
from tests.unit.review.pretend import Ehr, PretendSink

CHARTS = Path(__file__).parents[3] / "plugin/sandbox/charts"
TENANTS = f'''
[tenants.fake]
iss = "{{iss}}"
client_id = "{CLIENT_ID}"
[tenants.fake.roles]
"Practitioner/ann" = "coder"
'''
SOON = 10.0


class SlowSink(PretendSink):
    """Takes the first charge at once, and the second when it is let through; then does what `ends_by` says."""

    def __init__(self) -> None:
        super().__init__(Ehr())
        self.first, self.gate = threading.Event(), threading.Event()
        self.ends_by: Exception | None = None

    def create(self, draft: Any) -> Any:
        if self.first.is_set():
            assert self.gate.wait(SOON)
            if self.ends_by:
                raise self.ends_by
        self.first.set()
        return super().create(draft)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowSink]:
    """The EHR's way of taking charges, and nobody who waits for it."""
    slow = SlowSink()
    monkeypatch.setattr(Services, "sink", lambda *_: slow)
    monkeypatch.setattr(sending, "PATIENCE_SECONDS", 0.0)
    with ThreadPoolExecutor(2) as pool:  # what is under way ends before the app is closed
        monkeypatch.setattr(sending, "_pool", pool)
        yield slow
        slow.gate.set()


@pytest.fixture
def chart(make_browser: Any, ehr: FakeEhr, sink: SlowSink) -> tuple[Browser, str]:
    """A coder before a chart with two lines."""
    ehr.hold(CHARTS / "iron-sucrose-by-push" / "chart.json")
    ehr.claims = {"fhirUser": "Practitioner/ann"}
    ehr.token = {"patient": "irn-patient", "encounter": "irn-encounter"}
    browser: Browser = make_browser(tenants=TENANTS.format(iss=ehr.iss))
    return browser, browser.launch().location.rstrip("/")


def accept_all(browser: Browser, session: str, lines: int = 2) -> TestResponse:
    """Accept all lines, as the page's form does."""
    page = browser.get(f"{session}/")
    ready = [part.split('"')[0] for part in page.text.split('name="ready" value="')[1:]]
    seen = [part.split('"')[0] for part in page.text.split('name="seen" value="')[1:]]
    assert len(ready) == lines
    form: dict[str, Any] = {**browser.form(page), "ready": ready, "seen": seen}
    return browser.post(f"{session}/accept-all", form)


def until(look: Any) -> None:
    """Wait until something is so."""
    waited = threading.Event()
    for _ in range(200):
        if look():
            return
        waited.wait(0.05)
    raise AssertionError("it never came to that")


def test_leaving_while_charges_are_sent_and_coming_back(chart: tuple[Browser, str], sink: SlowSink) -> None:
    """One of two is there, then both; nobody waited, and the worklist heard of it without anybody coming back."""
    browser, session = chart
    answer = accept_all(browser, session)
    assert (answer.status_code, answer.location) == (303, f"{session}/sending")
    until(lambda: "1 of 2</strong> accepted" in browser.get(f"{session}/sending").text)
    page = browser.get(f"{session}/sending").text
    assert "data-running" in page
    assert "You can leave this page" in page
    assert "are being sent at this moment" in browser.get(f"{session}/").text
    rows = Worklist(browser.services.store, "fake")
    sink.gate.set()
    until(lambda: rows.page(Wanted("posted"), "").counts["posted"] == 1)
    until(lambda: "Nothing is left to send" in browser.get(f"{session}/sending").text)
    done = browser.get(f"{session}/sending").text
    assert "2 of 2</strong> accepted" in done
    assert "data-running" not in done
    [row] = rows.page(Wanted("posted"), "").rows
    assert (row.counts["posted"], row.counts["accepted"]) == (2, 0)


def test_what_a_break_left_over_is_sent_by_one_button(
    chart: tuple[Browser, str], sink: SlowSink, caplog: pytest.LogCaptureFixture
) -> None:
    """The session ended under way; both charges are there in the end, each once."""
    browser, session = chart
    sink.ends_by = SessionEnded("over")
    accept_all(browser, session)
    sink.gate.set()
    until(lambda: "Send the rest" in browser.get(f"{session}/sending").text)
    assert "sending charges ended early: SessionEnded" in caplog.text
    sink.ends_by = None
    form = browser.form(browser.get(f"{session}/sending"))
    browser.post(f"{session}/send-rest", form)
    until(lambda: len(sink.ehr.charges) == 2)
    assert sink.ehr.creations == 2


def test_who_waits_hears_at_once(chart: tuple[Browser, str], sink: SlowSink, monkeypatch: pytest.MonkeyPatch) -> None:
    """An EHR that answers within the patience leads back to the charges, as a click should."""
    monkeypatch.setattr(sending, "PATIENCE_SECONDS", SOON)
    sink.gate.set()
    browser, session = chart
    assert accept_all(browser, session).location == f"{session}/?said=sent-2&at=charges#charges"


class Crowd(PretendSink):
    """Counts how many charges are on their way at once; lets them through when the expected number is, or nobody comes.

    A moment passes before it does, in which one too many would come.
    """

    def __init__(self, expected: int) -> None:
        super().__init__(Ehr())
        self.here = threading.Barrier(expected)
        self.lock, self.under_way, self.most = threading.Lock(), 0, 0

    def create(self, draft: Any) -> Any:
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        with suppress(threading.BrokenBarrierError):
            self.here.wait(1.0)
        threading.Event().wait(0.2)
        with self.lock:
            self.under_way -= 1
            return super().create(draft)


@pytest.mark.parametrize(("more", "at_once"), [("", 4), ("parallel = 2", 2), ("parallel = 16", 4)])
def test_four_charges_at_most_are_on_their_way_at_once(
    make_browser: Any, ehr: FakeEhr, monkeypatch: pytest.MonkeyPatch, more: str, at_once: int
) -> None:
    """Seven are accepted together; an EHR that wants fewer requests gets fewer, and one that takes more no more."""
    crowd = Crowd(at_once)
    monkeypatch.setattr(Services, "sink", lambda *_: crowd)
    monkeypatch.setattr(sending, "PATIENCE_SECONDS", SOON)
    ehr.hold(CHARTS / "ed-hydration-with-pushes" / "chart.json")
    ehr.resources["metadata"] = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": []}
    ehr.claims = {"fhirUser": "Practitioner/ann"}
    ehr.token = {"patient": "edh-patient", "encounter": "edh-encounter"}
    tenants = TENANTS.format(iss=ehr.iss).replace("[tenants.fake.roles]", f"{more}\n[tenants.fake.roles]")
    browser: Browser = make_browser(tenants=tenants)
    session = browser.launch().location.rstrip("/")
    assert accept_all(browser, session, 7).location == f"{session}/?said=sent-7&at=charges#charges"
    assert (crowd.most, crowd.ehr.creations) == (at_once, 7)
