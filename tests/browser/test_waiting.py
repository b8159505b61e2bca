"""A chart that takes long: a page waits for it, by itself, with a script and without, and can be left."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.ehr_pages import CLINICIAN, Ehr
from tests.browser.servers import running_pair
from tests.browser.test_states import fault, found_in_every_look

PATIENT = "abx-patient"


@pytest.fixture(scope="module")
def own_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An EHR that nobody else minds being slow."""
    with running_pair(tmp_path_factory.mktemp("waiting"), partitioned=True) as address:
        yield address


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_the_page_becomes_the_review(new_context: Callable[..., BrowserContext], own_ehr: str, script: bool) -> None:
    """After a launch into a slow EHR the reader sees what is being read, and then the review, pressing nothing."""
    page = new_context(java_script_enabled=script).new_page()
    ehr = Ehr(page, own_ehr)
    ehr.log_in(CLINICIAN)
    with fault(ehr, "slow", "1500"):
        app = ehr.launch(PATIENT)
        expect(app.get_by_role("heading", level=1)).to_have_text("Reading the chart", timeout=30_000)
        expect(app.get_by_role("status")).to_contain_text("Sandbox EHR was asked at")
        expect(app.get_by_role("heading", level=1)).to_have_text("Charge review", timeout=60_000)
    expect(app.locator(".word-complete")).to_be_visible()


def test_how_it_looks(new_context: Callable[..., BrowserContext], own_ehr: str) -> None:
    """In every look axe finds nothing and nothing runs off it; who leaves and comes back finds the review."""
    page = new_context().new_page()
    ehr = Ehr(page, own_ehr)
    ehr.log_in(CLINICIAN)
    ehr.open_chart(PATIENT)
    with fault(ehr, "slow", "8000"):
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Infusion charges in a new tab").click()
        waiting = opened.value
        expect(waiting.get_by_role("heading", level=1)).to_have_text("Reading the chart", timeout=60_000)
        address = waiting.url
        waiting.keyboard.press("Tab")
        expect(waiting.get_by_role("link", name="Skip to the content")).to_be_focused()
        assert found_in_every_look(waiting) == {}
        waiting.goto(own_ehr)
    waiting.goto(address)
    expect(waiting.get_by_role("heading", level=1)).to_have_text("Charge review", timeout=60_000)
