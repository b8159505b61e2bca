"""The administrator signs in without a chart and sees what the EHR offers and what failed, in every look."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import violations
from tests.browser.ehr_pages import ADMIN, CODER, Ehr
from tests.browser.test_states import fault, found_in_every_look


@pytest.fixture
def app(ehr: Ehr) -> str:
    """The app's own address, as the EHR's button tells it."""
    ehr.log_in(CODER)
    where = urlsplit(ehr.launch_whole("obs-patient").url)
    return f"{where.scheme}://{where.netloc}"


def sign_in(page: Page, app: str, user: str) -> None:
    """From the app's own address, by the keyboard alone once somebody is chosen."""
    page.goto(app)
    page.get_by_role("link", name="Sign in at Sandbox EHR").press("Enter")
    page.get_by_label("Who are you?").select_option(user)
    page.get_by_role("button", name="Allow").press("Enter")


def test_first_page_leads_everywhere(new_context: Callable[..., BrowserContext], app: str, demo: str) -> None:
    """What this is, the pretend EHR of the demo, and the sign-in of staff."""
    page = new_context().new_page()
    page.goto(app)
    expect(page.get_by_role("heading", name="Infusion charges")).to_be_visible()
    assert found_in_every_look(page) == {}
    page.get_by_role("link", name="Open the pretend EHR").press("Enter")
    expect(page).to_have_url(f"{demo}/")


def test_what_the_ehr_offers(new_context: Callable[..., BrowserContext], app: str) -> None:
    """Reached by keys, readable in every look, and nobody else's."""
    page = new_context().new_page()
    sign_in(page, app, ADMIN)
    page.get_by_role("link", name="What Sandbox EHR offers").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What Sandbox EHR offers")
    expect(page.get_by_role("heading", name="Charges")).to_be_visible()
    expect(page.get_by_text("No page failed in the last two weeks.")).to_be_visible()
    assert found_in_every_look(page) == {}
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    address = page.url
    page.get_by_role("button", name="Log out").press("Enter")
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("No session here")
    coder = new_context().new_page()
    sign_in(coder, app, CODER)
    coder.goto(coder.url.replace("/home", "/administration/ehr"))
    expect(coder.get_by_role("heading", level=1)).to_have_text("Not for your role")


def test_a_reference_is_found_again(new_context: Callable[..., BrowserContext], app: str, ehr: Ehr) -> None:
    """What a coder was told in plain words stands on the administrator's page in technical ones."""
    with fault(ehr, "html"):
        shown = ehr.launch_whole("abx-patient")
        expect(shown.get_by_role("heading", level=1)).to_have_text("The EHR did not give what is needed")
        told = shown.locator(".reference").inner_text()
        assert "tenants file" not in shown.locator("main").inner_text()
        assert violations(shown) == []
    found = re.search(r"[0-9a-f]{8}", told)
    assert found
    page = new_context().new_page()
    sign_in(page, app, ADMIN)
    page.get_by_role("link", name="What Sandbox EHR offers").click()
    row = page.locator(".failures li", has_text=found[0])
    expect(row).to_contain_text("answered with something that is no FHIR")
    assert found_in_every_look(page) == {}
