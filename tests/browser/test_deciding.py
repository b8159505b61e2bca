"""What stops a decision: the scrubber, somebody who was quicker, and what was charged by hand."""

import re

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.ehr_pages import CLINICIAN, CODER, CODER_NAME, LEAD, LEAD_NAME, Ehr
from tests.browser.made_charts import charged_by_hand
from tests.browser.servers import running_pair

INITIAL = "96413"


def test_an_edit_that_the_scrubber_refuses(ehr):
    """A second initial infusion is refused with what is wrong and how to mend it; nothing is recorded or sent."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("inf-patient")
    row = page.locator("tbody.charge", has=page.locator("th .code", has_text=INITIAL))
    row.locator("summary", has_text="Edit").click()
    row.get_by_label("Units").fill("2")
    row.get_by_label("Reason", exact=True).fill("two were given")
    row.get_by_role("button", name="Accept with these changes").click()
    expect(page.locator(".alert-bad")).to_contain_text("With these values the charge would be refused.")
    expect(page.locator(".alert-bad")).to_contain_text(f"{INITIAL} x2")
    row = page.locator("tbody.charge", has=page.locator("th .code", has_text=INITIAL))
    expect(row.locator(".state")).to_have_text("Not decided")
    expect(row.locator("[data-label=Units]")).to_have_text("1")
    assert ehr.bill("inf-patient", "inf-encounter") == []


def test_two_coders_on_one_encounter(ehr, new_context, demo):
    """The second, whose page is older, is told who accepted; the charge is on the bill once, and hers goes on."""
    ehr.log_in(CODER)
    first = ehr.launch_whole("obs-patient")
    other = Ehr(new_context().new_page(), demo)
    other.log_in(LEAD)
    second = other.launch_whole("obs-patient")
    code = first.locator("#charge-1 th .code").inner_text()
    next_code = first.locator("#charge-2 th .code").inner_text()

    first.locator("#charge-1").get_by_role("button", name="Accept").click()
    expect(first.locator("#charge-1 .state")).to_have_text(re.compile("Sent as"))
    expect(second.locator("#charge-1 .state")).to_have_text("Not decided")
    second.locator("#charge-1").get_by_role("button", name="Accept").click()
    expect(second.locator(".alert-bad")).to_contain_text(CODER_NAME)
    expect(second.locator("#charge-1")).to_contain_text(CODER_NAME)
    expect(second.locator("#charge-1").get_by_role("button", name="Accept")).to_have_count(0)

    second.locator("#charge-2").get_by_role("button", name="Accept").click()
    expect(second.locator("#charge-2 .state")).to_have_text(re.compile("Sent as"))
    first.get_by_role("button", name="Refresh").click()
    expect(first.locator("#charge-2")).to_contain_text(LEAD_NAME)
    assert {(line.code, line.entered_by) for line in ehr.bill("obs-patient", "obs-encounter")} == {
        (code, CODER_NAME),
        (next_code, LEAD_NAME),
    }


def test_what_was_charged_by_hand_stands_in_the_same_table(page, tmp_path):
    """Below the line it matches, with what differs marked; what matches none stands at the end. Neither is accepted."""
    with running_pair(tmp_path, partitioned=True, charts=charged_by_hand(tmp_path)) as address:
        ehr = Ehr(page, address)
        ehr.log_in(CLINICIAN)
        page = ehr.launch_whole("abx-patient")
        beside = page.locator("#charge-1 tr.existing")
        expect(beside.get_by_role("rowheader")).to_contain_text("In the EHR: 96365")
        expect(beside.locator("mark")).to_have_text("2")
        expect(beside).to_contain_text("Billed, differs in units")
        other = page.locator("table.charges #charged-otherwise tr")
        expect(other.get_by_role("rowheader")).to_contain_text("36415")
        expect(other).to_contain_text("Billed, not suggested")
        expect(page.locator("#accept-all")).to_have_text("Accept the other 1")
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 800})
        assert violations(page) == []
        page.get_by_role("link", name="Report to print").click()
        expect(page.locator("main")).to_contain_text("2 on 10 Jun 2026, billed (differs in units)")


def test_a_decision_comes_back_to_its_line(ehr):
    """The third line accepted by keys: the focus is there again, and the next key goes on to the fourth."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("kcl-patient")
    for key in "jjy":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator("#charge-2 .state")).to_have_text(re.compile("Sent as"))
    expect(page.locator("#charge-2")).to_be_focused()
    expect(page.locator("#charge-2")).to_be_in_viewport(ratio=1)
    expect(page.locator("#charge-2 [role=status]")).to_have_text("1 charge sent to the EHR.")
    expect(page.locator("#announced")).to_have_text("1 charge sent to the EHR.")
    page.keyboard.press("j")
    expect(page.locator("#charge-3")).to_be_focused()


def test_a_decision_comes_back_to_its_line_without_a_script(new_context, demo):
    """By the address alone."""
    ehr = Ehr(new_context(java_script_enabled=False).new_page(), demo)
    ehr.log_in(CODER)
    page = ehr.launch_whole("tas-patient")
    page.locator("#charge-3").get_by_role("button", name="Accept").click()
    expect(page.locator("#charge-3 .state")).to_have_text(re.compile("Sent as"))
    expect(page).to_have_url(re.compile("#charge-3$"))
    expect(page.locator("#charge-3")).to_be_in_viewport(ratio=1)
    expect(page.locator("#charge-3 [role=status]")).to_have_text("1 charge sent to the EHR.")
    assert page.title().startswith("1 charge sent to the EHR.")


def test_a_refused_edit_keeps_what_was_typed(ehr):
    """The form stands open beside why it was refused, as it was filled in, and is where one goes on."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("rit-patient")
    typed = {"units": "7", "modifiers": "59", "diagnoses": "M05.79", "day": "2026-01-05", "reason": "counted again"}
    fold = page.locator("#charge-1 details[data-fold=edit]")
    fold.locator("summary").click()
    for name, words in typed.items():
        fold.locator(f"[name={name}]").fill(words)
    fold.get_by_role("button", name="Accept with these changes").click()
    expect(page.locator("#charge-1 .refused")).to_be_in_viewport()
    wrong = fold.locator("[name=diagnoses]")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_accessible_description(
        "M05.79 is not charted on this encounter; chart it first, then Refresh."
    )
    assert {name: fold.locator(f"[name={name}]").input_value() for name in typed} == typed
    assert violations(page) == []
