"""The review page without a script, by keyboard, on a narrow screen, in the dark, and for who may only read."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.ehr_pages import CLINICIAN, CODER, Ehr
from tests.browser.servers import running_pair

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_everything_works_without_javascript(new_context, demo):
    """Reading, accepting and refreshing need no script."""
    ehr = Ehr(new_context(java_script_enabled=False).new_page(), demo)
    ehr.log_in(CODER)
    frame = ehr.launch("bld-patient")
    expect(frame.locator("svg.timeline.wide")).to_be_visible()
    expect(frame.get_by_role("button", name="Keys")).not_to_be_visible()
    first = frame.locator("tbody.charge").first
    first.get_by_role("button", name="Accept").click()
    expect(frame.locator("tbody.charge").first.locator(".state")).to_have_text(re.compile("Sent as"))
    frame.get_by_role("button", name="Refresh").click()
    expect(frame.locator("[role=status].alert")).to_contain_text("Nothing has changed")
    assert len(ehr.bill("bld-patient", "bld-encounter")) == 1


def test_the_keyboard_reaches_the_charges(ehr):
    """Skip link, then Tab to a button; the focus is always visible somewhere on the page."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("inj-patient")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the suggested charges")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=re.compile("^Accept all"))).to_be_focused()
    for _ in range(4):  # links to what there is to know about the line may stand before it
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.do") == "accept":
            break
    expect(page.locator("tbody.charge").first.get_by_role("button", name="Accept")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tbody.charge").first.locator(".state")).to_have_text(re.compile("Sent as"))


def test_a_key_goes_from_question_to_question(ehr):
    """Also to those that lie in a fold because they can be confirmed together."""
    ehr.log_in(CLINICIAN)
    page = ehr.launch_whole("mst-patient")
    questions = page.locator("li.question")
    reached = set()
    for _ in range(questions.count()):
        page.keyboard.press("q")
        expect(page.locator("li.question:focus")).to_be_visible()
        reached.add(page.evaluate("document.activeElement.id"))
    assert reached == {each.get_attribute("id") for each in questions.all()}


def test_a_bar_leads_to_its_row_in_the_table(ehr):
    """The picture's links open the table, also when it is folded away."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("edh-patient")
    link = page.locator("svg.timeline.wide a").first
    target = link.get_attribute("href")
    expect(page.locator(target)).not_to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator(target)).to_be_visible()


def test_the_charge_under_the_pointer_lights_its_minutes(ehr):
    """And the minutes their charge."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("obs-patient")
    page.locator("tbody.charge", has_text="96361").hover()
    lit = page.locator("svg.timeline.wide .piece.lit")
    assert lit.count() > 1
    colour = "piece => [getComputedStyle(piece).stroke, getComputedStyle(piece).strokeWidth]"
    unlit = page.locator("svg.timeline.wide .piece:not(.lit, .asked, .declined)").first
    assert {tuple(piece.evaluate(colour)) for piece in lit.all()}.isdisjoint([tuple(unlit.evaluate(colour))])
    page.locator("svg.timeline.wide .diamond[data-charge]").first.hover()
    expect(page.locator("tbody.charge.lit")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_width_makes_the_page_scroll_sideways(new_context, demo, width, scheme):
    """Down to 320 px; only the timeline and wide tables scroll inside themselves."""
    context = new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    ehr = Ehr(context.new_page(), demo)
    page = ehr.launch_whole("rit-patient")
    for fold in page.locator("main details").all():
        fold.evaluate("fold => fold.open = true")
    assert page.evaluate(TOO_WIDE) == 0


def test_who_has_no_role_can_read_and_decide_nothing(page, tmp_path):
    """No button is shown; a form made up by hand is refused, and nothing reaches the bill."""
    with running_pair(tmp_path, partitioned=True) as address:
        ehr = Ehr(page, address)
        ehr.log_in(CODER)
        review = ehr.launch_whole("irn-patient")
        expect(review.locator(".alert", has_text="Read only.")).to_contain_text(
            "Without a role you can read this page only"
        )
        expect(review.get_by_role("button", name="Accept")).to_have_count(0)
        status = review.evaluate(
            """async () => {
                const form = new FormData(document.querySelector('#chart-form'));
                form.append('charge', 'CPT|96374||2026-01-20');
                const body = new URLSearchParams(form);
                return (await fetch(location.pathname + 'accept', {method: 'POST', body})).status;
            }"""
        )
        assert status == 403
        assert ehr.bill("irn-patient", "irn-encounter") == []


def test_the_page_names_its_parts(ehr):
    """One main heading, landmarks with names, every field with a label, every table with headers."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("ora-patient")
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('input:not([type=hidden]), select')]
                .filter(field => !field.labels.length).map(field => field.outerHTML)"""
    )
    assert unnamed == []
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert (
        page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size")
        == page.locator("[id]").count()
    )


def test_a_session_that_has_ended_says_how_to_go_on(ehr):
    """After logging out the page's address and its forms lead to one sentence: open the app again from the chart."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("inp-patient")
    status, text = page.evaluate(
        """async () => {
            const body = new URLSearchParams(new FormData(document.querySelector('.log-out')));
            await fetch(document.querySelector('.log-out').action, {method: 'POST', body});
            const answer = await fetch(location.href);
            return [answer.status, await answer.text()];
        }"""
    )
    assert status == 403
    assert "open the app again from the patient&#39;s chart" in text


def test_a_chart_with_nothing_to_code_says_why(ehr):
    """An inpatient stay: no charges, no buttons, and the reason for each administration."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("inp-patient")
    expect(page.locator("#charges")).to_contain_text("Nothing is suggested for this encounter.")
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    page.locator("#declined summary").click()
    expect(page.locator("#declined .told > li")).to_have_count(5)
    expect(page.locator("#declined .told > li").first).to_contain_text("inpatient")
