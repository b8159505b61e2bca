"""Each state a page can be in, in each way it may have to be looked at: axe finds nothing, and nothing runs off it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.ehr_pages import CLINICIAN, Ehr
from tests.browser.looks import found_in_every_look
from tests.browser.made_charts import nothing_given
from tests.browser.servers import running_pair

PATIENT = "abx-patient"
NOTE_WHAT_SHOWS = """() => new MutationObserver(([change]) => {
    const off = document.querySelector('#refresh').ariaDisabled;
    sessionStorage.shown = `${change.target.checkVisibility()}, button off: ${off}`;
}).observe(document.querySelector('#working'), {attributes: true})"""


@contextmanager
def fault(ehr: Ehr, name: str, value: str = "") -> Iterator[None]:
    """The EHR misbehaves for a while."""

    def turn(way: str) -> None:
        form = {"turn": way, "value": value}
        answer = ehr.page.request.post(
            f"{ehr.address}/switches/faults/{name}", form=form, headers={"Origin": ehr.address}
        )
        assert answer.ok

    turn("on")
    try:
        yield
    finally:
        turn("off")


@pytest.fixture(scope="module")
def own_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An EHR that nobody else minds being broken."""
    with running_pair(tmp_path_factory.mktemp("states"), partitioned=True) as address:
        yield address


@pytest.fixture
def opened(new_context: Callable[..., BrowserContext], own_ehr: str) -> tuple[Ehr, Page]:
    """A chart open before a clinician."""
    ehr = Ehr(new_context().new_page(), own_ehr)
    ehr.log_in(CLINICIAN)
    return ehr, ehr.launch_whole(PATIENT)


def test_charges_and_questions(opened: tuple[Ehr, Page]) -> None:
    """The page as it mostly is: a day of chemotherapy; questions with their forms."""
    ehr, _ = opened
    for patient in ("chm-patient", "ora-patient"):
        assert found_in_every_look(ehr.launch_whole(patient)) == {}


def test_empty(page: Page, tmp_path: Path) -> None:
    """Nothing was charted as given: the page says so and what to do."""
    with running_pair(tmp_path, partitioned=True, charts=nothing_given(tmp_path)) as address:
        ehr = Ehr(page, address)
        ehr.log_in(CLINICIAN)
        page = ehr.launch_whole(PATIENT)
        expect(page.get_by_role("heading", name="Nothing was charted as given")).to_be_visible()
        assert found_in_every_look(page) == {}


def test_loading(opened: tuple[Ehr, Page]) -> None:
    """While a slow EHR is asked, the page says what it is waiting for, and its button works no second time."""
    ehr, page = opened
    expect(page.locator("#working")).not_to_be_visible()
    page.evaluate(NOTE_WHAT_SHOWS)  # the browser looks at no page that is being left, so it notes it for the next
    with fault(ehr, "slow", "1500"):
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator(".alert", has_text="Nothing has changed")).to_be_visible(timeout=60_000)
    assert page.evaluate("sessionStorage.shown") == "true, button off: true"
    expect(page.locator("#working")).not_to_be_visible()
    page.evaluate("document.querySelector('#working').hidden = false")
    assert found_in_every_look(page) == {}


def test_partial(opened: tuple[Ehr, Page]) -> None:
    """The EHR left something out: nothing is ready, and what is missing is listed."""
    ehr, page = opened
    with fault(ehr, "partial-data"):
        page.reload()
    expect(page.locator(".word-incomplete")).to_contain_text("Not complete")
    expect(page.locator("#accept-all")).to_have_count(0)
    assert found_in_every_look(page) == {}


def test_failed(opened: tuple[Ehr, Page]) -> None:
    """The EHR gives no chart: why, and a way to try again that works once it does."""
    ehr, page = opened
    with fault(ehr, "html"):
        page.evaluate("location.reload()")
        expect(page.get_by_role("heading", level=1)).to_have_text("The EHR did not give what is needed")
        assert found_in_every_look(page) == {}
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Charge review")


def test_expired(opened: tuple[Ehr, Page]) -> None:
    """Logged out elsewhere: no session any more, and how to get one."""
    _, page = opened
    address = page.url
    page.get_by_role("button", name="Log out").click()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("No session here")
    assert found_in_every_look(page) == {}


def test_chart_changed(opened: tuple[Ehr, Page]) -> None:
    """Before and now side by side, after the chart changed under a decision."""
    ehr, page = opened
    ehr.correct_stop(PATIENT, "ertapenem", "2026-06-10T14:42")
    page.locator("#accept-all").click()
    expect(page.locator("#changes-heading")).to_have_text("The chart changed, so nothing was sent")
    assert found_in_every_look(page) == {}
