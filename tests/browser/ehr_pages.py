"""The EHR as a person uses it: log in, open a chart, open the app in it, correct the MAR, look at the bill."""

from dataclasses import dataclass
from typing import NamedTuple

from playwright.sync_api import FrameLocator, Page, expect

CLINICIAN = "sandbox-clinician"
CODER = "sandbox-coder"
LEAD = "sandbox-lead"
ADMIN = "sandbox-admin"
CLINICIAN_NAME, CODER_NAME, LEAD_NAME = "Nora Nightshift", "Cody Ledger", "Lea Overton"


class Billed(NamedTuple):
    """One line of the EHR's bill; `modifiers` as the EHR lists them."""

    code: str
    units: str
    status: str
    modifiers: str = ""
    entered_by: str = CODER_NAME


@dataclass(frozen=True, slots=True)
class Ehr:
    """One browser page in the EHR at `address`."""

    page: Page
    address: str

    def log_in(self, user: str) -> None:
        """Become somebody."""
        self.page.goto(self.address)
        self.page.get_by_label("Logged in as").select_option(user)
        self.page.get_by_role("button", name="Switch user").click()

    def open_chart(self, patient: str) -> None:
        """From the list of patients to one chart, by hand."""
        self.page.goto(self.address)
        self.page.locator(f"a[href='/patients/{patient}']").click()

    def launch(self, patient: str) -> FrameLocator:
        """Open the app inside the chart, in the frame the EHR gives it."""
        self.open_chart(patient)
        self.page.get_by_role("link", name="Infusion charges", exact=True).click()
        return self.page.frame_locator("#app-frame")

    def launch_whole(self, patient: str) -> Page:
        """Open the app on its own, as from the link to a new tab."""
        self.open_chart(patient)
        with self.page.context.expect_page() as opened:
            self.page.get_by_role("link", name="Infusion charges in a new tab").click()
        opened.value.wait_for_load_state()
        expect(opened.value.get_by_role("heading", name="Reading the chart")).to_have_count(0, timeout=60_000)
        opened.value.wait_for_load_state()
        return opened.value

    def bill(self, patient: str, encounter: str) -> list[Billed]:
        """What has arrived for an encounter."""
        self.page.goto(f"{self.address}/patients/{patient}/encounters/{encounter}/billing?refresh=off")
        rows = self.page.locator("#charges tbody tr").all()
        cells = [row.locator("th, td").all_inner_texts() for row in rows]
        return [
            Billed(code.split()[0], units, status, modifiers, who)
            for code, modifiers, units, _, status, who, *_ in cells
        ]

    def correct_stop(self, patient: str, drug: str, stop: str) -> None:
        """Chart a stop time, as the nurse would after the question."""
        self.open_chart(patient)
        self.page.locator("table.mar tbody tr", has_text=drug).first.get_by_role("link", name="Edit").click()
        self.page.get_by_label("Stop").fill(stop)
        self.page.get_by_role("button", name="Save").click()
