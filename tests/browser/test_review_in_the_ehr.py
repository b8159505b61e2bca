"""The main job in a browser: from the chart in the EHR to charges on its bill."""

import re

from playwright.sync_api import expect

from tests.browser.ehr_pages import CLINICIAN, CLINICIAN_NAME, CODER, CODER_NAME, Billed

# What a page's own form would send, once or several times at once; the statuses after redirects.
POST_THRICE = """async token => {
    const form = new FormData(document.querySelector('#chart-form'));
    form.append('charge', token);
    const post = () => fetch(location.pathname + 'accept', {method: 'POST', body: new URLSearchParams(form)});
    return (await Promise.all([post(), post(), post()])).map(answer => answer.status);
}"""
POST_FOR_ANOTHER = """async patient => {
    const form = new FormData(document.querySelector('#chart-form'));
    form.set('patient', patient);
    const body = new URLSearchParams(form);
    const answer = await fetch(location.pathname + 'accept-all', {method: 'POST', body});
    return [answer.status, await answer.text()];
}"""
CODES = ".charges tbody th .code"


def states(page_or_frame):
    """Where each charge stands."""
    return page_or_frame.locator(".charges .state")


def row(page_or_frame, code):
    """The charge of a code."""
    return page_or_frame.locator("tbody.charge").filter(has=page_or_frame.locator(".code", has_text=code))


def services(codes: list[str]) -> list[str]:
    """Those of administrations, not of the drugs."""
    return [code for code in codes if code[0].isdigit()]


def unfold(charge, name):
    """Open one of a charge's folds and return it."""
    fold = charge.locator("details").filter(has=charge.page.locator("summary", has_text=name))
    fold.locator("summary").click()
    return fold


def test_from_the_chart_to_the_bill(ehr):
    """Launch in the frame, read, accept all, and find each charge on the EHR's billing page with its status."""
    ehr.log_in(CODER)
    frame = ehr.launch("chm-patient")
    expect(frame.locator(".patient .name")).to_have_text("Marta Lindqvist")
    expect(frame.locator(".who")).to_contain_text(f"{CODER_NAME}, coder")
    expect(frame.locator("svg.timeline.wide")).to_be_visible()
    codes = services(frame.locator(CODES).all_inner_texts())
    assert codes == ["96413", "96415", "96417", "96367", "96375"]
    frame.locator("#accept-all").click()
    expect(frame.locator("[role=status].alert")).to_contain_text("charges sent to the EHR")
    for code in codes:
        expect(row(frame, code).locator(".state")).to_have_text(re.compile(r"Sent as ChargeItem/\w+… \(billable\)"))
    expect(frame.locator("#trail")).to_contain_text(f"{CODER_NAME} (coder) accepted 96413")
    assert sorted(line for line in ehr.bill("chm-patient", "chm-encounter") if services([line.code])) == [
        Billed("96367", "1", "billable"),
        Billed("96375", "3", "billable"),
        Billed("96413", "1", "billable"),
        Billed("96415", "2", "billable"),
        Billed("96417", "1", "billable"),
    ]


def test_a_clinicians_acceptance_is_planned_and_sent_once(ehr):
    """A biller still decides; three posts of one form at once, and going back afterwards, make one charge."""
    ehr.log_in(CLINICIAN)
    page = ehr.launch_whole("irn-patient")
    expect(row(page, "96374").locator(".state")).to_have_text("Not decided")
    statuses = page.evaluate(POST_THRICE, "CPT|96374||2026-01-20")
    assert statuses == [200, 200, 200]
    page.reload()
    expect(row(page, "96374").locator(".state")).to_have_text(re.compile(r"Sent as .* \(planned\)"))
    expect(row(page, "96374").get_by_role("button", name="Accept")).to_have_count(0)
    assert ehr.bill("irn-patient", "irn-encounter") == [Billed("96374", "1", "planned", entered_by=CLINICIAN_NAME)]


def test_a_missing_stop_fixed_in_the_ehr_is_shown_by_refresh(ehr):
    """The question goes, the charge comes, and both stand in the list of changes."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("mst-patient")
    expect(page.locator("#questions")).to_contain_text("azithromycin 500 mg in NS 250 mL IVPB started at 10:50")
    expect(row(page, "96367")).to_have_count(0)
    ehr.correct_stop("mst-patient", "azithromycin", "2026-10-05T11:52")
    page.get_by_role("button", name="Refresh").click()
    changes = page.locator("#changes tbody tr")
    expect(changes.filter(has_text="Administration")).to_contain_text("10:50 to 11:52")
    expect(changes.filter(has_text="96367")).to_contain_text("1 x")
    expect(changes.filter(has_text="missing-stop-time")).to_have_count(1)
    expect(page.locator("#questions")).to_have_count(0)
    expect(row(page, "96367")).to_have_count(1)


def test_a_chart_that_changed_stops_the_acceptance(ehr):
    """Nothing is sent; before and now stand side by side; the next click, on the new page, goes through."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("abx-patient")
    ehr.correct_stop("abx-patient", "ertapenem", "2026-06-10T14:42")
    page.locator("#accept-all").click()
    expect(page.locator("#changes-heading")).to_have_text("The chart changed, so nothing was sent")
    changed = page.locator("#changes tbody tr", has_text="Administration")
    expect(changed.locator("del")).to_contain_text("14:00 to 14:30")
    expect(changed.locator("ins")).to_contain_text("14:00 to 14:42")
    changed = page.locator("#changes tbody tr", has_text="96365")
    expect(changed.locator("del")).to_have_text("1 x; 30 min; M86.9")
    expect(changed.locator("ins")).to_have_text("1 x; 42 min; M86.9")
    assert ehr.bill("abx-patient", "abx-encounter") == []
    page.locator("#accept-all").click()
    expect(page.locator("[role=status].alert")).to_contain_text("sent to the EHR")
    bill = [line for line in ehr.bill("abx-patient", "abx-encounter") if services([line.code])]
    assert bill == [Billed("96365", "1", "billable")]


