"""The report of one encounter, its chart without names, and a clean encounter in three keystrokes."""

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.ehr_pages import CODER, CODER_NAME


def test_a_clean_encounter_is_accepted_in_two_keystrokes(ehr):
    """One key to everything that is clean, Enter to accept it; three would be allowed."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("edh-patient")
    lines = page.locator("tbody.charge").count()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator("[role=status].alert")).to_contain_text(f"{lines} charges sent to the EHR")
    assert len(ehr.bill("edh-patient", "edh-encounter")) == lines


def test_the_report_tells_everything_on_one_page(ehr):
    """Patient, timeline, each charge with its reasons and sources, and who decided what; made to be printed."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("abx-patient")

    page.get_by_role("link", name="Report to print").click()
    expect(page.locator("h1")).to_have_text("Report of one encounter")
    expect(page.locator("svg.timeline")).to_be_visible()
    expect(page.locator("article.reported").first).to_contain_text("96365")
    expect(page.locator("article.reported").first.locator("a[target=_blank]").first).to_be_attached()
    expect(page.locator(".report-head")).to_contain_text(CODER_NAME)
    page.emulate_media(media="print")
    expect(page.locator(".no-print")).not_to_be_visible()
    page.emulate_media(media="screen")
    assert violations(page) == []


def test_the_chart_is_downloaded_without_names(ehr, tmp_path):
    """A Bundle without the patient's name, days or ids; the page stays as it is, and the trail tells it."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("chm-patient")
    button = page.get_by_role("button", name="Download this chart without names")
    with page.expect_download() as downloaded:
        button.click()
    file = Path(tmp_path / "chart.json")
    downloaded.value.save_as(file)
    text = file.read_text(encoding="utf-8")
    kinds = {entry["resource"]["resourceType"] for entry in json.loads(text)["entry"]}
    assert {"Encounter", "MedicationAdministration", "Condition"} <= kinds
    for secret in ("Lindqvist", "Marta", "chm-", "performer", "identifier"):
        assert secret not in text
    shown = re.search(r"\d{4}-\d\d-\d\d", page.locator("time").first.get_attribute("datetime") or "")
    assert shown is not None
    assert f'"{shown[0]}T' not in text
    page.reload()
    expect(page.locator("#trail")).to_contain_text(f"{CODER_NAME} (coder) downloaded the chart without names")


def test_keys_can_be_switched_off(ehr):
    """As WCAG 2.1.4 asks: then a letter does nothing, on the next page neither."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("tas-patient")
    page.keyboard.press("?")
    page.get_by_label("Switch these keys off").check()
    page.get_by_role("button", name="Close").click()
    for _ in range(2):
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("a")
        assert page.evaluate("document.activeElement.id") != "accept-all"
        page.reload()


def test_every_key_of_the_list_goes_somewhere(ehr):
    """Each key moves the focus or opens something; none of them decides."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("rit-patient")
    focused = "document.activeElement.closest('[id]')?.id"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "charge-1"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "charge-2"
    page.keyboard.press("k")
    assert page.evaluate(focused) == "charge-1"
    page.keyboard.press("y")
    expect(page.locator("#charge-1 [data-do=accept]")).to_be_focused()
    for key, fold in (("w", "why"), ("e", "edit"), ("d", "dismiss")):
        page.evaluate("document.activeElement.blur()")
        page.locator("#charge-1").focus()
        page.keyboard.press(key)
        expect(page.locator(f"#charge-1 [data-fold={fold}]")).to_have_attribute("open", "")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    expect(page.locator("#refresh")).to_be_focused()
    page.keyboard.press("t")
    expect(page.locator("#timeline .scroll").first).to_be_focused()
    page.keyboard.press("+")
    page.wait_for_url("**zoom=2*")
    page.keyboard.press("-")
    page.wait_for_url("**zoom=1*")
    assert page.locator(".state", has_text="Not decided").count() == page.locator("tbody.charge").count()
