"""Charges and the picture beside each other: both in sight, and each lights its other half."""

from playwright.sync_api import Page, expect

from tests.browser.ehr_pages import CODER

IN_SIGHT = """() => {
    const box = selector => document.querySelector(selector).getBoundingClientRect();
    const card = box('#timeline'), frame = box('#timeline .scroll'), here = document.activeElement;
    const lit = box('#timeline .lit'), charge = here.getBoundingClientRect();
    return {
        charge: here.id,
        'picture at the top, lower than 40%': card.top === 0 && card.bottom <= 0.4 * innerHeight + 1,
        'charge below it': charge.top >= card.bottom && charge.bottom <= innerHeight,
        'lit in the picture': lit.top >= frame.top && lit.bottom <= frame.bottom,
    };
}"""
TOP_OF_PICTURE = "document.querySelector('#timeline').getBoundingClientRect().top"


def codes_lit(page: Page) -> list[str]:
    """Codes of the charges that are lit."""
    return page.locator("tbody.charge.lit th .code").all_inner_texts()


def press(page: Page, key: str, times: int) -> None:
    """Press a key some times, and let the page draw itself anew; without motion it stands still then."""
    page.emulate_media(reduced_motion="reduce")
    for _ in range(times):
        page.keyboard.press(key)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_the_picture_stays_in_sight_above_the_charges(ehr):
    """From the last of eleven charges to the first: the charge, the picture and the lit minutes are all seen."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("chm-patient")
    press(page, "k", 1)
    for charge in ("charge-11", "charge-5", "charge-3"):
        seen = page.evaluate(IN_SIGHT)
        assert [name for name, is_so in seen.items() if not is_so] == []
        assert seen["charge"] == charge
        press(page, "k", 6 if charge == "charge-11" else 2)
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    press(page, "Shift", 1)
    assert (
        page.evaluate("(box => box.scrollHeight - box.clientHeight)(document.querySelector('#timeline .scroll'))") == 0
    )


def test_the_picture_scrolls_away_where_there_is_no_room_for_it(ehr):
    """At 200% zoom and on a phone all of the window is for the charges."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("chm-patient")
    press(page, "k", 1)
    for width, height in ((640, 450), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        press(page, "k", 1)
        assert page.evaluate(TOP_OF_PICTURE) < -height


def test_a_bar_lights_all_it_earned(ehr):
    """Focus on three hours of paclitaxel: the first hour, the further hours, and the drug itself."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("chm-patient")
    page.locator("svg.timeline.wide a[aria-labelledby='given-6-name']").focus()
    expect(page.locator("#facts-here")).to_contain_text("PACLitaxel 300 mg")
    assert codes_lit(page) == ["96413", "96415", "J9267"]
    page.keyboard.press("j")
    assert codes_lit(page) == ["96413"]


def test_a_drug_line_lights_what_it_is_for(ehr):
    """A drug line has no minutes: the whole bar of its administration lights up."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("chm-patient")
    page.locator("tbody.charge", has_text="J1308").focus()
    lit = page.locator("svg.timeline.wide .lit")
    expect(lit).to_have_count(1)
    assert "famotidine" in lit.locator("title").first.text_content()


def test_the_facts_say_why_something_does_not_count(ehr):
    """As the table does."""
    ehr.log_in(CODER)
    page = ehr.launch_whole("chm-patient")
    page.locator("svg.timeline.wide a", has=page.locator("title", has_text="ondansetron")).focus()
    expect(page.locator("#facts-here")).to_contain_text("Not coded: ondansetron injection: charted as not done.")
