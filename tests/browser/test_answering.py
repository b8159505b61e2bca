"""Questions answered in the app: attested, confirmed together, waiting for the chart, and by whom."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.ehr_pages import CLINICIAN, CLINICIAN_NAME, CODER, CODER_NAME, Ehr
from tests.browser.made_charts import eight_instants
from tests.browser.servers import running_pair

BILL_AT_ONCE = '\n[tenants.sandbox.positions]\nattested_times = "bill"\n'
WAITS = "Attested, waiting for the chart"
ATTEST_FIRST = """async () => {
    const form = new URLSearchParams(new FormData(document.querySelector('#chart-form')));
    const token = document.querySelector('li.question').dataset.question;
    form.set('question', token);
    form.set('listed', "From the pump's record");
    const answer = await fetch(location.pathname + 'attest', {method: 'POST', body: form});
    return [answer.status, await answer.text()];
}"""


class Keys:
    """Presses keys and counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1


def row(page: Page, code: str):
    """The row of a code."""
    return page.locator("tbody.charge").filter(has=page.locator(".code", has_text=re.compile(f"^{code}$")))


def answer_stop(page: Page, stop: str) -> None:
    """Open the first question's form, give the stop time and a ground, and attest."""
    page.locator("summary", has_text="one by one").click()
    question = page.locator("li.question").first
    question.locator("summary", has_text="Answer here").click()
    question.get_by_label(re.compile("^Stop of")).fill(stop)
    question.get_by_label("From the pump's record").check()
    question.get_by_role("button", name="Attest").click()


@pytest.fixture
def billing_at_once(tmp_path: Path) -> Iterator[str]:
    """A site where attested times bill, with a chart of eight instants."""
    charts = eight_instants(tmp_path)
    with running_pair(tmp_path, partitioned=True, charts=charts, site=BILL_AT_ONCE) as address:
        yield address


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[str]:
    """A sandbox of this test's own: its chart gets corrected, which other tests of that chart must not see."""
    with running_pair(tmp_path, partitioned=True) as address:
        yield address


def test_eight_instants_are_finished_in_under_ten_keystrokes(page, billing_at_once):
    """Confirm the eight stop times together, then accept everything: five keys, eight infusions on the bill."""
    ehr = Ehr(page, billing_at_once)
    ehr.log_in(CLINICIAN)
    review = ehr.launch_whole("ins-patient")
    expect(review.locator("#confirm li")).to_have_count(8)
    expect(review.locator("#confirm input[type=datetime-local]").first).to_have_value("2026-03-02T08:45")
    effect = review.locator("#confirm .effect tbody tr")
    told = {each.locator(".code").inner_text(): each.locator("td").all_inner_texts() for each in effect.all()}
    assert told == {"96365": ["none", "1"], "96367": ["none", "7"]}
    keys = Keys(review)
    keys.press("c", "Space", "Enter")
    expect(review.locator("[role=status].alert")).to_contain_text("8 answers attested")
    expect(review.locator("#confirm")).to_have_count(0)
    keys.press("a", "Enter")
    expect(review.locator("[role=status].alert")).to_contain_text("charges sent to the EHR")
    assert keys.pressed < 10
    billed = {line.code: line.units for line in ehr.bill("ins-patient", "ins-encounter")}
    assert (billed["96365"], billed["96367"]) == ("1", "7")


def test_an_attested_stop_makes_a_charge_that_waits_for_the_chart(page, own_sandbox):
    """The question goes, the charge comes and can't be accepted; charting the late entry makes it a charted one."""
    ehr = Ehr(page, own_sandbox)
    ehr.log_in(CLINICIAN)
    page = ehr.launch_whole("mst-patient")
    before = page.locator("tbody.charge").count()
    answer_stop(page, "2026-10-05T11:52")
    expect(page.locator("[role=status].alert")).to_contain_text("1 answer attested")
    expect(page.locator("#questions", has_text="When did it stop")).to_have_count(0)
    for code in ("96365", "96367"):  # the longer run is initial now, so the other line hangs on it too
        expect(row(page, code).locator(".state")).to_have_text(WAITS)
        expect(row(page, code).get_by_role("button", name="Accept")).to_have_count(0)
    row(page, "96365").locator("summary", has_text="Why").click()
    expect(row(page, "96365")).to_contain_text("Evidence: attested in this app, not charted")
    expect(row(page, "96365")).to_contain_text(f"Attested by {CLINICIAN_NAME}, not charted")
    assert page.locator("tbody.charge").count() == before + 1
    late = page.locator("#late-entries").input_value()
    assert re.fullmatch(
        rf"Late entry \d{{4}}-\d\d-\d\d \d\d:\d\d by {CLINICIAN_NAME}: azithromycin .*: stop 11:52 on 2026-10-05\. "
        r"Reason for the late entry: From the pump's record\.",
        late,
    )
    expect(page.locator("#trail")).to_contain_text(f"{CLINICIAN_NAME} (clinician) attested azithromycin")

    ehr.open_chart("mst-patient")
    expect(ehr.page.locator("table.mar tbody tr", has_text="azithromycin").first).not_to_contain_text("11:52")
    ehr.correct_stop("mst-patient", "azithromycin", "2026-10-05T11:52")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#attested")).to_contain_text("The chart says so now")
    expect(row(page, "96367").locator(".state")).to_have_text("Not decided")
    row(page, "96365").locator("summary", has_text="Why").click()
    expect(row(page, "96365")).to_contain_text("Evidence: charted start and stop")


