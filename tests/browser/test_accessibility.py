"""axe finds nothing on the pages on the way: WCAG 2.2 AA. `test_states` looks at each state in every look."""

from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.ehr_pages import CLINICIAN, CODER, Ehr
from tests.browser.servers import running_pair


def open_all(page: Page) -> None:
    """Unfold everything: what is folded away is read, too. Folds of one name close each other, so the name goes."""
    page.evaluate("for (const fold of document.querySelectorAll('details')) { fold.name = ''; fold.open = true; }")


def test_answers_that_were_attested_and_the_keys(ehr):
    """The late entries, the lines that wait, and the dialog over them."""
    ehr.log_in(CLINICIAN)
    page = ehr.launch_whole("ora-patient")
    page.keyboard.press("c")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#attested")).to_be_visible()
    open_all(page)
    assert violations(page) == []
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    while page.locator("#attested").get_by_role("button", name="Take back").count():
        page.locator("#attested").get_by_role("button", name="Take back").first.click()
        page.wait_for_load_state()


def test_decided_refused_and_stopped(ehr):
    """After a decision; after a form that was refused; after the chart changed under it."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("kcl-patient")
    row = page.locator("tbody.charge").first
    row.locator("summary", has_text="Dismiss").click()
    row.get_by_role("combobox").select_option("Not performed")
    row.get_by_role("button", name="Dismiss").click()
    expect(page.locator("[role=status].alert")).to_contain_text("1 charge dismissed")
    open_all(page)
    assert violations(page) == []
    page.reload()
    row = page.locator("tbody.charge").nth(1)
    row.locator("summary", has_text="Edit").click()
    row.get_by_label("Modifiers").fill("ZZ")
    row.get_by_label("Reason", exact=True).fill("to be refused")
    row.get_by_role("button", name="Accept with these changes").click()
    expect(page.locator(".alert-bad")).to_contain_text("not a modifier")
    assert violations(page) == []


def test_the_pages_around_it(ehr, tmp_path):
    """Logged out, no session any more; the page of somebody who may only read."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("abx-patient")
    address = page.url
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("h1")).to_be_visible()
    assert violations(page) == []
    page.goto(address)
    expect(page.locator("h1")).to_have_text("No session here")
    assert violations(page) == []
    with running_pair(tmp_path, partitioned=True) as address:
        reader = Ehr(ehr.page, address)
        reader.log_in(CODER)
        page = reader.launch_whole("chm-patient")
        expect(page.locator(".alert", has_text="Read only.")).to_be_visible()
        assert violations(page) == []


def test_nothing_was_given(ehr):
    """The empty state."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("inp-patient")
    assert violations(page) == []
