"""Each filter and order of the worklist, over encounters that came into every state by what people and EHRs do."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.ehr_pages import CODER, Ehr
from tests.browser.looks import found_in_every_look
from tests.browser.servers import running_pair
from tests.browser.test_states import fault
from tests.browser.test_worklist import sign_in

KEYS = """
second_person = true
bill_hold_days = 3
fees = ["fees.csv"]
worklist_scopes = "user/Patient.rs user/Encounter.rs user/Condition.rs user/MedicationAdministration.rs"
"""
ROLES = '"Practitioner/sandbox-coder" = "coder"\n"Practitioner/sandbox-lead" = "lead"\n'
# A push of 150 dollars, hours of 100, and nothing else has a price.
FEES = "code,amount\n96374,150\n96365,100\n96366,100\n"

WHITFIELD, DEMIRCI, BEAUMONT = "Harold Whitfield", "Aylin Demirci", "Elliot James Beaumont"
NAKAGAWA, BAPTISTE, BOATENG = "Stephen T. Nakagawa", "Yvonne Baptiste", "Kofi Boateng"
GRABOWSKI, CASTELLANOS, FERREIRA = "Walter Grabowski", "Rosa Elena Castellanos", "Joao Ferreira"
EVERYBODY = {
    *(WHITFIELD, DEMIRCI, BEAUMONT, NAKAGAWA, BAPTISTE),
    *(BOATENG, GRABOWSKI, CASTELLANOS, FERREIRA),
}
# Who stands under which filter, by what happens to them in `at_work`.
FOUND = {
    "Mine": {CASTELLANOS},
    "Needs an answer": {NAKAGAWA, FERREIRA},
    "Ready": {NAKAGAWA, BOATENG, GRABOWSKI, CASTELLANOS, FERREIRA},
    "Accepted": {DEMIRCI},
    "Posted": {DEMIRCI, BEAUMONT},
    "Unknown": {FERREIRA},
    "Failed": {BAPTISTE},
    "Stale": {WHITFIELD},
    "On hold": {GRABOWSKI},
    "To do": EVERYBODY - {BEAUMONT, GRABOWSKI},
    "All": EVERYBODY,
}


@pytest.fixture(scope="module")
def worklist(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A coder's worklist after nine charts came into nine states."""
    folder = tmp_path_factory.mktemp("states")
    (folder / "fees.csv").write_text(FEES, encoding="utf-8")
    with running_pair(folder, partitioned=True, keys=KEYS, site=ROLES) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(20_000)
        ehr = Ehr(context.new_page(), address)
        ehr.log_in(CODER)
        app = at_work(ehr)
        sign_in(ehr.page, app)
        ehr.page.get_by_role("link", name="Worklist").click()
        ehr.page.get_by_role("link", name="All").click()
        row_of(ehr.page, CASTELLANOS).get_by_role("button", name="Claim").click()
        row_of(ehr.page, GRABOWSKI).locator("summary").click()
        row_of(ehr.page, GRABOWSKI).get_by_label("Reason").fill("waits for the order")
        row_of(ehr.page, GRABOWSKI).get_by_role("button", name="Put on hold").click()
        yield ehr.page
        context.close()


def at_work(ehr: Ehr) -> str:
    """Look at nine charts and work on most of them; the app's address."""
    for patient in ("mst", "inj", "tas", "obs"):  # only looked at
        ehr.launch_whole(f"{patient}-patient").close()
    accept_all(ehr, "inf", "Sent as")
    accept_all(ehr, "abx", "Sent as")
    ehr.correct_stop("abx-patient", "ertapenem", "2026-06-10T14:42")
    stale = ehr.launch_whole("abx-patient")
    expect(stale.locator(".charges")).to_contain_text("Changed since")
    stale.close()
    with fault(ehr, "break-the-glass", "ChargeItem"):
        accept_all(ehr, "kcl", "Refused")
    raise_units(ehr)
    return lose_an_answer(ehr)


def accept_all(ehr: Ehr, patient: str, state: str) -> None:
    """Accept every line, and see what becomes of the first."""
    page = ehr.launch_whole(f"{patient}-patient")
    page.locator("#accept-all").click()
    expect(page.locator("#charge-1 .state")).to_contain_text(state)
    page.close()


