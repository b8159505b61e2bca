"""The worklist as a coder works from it: sign in without a chart, claim, hold, open a chart, look at the dashboards."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.ehr_pages import CODER, Ehr
from tests.browser.looks import found_in_every_look

PATIENT = "abx-patient"


def sign_in(page: Page, app: str, user: str = CODER) -> None:
    """Come to the app without a chart, as this person."""
    page.goto(f"{app}/sign-in?tenant=sandbox")
    page.get_by_label("Who are you?").select_option(user)
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("link", name="Worklist")).to_be_visible()


@pytest.fixture
def app(ehr: Ehr) -> str:
    """The app's address, after a coder has looked at one chart."""
    ehr.log_in(CODER)
    opened = ehr.launch_whole(PATIENT)
    address = urlsplit(opened.url)
    opened.close()
    return f"{address.scheme}://{address.netloc}"


def to_worklist(page: Page, app: str) -> None:
    """Sign in and see every encounter."""
    sign_in(page, app)
    page.get_by_role("link", name="Worklist").click()
    page.get_by_role("link", name="All").click()


def row_of(page: Page):
    """The row of the chart that was looked at."""
    return page.locator("li.row", has_text="880158810")


def overflows(page: Page) -> bool:
    """Whether anybody has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_the_first_page_is_accessible(page, app):
    """In every look; from there to the list and back."""
    to_worklist(page, app)
    page.get_by_role("link", name="Back to the first page").click()
    assert found_in_every_look(page) == {}


def test_without_javascript_from_the_claim_to_the_chart(new_context, app):
    """Claim, hold with a reason, take off hold, give back, and open the chart, by plain forms."""
    page = new_context(java_script_enabled=False).new_page()
    to_worklist(page, app)
    row_of(page).get_by_role("button", name="Claim").click()
    expect(row_of(page)).to_contain_text("Claimed by you")
    row_of(page).locator("summary").click()
    row_of(page).get_by_label("Reason").fill("waits for the order")
    row_of(page).get_by_role("button", name="Put on hold").click()
    expect(row_of(page)).to_contain_text("On hold: waits for the order")
    row_of(page).get_by_role("button", name="Take off hold").click()
    row_of(page).get_by_role("button", name="Give back").click()
    expect(row_of(page).get_by_role("button", name="Claim")).to_be_visible()
    row_of(page).get_by_role("button", name="Open chart").click()
    expect(page.locator("tbody.charge").first).to_be_visible()


def test_by_the_keyboard(page, app):
    """The filters, the search and a row's buttons are reached by Tab in their order, and Enter works them."""
    to_worklist(page, app)
    page.get_by_label("Name, record or encounter number").focus()
    page.keyboard.type("whitf har")
    page.keyboard.press("Enter")
    expect(page.locator("li.row")).to_have_count(1)
    row_of(page).get_by_role("button", name="Open chart").focus()
    page.keyboard.press("Tab")
    expect(row_of(page).get_by_role("button", name="Claim")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row_of(page)).to_contain_text("Claimed by you")
    row_of(page).get_by_role("button", name="Give back").focus()
    page.keyboard.press("Enter")
    expect(row_of(page).get_by_role("button", name="Claim")).to_be_visible()


def test_two_coders_want_one_encounter(new_context, app):
    """The second sees who has it, and a page that was open before is told so."""
    first, second = new_context().new_page(), new_context().new_page()
    to_worklist(first, app)
    sign_in(second, app, "sandbox-lead")
    second.get_by_role("link", name="Worklist").click()
    second.get_by_role("link", name="All").click()
    row_of(first).get_by_role("button", name="Claim").click()
    expect(row_of(first)).to_contain_text("Claimed by you")
    row_of(second).get_by_role("button", name="Claim").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("Somebody else has it")
    expect(second.locator("main")).to_contain_text("Cody Ledger has claimed this encounter")
    assert violations(second) == []
    row_of(first).get_by_role("button", name="Give back").click()


def test_from_row_to_row_by_the_keyboard(page, app):
    """`b` and `n` in a chart lead back to its row and on; after the last one the list says so."""
    to_worklist(page, app)
    row_of(page).get_by_role("button", name="Open chart").press("Enter")
    expect(page.locator("#show-keys")).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_role("link", name="Back to the worklist")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="All")).to_have_attribute("aria-current", "true")
    assert "#row-" in page.url
    page.go_back()
    expect(page.locator("#show-keys")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("That was the last encounter")


def test_leaving_while_an_ehr_takes_its_time(page, app, ehr):
    """Eleven charges of a slow EHR: a page counts them by itself, can be left, and the chart says what came of each."""
    ehr.log_in(CODER)
    chart = ehr.launch_whole("chm-patient")
    with slow_ehr(page, ehr.address, 700):
        chart.get_by_role("button", name="Accept all").click()
        expect(chart.get_by_role("heading", name="Sending charges")).to_be_visible(timeout=60_000)
        expect(chart.get_by_role("status")).to_contain_text("You can leave this page")
        assert violations(chart) == []
        chart.set_viewport_size({"width": 320, "height": 700})
        assert not overflows(chart)
        chart.set_viewport_size({"width": 1280, "height": 900})
    expect(chart.get_by_role("status")).to_contain_text("Nothing is left to send", timeout=60_000)
    assert violations(chart) == []
    chart.get_by_role("link", name="Back to the charges").click()
    expect(chart.locator(".charges .state", has_text="Sent as").first).to_be_visible()


def test_the_how_to_from_the_sign_in_to_the_next_chart(page, ehr, new_context):
    """As it tells a new coder: sign in on the first page, claim, open, accept what is clean, and go on."""
    ehr.log_in(CODER)
    for patient in ("irn-patient", "inj-patient"):
        opened = urlsplit(ehr.launch_whole(patient).url)
    coder = new_context().new_page()
    coder.goto(f"{opened.scheme}://{opened.netloc}/")
    coder.get_by_role("link", name="Sign in at Sandbox EHR").click()
    coder.get_by_label("Who are you?").select_option(CODER)
    coder.get_by_role("button", name="Allow").click()
    coder.get_by_role("link", name="Worklist").click()
    first, second = coder.locator("li.row h2").all_inner_texts()[:2]
    coder.locator("li.row").first.get_by_role("button", name="Claim").click()
    expect(coder.locator("li.row").first).to_contain_text("Claimed by you")
    coder.locator("li.row").first.get_by_role("button", name="Open chart").click()
    expect(coder.locator(".patient .name")).to_have_text(first)
    coder.wait_for_load_state()  # keys are heard from then on
    coder.keyboard.press("a")
    coder.keyboard.press("Enter")
    expect(coder.get_by_role("status")).to_contain_text("sent to the EHR")
    coder.keyboard.press("n")
    coder.keyboard.press("Enter")
    expect(coder.locator(".patient .name")).to_have_text(second)
    coder.wait_for_load_state()
    coder.keyboard.press("b")
    coder.keyboard.press("Enter")
    coder.get_by_role("link", name="Posted").click()
    expect(coder.get_by_role("heading", name=first)).to_be_visible()


@contextlib.contextmanager
def slow_ehr(page: Page, address: str, milliseconds: int) -> Iterator[None]:
    """Every answer of the sandbox's FHIR server takes so long."""
    switch = f"{address}/sandbox/faults/slow"
    assert page.request.put(switch, data={"value": milliseconds}).ok
    try:
        yield
    finally:
        assert page.request.delete(switch).ok
