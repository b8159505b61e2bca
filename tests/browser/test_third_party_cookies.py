"""The app in the EHR's frame when the browser refuses third-party cookies: `Partitioned` decides."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.conftest import ARGUMENTS, DESKTOP
from tests.browser.ehr_pages import Ehr
from tests.browser.servers import running_pair
from tests.conftest import find_chromium
from tests.verifies import verifies

# What Settings > Privacy > "Block third-party cookies" writes into a profile.
BLOCKING = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
# Debian's chromium blocks them unless told otherwise.
ALLOWING = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}


@contextmanager
def browser_with(preferences_of_user: dict[str, object], driver: Playwright, profile: Path) -> Iterator[Page]:
    """A browser with a profile whose user has made these settings."""
    preferences = profile / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(json.dumps(preferences_of_user), encoding="utf-8")
    context = driver.chromium.launch_persistent_context(
        profile, executable_path=find_chromium(), args=list(ARGUMENTS), viewport=DESKTOP
    )
    try:
        yield context.new_page()
    finally:
        context.close()


@verifies("SEC-11")
@pytest.mark.parametrize(
    ("preferences", "partitioned", "heading"),
    [
        pytest.param(BLOCKING, True, "Charge review", id="blocked, Partitioned"),
        pytest.param(BLOCKING, False, "This browser keeps no cookie here", id="blocked, not Partitioned"),
        pytest.param(ALLOWING, False, "Charge review", id="allowed, not Partitioned"),
    ],
)
def test_only_a_partitioned_cookie_survives_blocking(
    playwright_driver, tmp_path, profile, preferences, partitioned, heading
):
    """With `Partitioned` the review opens; without it the break-out page comes; the third case shows that it is the
    blocking that makes the difference."""
    with (
        running_pair(tmp_path, partitioned=partitioned) as address,
        browser_with(preferences, playwright_driver, profile) as page,
    ):
        frame = Ehr(page, address).launch("off-patient")
        expect(frame.locator("h1")).to_have_text(heading)
        if heading.startswith("This browser"):
            whole = frame.get_by_role("link", name="Open the app in the whole window")
            expect(whole).to_have_attribute("target", "_top")
            assert page.context.cookies() == []


@verifies("SEC-11")
def test_the_app_asks_for_a_cookie_of_the_frame_alone(new_context, demo):
    """The browser keeps it under the EHR's site, so other sites' frames don't share it."""
    page = new_context().new_page()
    frame = Ehr(page, demo).launch("off-patient")
    expect(frame.locator("h1")).to_have_text("Charge review")
    cookie = next(each for each in page.context.cookies() if each["name"] == "__Host-infusion_charges")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "None")
    assert cookie.get("partitionKey") == "http://localhost"