def raise_units(ehr: Ehr) -> None:
    """Of two lines one is sent; the other is raised, so that a second person has to accept it too."""
    page = ehr.launch_whole("irn-patient")
    page.locator("#charge-1").get_by_role("button", name="Accept").click()
    expect(page.locator("#charge-1 .state")).to_contain_text("Sent as")
    drug = page.locator("#charge-2")
    drug.locator("summary", has_text="Edit").click()
    drug.get_by_label("Units").fill("201")
    drug.get_by_label("Reason", exact=True).fill("counted again")
    drug.get_by_role("button", name="Accept with these changes").click()
    expect(page.locator("#charge-2 .state")).to_contain_text("second person")
    page.close()


def lose_an_answer(ehr: Ehr) -> str:
    """The EHR takes a charge, answers with an error, and then can't be asked what it has; the app's address."""
    page = ehr.launch_whole("ovl-patient")
    with fault(ehr, "slow", "2500"), fault(ehr, "error-after-write"):
        page.locator("#charge-1").get_by_role("button", name="Accept").click(no_wait_after=True)
        deadline = time.monotonic() + 60
        while not ehr.bill("ovl-patient", "ovl-encounter"):
            assert time.monotonic() < deadline
        with fault(ehr, "html"):
            expect(page.locator("main")).to_contain_text("may or may not have arrived", timeout=60_000)
    address = urlsplit(page.url)
    page.close()
    return f"{address.scheme}://{address.netloc}"


def row_of(page: Page, name: str):
    """One person's row."""
    return page.locator("li.row", has=page.get_by_role("heading", name=name))


def names(page: Page) -> list[str]:
    """Who is shown, in order."""
    return page.locator("li.row h2").all_inner_texts()


@pytest.mark.parametrize("words", FOUND)
def test_a_filter_shows_these_and_no_others(worklist: Page, words: str) -> None:
    """And says beforehand how many there are."""
    link = worklist.get_by_role("navigation").get_by_role("link", name=words)
    assert link.locator(".count").inner_text() == str(len(FOUND[words]))
    link.click()
    expect(worklist.get_by_role("navigation").locator("[aria-current]")).to_contain_text(words)
    assert set(names(worklist)) == FOUND[words]
    assert len(names(worklist)) == len(FOUND[words])


def test_a_row_says_why_it_is_there(worklist: Page) -> None:
    """In words for each state."""
    worklist.get_by_role("link", name="All").click()
    for name, words in {
        NAKAGAWA: "1 question",
        DEMIRCI: "1 line accepted",
        BEAUMONT: "5 lines posted",
        FERREIRA: "1 line unknown, check in the EHR",
        BAPTISTE: "5 lines failed",
        WHITFIELD: "2 lines stale, the chart has changed",
        GRABOWSKI: "On hold: waits for the order",
        CASTELLANOS: "Claimed by you",
        BOATENG: "Bill hold ended 27 Feb 2026",
    }.items():
        expect(row_of(worklist, name)).to_contain_text(words)


def test_the_orders(worklist: Page) -> None:
    """By age the oldest visit first; by money what is neither posted nor dismissed, 150 dollars of a push at least.

    The deadline is three days after each visit, so it orders as the age does.
    """
    by_age = [DEMIRCI, GRABOWSKI, BOATENG, BEAUMONT, WHITFIELD, FERREIRA, CASTELLANOS, NAKAGAWA, BAPTISTE]
    worklist.get_by_role("link", name="All").click()
    for order in ("Age", "Deadline"):
        worklist.get_by_label("Order by").select_option(order)
        worklist.get_by_role("button", name="Show").click()
        expect(worklist.get_by_label("Order by")).to_have_value(order.lower())
        assert names(worklist) == by_age
    worklist.get_by_label("Order by").select_option("Expected money")
    worklist.get_by_role("button", name="Show").click()
    expect(worklist.get_by_label("Order by")).to_have_value("money")
    dollars = [int(text.removeprefix("$")) for text in worklist.locator("li.row .facts strong").all_inner_texts()]
    assert dollars == sorted(dollars, reverse=True)
    # The push was posted, and of the rest the drug has no price; of 5 failed lines 96365 once and 96366 counts.
    expect(row_of(worklist, DEMIRCI)).to_contain_text("Expected $0 and 1 line without a price")
    expect(row_of(worklist, BEAUMONT)).to_contain_text("Expected $0")


def test_in_every_look(worklist: Page) -> None:
    """axe finds nothing, forced colours included, and nothing is wider than a phone; everything is unfolded."""
    worklist.get_by_role("link", name="All").click()
    assert found_in_every_look(worklist) == {}