def test_what_is_missing_comes_first_while_the_patient_is_here(page, ehr):
    """On a telephone: the question stands before the picture, within its width, and can be answered there."""
    page.set_viewport_size({"width": 390, "height": 844})
    ehr.log_in(CLINICIAN)
    page = ehr.launch_whole("sth-patient")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#questions")).to_contain_text("The patient is still here: now is the time to find out.")
    sections = page.locator("main > section, main > details").evaluate_all("all => all.map((one) => one.id)")
    assert sections.index("questions") < sections.index("timeline") < sections.index("charges")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    answer_stop(page, "2026-10-19T11:52")
    expect(page.locator(".alert-good")).to_contain_text("1 answer attested")
    expect(page.locator("#late-entries")).to_have_value(re.compile("azithromycin.*: stop 11:52 on 2026-10-19"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_coder_may_not_attest_a_time(ehr):
    """The page offers no form and says who can; a form made up by hand is refused by the server, and nothing stands."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("ora-patient")
    question = page.locator("li.question").first
    expect(question).to_contain_text("A clinician can attest it here.")
    expect(page.locator("summary", has_text="Answer here")).to_have_count(0)
    status, text = page.evaluate(ATTEST_FIRST)
    assert status == 403
    assert "Only a clinician may attest this." in text
    page.reload()
    expect(page.locator("#attested")).to_have_count(0)


def test_what_answers_would_change_is_worked_out_for_those_chosen(ehr):
    """One of three is left out and another one longer: the table follows, the form stays as it was, nothing is kept."""
    ehr.log_in(CLINICIAN)
    page = ehr.launch_whole("ora-patient")
    lines = page.locator("#confirm > ul > li")
    effect = page.locator("#confirm .effect tbody")
    expect(effect.locator("tr")).to_have_count(3)
    lines.nth(1).get_by_role("checkbox").uncheck()
    lines.nth(2).locator("input[type=datetime-local]").fill("2026-07-14T23:55")
    page.get_by_role("button", name="Work out anew").click()
    expect(page.locator("#confirm [role=status]")).to_contain_text("Nothing is recorded yet.")
    expect(lines.nth(1).get_by_role("checkbox")).not_to_be_checked()
    expect(lines.nth(2).locator("input[type=datetime-local]")).to_have_value("2026-07-14T23:55")
    expect(effect.locator("tr")).not_to_have_count(0)
    assert violations(page) == []
    page.goto(page.url.rpartition("/")[0] + "/")
    expect(page.locator("#attested")).to_have_count(0)
    expect(effect.locator("tr")).to_have_count(3)


def test_a_reply_is_awaited_from_somebody_with_a_name(ehr):
    """The nurse's name is read when the question is sent; the list says it, and never a reference."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("mst-patient")
    page.locator("li.question").first.get_by_role("button", name="Send to the nurse").click()
    sent = page.locator("li.question .sent").first
    expect(sent).to_contain_text(re.compile(f"Sent to [A-Z][a-z]+ [A-Z][a-z]+ by {CODER_NAME}"))
    expect(page.locator("#trail")).not_to_contain_text("Practitioner/")


def test_what_was_attested_can_be_taken_back(ehr):
    """The question is asked again, and the trail keeps both."""
    ehr.log_in(CLINICIAN)
    page = ehr.launch_whole("ora-patient")
    asked = page.locator("#confirm li").count()
    assert asked == 3
    taken_back = page.locator("#trail li").filter(has_text="took back what was attested")
    before = taken_back.count()  # other tests attest on this chart too
    keys = Keys(page)
    keys.press("c", "Space", "Enter")
    expect(page.locator("#attested li")).to_have_count(asked)
    for _ in range(asked):
        page.locator("#attested").get_by_role("button", name="Take back").first.click()
    expect(page.locator("#attested")).to_have_count(0)
    expect(page.locator("#confirm li")).to_have_count(asked)
    expect(taken_back).to_have_count(before + asked)


def test_a_question_goes_to_the_nurse_and_comes_back(ehr):
    """Sent as a task in the EHR, answered there by the nurse, and shown beside the question; once at a time."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("ora-patient")
    question = page.locator("li.question").first
    asked = question.locator("p").first.inner_text()
    question.get_by_role("button", name="Send to the nurse").click()
    expect(page.locator("[role=status].alert")).to_contain_text("1 question sent")
    expect(page.locator("li.question").first.locator(".sent")).to_contain_text("Not answered yet")
    expect(page.locator("li.question").first.get_by_role("button", name="Send to the nurse")).to_have_count(0)

    ehr.log_in(CLINICIAN)
    ehr.open_chart("ora-patient")
    task = ehr.page.locator("table.tasks tbody tr")
    expect(task).to_contain_text(asked)
    expect(task).not_to_contain_text("96")  # what an answer would be worth is not the nurse's business
    expect(task).to_contain_text(CODER_NAME)
    task.get_by_label("Reply").fill("Ran to 14:20, charted now.")
    task.get_by_role("button", name="Done").click()

    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("li.question").first.locator(".sent")).to_contain_text("Answered: Ran to 14:20, charted now.")
    expect(page.locator("#trail")).to_contain_text(f"{CODER_NAME} (coder) sent the question: {asked}")
    expect(page.locator("#trail")).to_contain_text("answered: Ran to 14:20, charted now.")
    expect(page.locator("li.question").first.get_by_role("button", name="Send to the nurse")).to_have_count(1)
