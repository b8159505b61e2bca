"""The choice of the encounter when the EHR named a patient alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.ehr_pages import CLINICIAN, Ehr
from tests.browser.looks import found_in_every_look
from tests.browser.made_charts import three_visits
from tests.browser.servers import running_pair


@pytest.fixture
def picker(page: Page, tmp_path) -> Iterator[Page]:
    """A patient of three visits, launched without one."""
    with running_pair(tmp_path, partitioned=True, charts=three_visits(tmp_path)) as address:
        Ehr(page, address).log_in(CLINICIAN)
        page.goto(f"{address}/patients/inf-patient/apps/infusion-charges/tab")
        expect(page.get_by_role("heading", level=1)).to_have_text("Which encounter?")
        yield page


def test_the_visits_are_told_apart_in_words(picker: Page) -> None:
    """Newest first: when with its offset, what, where and how much was given; ids stand last and small."""
    rows = picker.locator(".visits li")
    assert [list(filter(None, row.splitlines())) for row in rows.locator("div").all_inner_texts()] == [
        [
            "18 Sep 2026, 09:00 (UTC\N{MINUS SIGN}05:00), no end charted",
            "Emergency, in progress",
            "No administration charted",
            "Encounter inf-here-encounter",
        ],
        [
            "6 May 2026, 09:20\N{EN DASH}12:45 (UTC\N{MINUS SIGN}05:00)",
            "Ambulatory, Infusion visit, finished",
            "Ambulatory Infusion Suite, Bay 3",
            "8 administrations charted",
            "Encounter 880120068",
        ],
        [
            "21 Jan 2026, 08:00\N{EN DASH}09:00 (UTC\N{MINUS SIGN}06:00)",
            "Ambulatory, finished",
            "No administration charted",
            "Encounter inf-earlier-encounter",
        ],
    ]
    expect(picker.locator("main")).to_contain_text("The EHR named the patient, Elliot James Beaumont PB1020051")
    expect(picker.locator("main")).not_to_contain_text("T09:20")


def test_in_every_look(picker: Page) -> None:
    """axe finds nothing, and nothing is wider than a phone."""
    assert found_in_every_look(picker) == {}


def test_chosen_by_the_keyboard(picker: Page) -> None:
    """Tab goes from visit to visit, each button is called after its visit, and Enter opens the chart."""
    buttons = picker.get_by_role("button", name="Choose")
    buttons.first.focus()
    picker.keyboard.press("Tab")
    expect(picker.get_by_role("button", name="Choose 6 May 2026, 09:20", exact=False)).to_be_focused()
    picker.keyboard.press("Enter")
    expect(picker.get_by_role("heading", level=1)).to_have_text("Charge review")
    expect(picker.locator("tbody.charge").first).to_be_visible()
