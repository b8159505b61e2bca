"""The picture on a phone and at 200% zoom, and the report on paper."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.ehr_pages import CODER, Ehr

BOX = "part => { const { x, width } = part.getBoundingClientRect(); return { x, width }; }"
PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 800}
OFF_SCREEN = """picture => {
    const frame = picture.getBoundingClientRect();
    return [...picture.querySelectorAll("a, text")].map(part => part.getBoundingClientRect())
        .filter(part => part.left < frame.left - 1 || part.right > frame.right + 1).length;
}"""
# What a picture is filled with stands in the wide one, which is out of sight: its parts must not be.
PATTERNS_SEEN = """() => [...document.querySelectorAll("svg.narrow [fill^=url]")]
    .flatMap(part => [...document.querySelector(part.getAttribute("fill").slice(4, -1)).children])
    .every(part => getComputedStyle(part).visibility === "visible")"""
BEYOND_THE_PAPER = """() => [...document.querySelectorAll("header *, main *")]
    .filter(part => part.getBoundingClientRect().right > innerWidth + 1).map(part => part.outerHTML.slice(0, 80))"""
# A4 with margins of 10 mm, at 96 pixels to the inch.
PAPER = {"width": 718, "height": 1047}


def opened(new_context: Callable[..., BrowserContext], demo: str, patient: str, **options) -> Page:
    """A chart before a coder."""
    ehr = Ehr(new_context(**options).new_page(), demo)
    ehr.log_in(CODER)
    return ehr.launch_whole(patient)


@pytest.mark.parametrize("size", [PHONE, {"width": 640, "height": 450}], ids=["phone", "200% zoom"])
@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
def test_the_whole_stay_is_seen_at_once(new_context, demo, size, scripts):
    """Nothing of it is off screen; drawn for the room its letters are as large as any."""
    page = opened(new_context, demo, "obs-patient", viewport=size, java_script_enabled=scripts)
    page.get_by_role("link", name="Whole stay").click()
    picture = page.locator("#timeline .picture")
    box, drawn = picture.evaluate(BOX), picture.locator("svg").evaluate(BOX)
    assert drawn["width"] <= box["width"]
    if scripts:
        assert picture.evaluate(OFF_SCREEN) == 0
        assert drawn["width"] >= 0.9 * float(picture.locator("svg").get_attribute("width") or 0)


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("patient", ["chm", "mst", "obs"])
def test_the_first_view_on_a_phone_fits_it(new_context, demo, patient, scripts):
    """Nothing scrolls sideways, letters can be read, colours and patterns are there, and the list beside it fits."""
    page = opened(new_context, demo, f"{patient}-patient", viewport=NARROWEST, java_script_enabled=scripts)
    picture = page.locator("#timeline .picture")
    narrow = picture.locator("svg.narrow")
    expect(narrow).to_be_visible()
    assert picture.evaluate("picture => picture.scrollWidth <= picture.clientWidth")
    assert narrow.evaluate("svg => 12 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width") >= 9
    assert page.evaluate(PATTERNS_SEEN)
    page.locator("#given-table summary").click()
    assert page.locator("table.stacks").evaluate("table => table.getBoundingClientRect().right <= innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST["width"]


def test_only_the_picture_that_is_shown_is_reached(new_context, demo):
    """On a phone the narrow one by Tab, on a desk the wide one; a charge lights its minutes in either."""
    for size, reached in ((PHONE, "narrow"), ({"width": 1280, "height": 900}, "wide")):
        page = opened(new_context, demo, "chm-patient", viewport=size)
        page.keyboard.press("t")
        page.keyboard.press("Tab")
        assert reached in page.evaluate("document.activeElement.closest('svg').classList.value").split()
        page.locator("#charge-1").focus()
        expect(page.locator(f"svg.{reached} .lit").first).to_be_visible()


def test_an_open_end_is_scrolled_to(new_context, demo):
    """What is asked about is what a phone shows first of a picture that is wider, as one that is looked at closely."""
    page = opened(new_context, demo, "mst-patient", viewport=PHONE)
    page.get_by_role("link", name="Closer").click()
    page.locator("#timeline").scroll_into_view_if_needed()
    frame, end = page.locator("#timeline .picture").evaluate(BOX), page.locator(".timeline .torn").first.evaluate(BOX)
    assert frame["x"] <= end["x"] <= frame["x"] + frame["width"]
    expect(page.locator("#facts-here")).to_contain_text("It goes on sideways.")


def test_a_tap_says_what_a_bar_is_and_stays(new_context, demo):
    """The facts are near the finger; the page does not jump to the table."""
    page = opened(new_context, demo, "mst-patient", viewport=PHONE, has_touch=True)
    page.locator("svg.timeline.narrow a .frame").first.tap()
    expect(page.locator("#facts-here")).to_contain_text("Evidence:")
    expect(page.locator("#facts-here")).to_be_in_viewport(ratio=1)
    assert "#given" not in page.url
    expect(page.locator("#given-1")).not_to_be_visible()


def test_the_report_fits_the_paper(new_context, demo):
    """The table ends where the paper does, with room for words beside the record's name; the ground is white."""
    page = opened(new_context, demo, "chm-patient", viewport=PAPER)
    page.get_by_role("link", name="Report to print").click()
    page.emulate_media(media="print")
    table = page.locator("table.plain")
    assert table.evaluate("table => table.getBoundingClientRect().right <= innerWidth")
    share = table.evaluate("table => table.querySelector('td.ref').offsetWidth / table.offsetWidth")
    assert 0.1 < share < 0.25
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(BEYOND_THE_PAPER) == []
    source = page.locator("article.reported a[target=_blank]").first
    address = source.evaluate("link => getComputedStyle(link, '::after').content")
    assert str(source.get_attribute("href")) in address
