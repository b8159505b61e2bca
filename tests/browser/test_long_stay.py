"""Two hundred administrations over three days: the page stays one that can be worked with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.ehr_pages import CLINICIAN, Ehr
from tests.browser.made_charts import long_stay
from tests.browser.servers import running_pair

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LARGEST_PAGE = 2_000_000  # characters
MOST_ELEMENTS = 20_000
SCROLLED = "box => { const e = document.querySelector(box); return e.scrollTop > 0 && e.scrollLeft > 0; }"
BOX = "#timeline .picture"


@pytest.fixture
def stay(page: Page, tmp_path: Path) -> Iterator[Page]:
    """The page of the long stay."""
    with running_pair(tmp_path, partitioned=True, charts=long_stay(tmp_path)) as address:
        ehr = Ehr(page, address)
        ehr.log_in(CLINICIAN)
        yield ehr.launch_whole("lng-patient")


def test_two_hundred_administrations(stay: Page, tmp_path: Path) -> None:
    """Each is drawn once, in a box of bounded height that scrolls by itself; the page itself never sideways."""
    assert stay.locator("svg.timeline a").count() == 200
    assert stay.locator(".timeline-words tbody tr").count() == 200
    for width in (1280, 320):
        stay.set_viewport_size({"width": width, "height": 800})
        assert stay.evaluate(TOO_WIDE) == 0
    stay.set_viewport_size({"width": 1280, "height": 800})
    box = stay.locator(BOX)
    assert box.evaluate("e => e.clientHeight") <= 800 * 0.75
    assert box.evaluate("e => e.scrollHeight > e.clientHeight && e.scrollWidth > e.clientWidth")
    assert len(stay.content()) < LARGEST_PAGE
    assert stay.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS
    assert stay.screenshot(path=tmp_path / "stay.png", full_page=True)
    assert violations(stay) == []


def test_by_keyboard(stay: Page) -> None:
    """The picture is scrolled, looked at more closely, and left again; a charge far down is one key away."""
    stay.keyboard.press("t")
    expect(stay.locator(BOX)).to_be_focused()
    stay.keyboard.press("ArrowDown")
    stay.keyboard.press("ArrowRight")
    stay.wait_for_function(
        "b => { const e = document.querySelector(b); return e.scrollTop > 0 && e.scrollLeft > 0 }", arg=BOX
    )
    stay.keyboard.press("-")
    stay.wait_for_url("**zoom=0*")
    assert stay.locator(BOX).evaluate("e => e.scrollWidth <= e.clientWidth")
    stay.keyboard.press("j")
    expect(stay.locator("#charge-1")).to_be_focused()
    expect(stay.locator("#charge-1")).to_be_in_viewport()
    stay.locator("#charge-1").hover()
    assert stay.locator("svg.timeline .lit").count() > 0