def test_edit_dismiss_and_take_back(ehr):
    """Edits and dismissals need a reason; what was only said here can be taken back; the trail keeps it all."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("kcl-patient")

    line = unfold(row(page, "96367"), "Dismiss")
    line.get_by_role("combobox").select_option("Not documented well enough")
    line.get_by_label("In your own words").fill("order is missing")
    line.get_by_role("button", name="Dismiss").click()
    expect(row(page, "96367").locator(".state")).to_have_text("Dismissed")
    expect(row(page, "96367")).to_contain_text("Reason: Not documented well enough: order is missing")
    row(page, "96367").get_by_role("button", name="Undo").click()
    expect(row(page, "96367").locator(".state")).to_have_text("Not decided")

    line = unfold(row(page, "96366"), "Edit")
    line.get_by_label("Modifiers").fill("59")
    line.get_by_role("button", name="Accept with these changes").click()
    expect(line.get_by_label("Reason", exact=True)).to_be_focused()
    line.get_by_label("Reason", exact=True).fill("second bag hung at another site")
    line.get_by_role("button", name="Accept with these changes").click()
    expect(row(page, "96366").locator(".state")).to_have_text(re.compile("Sent as"))
    expect(row(page, "96366").locator("[data-label=Modifiers]")).to_have_text("59 (suggested none)")

    assert ehr.bill("kcl-patient", "kcl-encounter") == [Billed("96366", "1", "billable", modifiers="59")]
    trail = page.locator("#trail li")
    expect(trail.filter(has_text="dismissed 96367")).to_contain_text("order is missing")
    expect(trail.filter(has_text="took back the decision on 96367")).to_have_count(1)
    expect(trail.filter(has_text="changed and accepted 96366-59")).to_contain_text("second bag hung at another site")


def test_dismissing_a_sent_charge_marks_it_in_the_ehr(ehr):
    """Something sent is not deleted: it becomes not billable, with its reason."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("off-patient")
    code = page.locator(CODES).first.inner_text()
    row(page, code).get_by_role("button", name="Accept").click()
    expect(row(page, code).locator(".state")).to_have_text(re.compile("Sent as"))
    page.keyboard.press("u")  # nothing to undo: the key opens what takes it back
    line = row(page, code)
    expect(line.get_by_role("combobox")).to_be_focused()
    line.get_by_role("combobox").select_option("Already charged elsewhere")
    line.get_by_role("button", name="Dismiss and mark as not billable").click()
    expect(row(page, code).locator(".state")).to_have_text("Dismissed (not-billable)")
    assert [(line.code, line.status) for line in ehr.bill("off-patient", "off-encounter")] == [(code, "not-billable")]
    row(page, code).get_by_role("button", name="Accept").click()
    expect(row(page, code).locator(".state")).to_have_text(re.compile(r"Sent as .* \(billable\)"))
    assert [(line.code, line.status) for line in ehr.bill("off-patient", "off-encounter")] == [(code, "billable")]


def test_two_charts_open_at_once_stay_apart(ehr):
    """Two launches in one browser, interleaved: each page and each post stays with its own patient."""
    ehr.log_in(CODER)
    first = ehr.launch_whole("tas-patient")
    second = ehr.launch_whole("ovl-patient")
    expect(first.locator(".patient .name")).to_have_text("Walter Grabowski")
    expect(second.locator(".patient .name")).to_have_text("Joao Ferreira")

    first.get_by_role("button", name=re.compile("^Accept all")).click()
    expect(first.locator(".patient .name")).to_have_text("Walter Grabowski")
    second.get_by_role("button", name="Refresh").click()
    expect(second.locator(".patient .name")).to_have_text("Joao Ferreira")
    expect(states(second).first).to_have_text("Not decided")
    assert ehr.bill("ovl-patient", "ovl-encounter") == []

    second.get_by_role("button", name=re.compile("^Accept all")).click()
    expect(second.locator(".patient .name")).to_have_text("Joao Ferreira")
    first.reload()
    expect(first.locator(".patient .name")).to_have_text("Walter Grabowski")
    lines = ehr.bill("tas-patient", "tas-encounter")
    assert sorted((line.code, line.modifiers, line.units) for line in lines if services([line.code])) == [
        ("96365", "", "1"),
        ("96365", "59", "1"),
        ("96366", "", "3"),
        ("96366", "59", "1"),
    ]
    second_codes = {line.code for line in ehr.bill("ovl-patient", "ovl-encounter")}
    assert second_codes == set(second.locator(CODES).all_inner_texts())


def test_a_form_that_names_another_patient_is_refused(ehr):
    """What was on the screen must be what the launch is about."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("inf-patient")
    expect(page.get_by_role("button", name=re.compile("^Accept"))).not_to_have_count(0)
    status, text = page.evaluate(POST_FOR_ANOTHER, "edh-patient")
    assert status == 409
    assert "Wrong patient or encounter" in text
    assert ehr.bill("inf-patient", "inf-encounter") == []
    assert ehr.bill("edh-patient", "edh-encounter") == []
