"""Take the pictures the documentation shows: `python -m tests.browser.take_pictures [FOLDER]` (default docs/images)."""

import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, FloatRect, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.ehr_pages import ADMIN, CLINICIAN, CODER, LEAD, Ehr
from tests.browser.made_charts import on_the_day, three_visits
from tests.browser.report_picture import take_report
from tests.browser.servers import ROOT, running_demo, running_pair
from tests.browser.test_dashboards import KEYS, ROLES
from tests.browser.test_worklist import sign_in
from tests.conftest import find_chromium

CHICAGO = ZoneInfo("America/Chicago")
VISITS_BY_WEEK = (
    ("missing-stop-time", "daily-antibiotic"),
    ("partially-overlapping-antibiotics", "infliximab-for-crohns-disease"),
    ("ed-hydration-with-pushes", "iron-sucrose-by-push"),
    ("observation-stay-over-midnight", "potassium-for-hypokalemia"),
    ("chemotherapy-day-with-premedications",),
)
MARGIN = 16
PAPER = {"width": 1180, "height": 900}
TELEPHONE = {"width": 360, "height": 740}
LOW = {"width": 1180, "height": 590}  # so low that the timeline doesn't stay above the charges


def main(folder: Path) -> None:
    """Start the demo, walk to each page, and write its picture."""
    with running_demo() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        ehr = Ehr(browser.new_context(viewport=PAPER).new_page(), address)
        ehr.log_in(CODER)
        take_review(ehr.launch_whole("chm-patient"), folder / "review.png")
        take_app_in_ehr(ehr, folder / "app-in-ehr.png")
        take_billing(ehr, folder / "billing.png")
        take_edit(ehr.launch_whole("kcl-patient"), folder / "edit.png")
        ehr.log_in(CLINICIAN)
        take_answers(ehr.launch_whole("ora-patient"), folder)
        take_telephone(ehr.launch_whole("sth-patient"), folder / "telephone.png")
        take_worklist(ehr, folder / "worklist.png")
        take_offers(ehr, folder / "ehr-offers.png")
        take_waiting(ehr, folder / "waiting.png")
        take_visits(browser, folder / "visits.png")
        take_dashboards(browser, folder)
        take_report(browser, folder / "audit.png")
        browser.close()


def take_review(page: Page, path: Path) -> None:
    """The chemotherapy day: one charge sent, one opened to show why, the others open."""
    page.set_viewport_size(LOW)
    page.locator("tbody.charge").first.get_by_role("button", name="Accept").click()
    expect(page.locator(".charges .state").first).to_contain_text("Sent as")
    page.goto(page.url.split("?")[0])
    page.locator("#charge-2 summary", has_text="Why").click()
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    below = page.evaluate("document.querySelector('#charge-5').getBoundingClientRect().bottom + scrollY + 8")
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": PAPER["width"], "height": below})


def take_worklist(ehr: Ehr, path: Path) -> None:
    """The encounters that were looked at, as a coder's list; one of them is claimed."""
    ehr.log_in(CODER)
    address = urlsplit(ehr.launch_whole("obs-patient").url)
    page = ehr.page
    page.set_viewport_size(PAPER)
    page.goto(f"{address.scheme}://{address.netloc}/sign-in?tenant=sandbox")
    page.get_by_label("Who are you?").select_option(CODER)
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("link", name="Worklist").click()
    page.locator("li.row").nth(1).get_by_role("button", name="Claim").click()
    expect(page.locator("li.row").nth(1)).to_contain_text("Claimed by you")
    page.mouse.move(0, 0)
    page.screenshot(path=path, full_page=True)


def take_offers(ehr: Ehr, path: Path) -> None:
    """What the demo's EHR offers, as an administrator sees it."""
    page = ehr.page
    app = urlsplit(ehr.launch_whole("obs-patient").url)
    page.context.clear_cookies()
    page.goto(f"{app.scheme}://{app.netloc}/sign-in?tenant=sandbox")
    page.get_by_label("Who are you?").select_option(ADMIN)
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("link", name="What Sandbox EHR offers").click()
    page.mouse.move(0, 0)
    page.screenshot(path=path, full_page=True)


def take_waiting(ehr: Ehr, path: Path) -> None:
    """A chart of an EHR that takes its time."""
    ehr.log_in(CLINICIAN)
    switch = f"{ehr.address}/sandbox/faults/slow"
    assert ehr.page.request.put(switch, data={"value": 5000}).ok
    frame = ehr.launch("mst-patient")
    expect(frame.get_by_role("heading", level=1)).to_have_text("Reading the chart", timeout=60_000)
    ehr.page.mouse.move(0, 0)
    ehr.page.screenshot(path=path)
    assert ehr.page.request.delete(switch).ok


def take_dashboards(browser: Browser, folder: Path) -> None:
    """Visits of five weeks, some posted and one dismissed, as a coding lead sees them; and who did that."""
    with tempfile.TemporaryDirectory() as name:
        place, today = Path(name), datetime.now(CHICAGO).date()
        for weeks, charts in enumerate(VISITS_BY_WEEK, 1):
            on_the_day(place, today - timedelta(weeks=weeks), *charts)
        with running_pair(place, partitioned=True, charts=place / "charts", keys=KEYS, site=ROLES) as address:
            ehr = Ehr(browser.new_context(viewport=PAPER).new_page(), address)
            ehr.log_in(CODER)
            for patient in ("mst", "ovl", "edh", "obs"):
                ehr.launch_whole(f"{patient}-patient").close()
            for patient in ("abx", "inf", "kcl", "chm"):
                page = ehr.launch_whole(f"{patient}-patient")
                page.locator("#accept-all").click()
                expect(page.locator("#charge-1 .state")).to_contain_text("Sent as")
                page.close()
            dismissed = ehr.launch_whole("irn-patient")
            row = dismissed.locator("#charge-1")
            row.locator("summary", has_text="Dismiss").click()
            row.locator("select[name=listed]").select_option("Not performed")
            row.get_by_role("button", name="Dismiss").click()
            expect(row.locator(".state")).to_contain_text("Dismissed")
            app = urlsplit(dismissed.url)
            sign_in(ehr.page, f"{app.scheme}://{app.netloc}", LEAD)
            for link in ("Dashboards", "Productivity"):
                ehr.page.get_by_role("link", name=link).click()
                ehr.page.set_viewport_size(PAPER | {"height": 400})
                ehr.page.mouse.move(0, 0)
                ehr.page.screenshot(path=folder / f"{link.lower()}.png", full_page=True)
                ehr.page.go_back()
            ehr.page.context.close()


def take_visits(browser: Browser, path: Path) -> None:
    """The choice of the visit, for a patient of three."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with running_pair(place, partitioned=True, charts=three_visits(place)) as address:
            page = browser.new_context(viewport={"width": 820, "height": 400}).new_page()
            Ehr(page, address).log_in(CLINICIAN)
            page.goto(f"{address}/patients/inf-patient/apps/infusion-charges/tab")
            expect(page.get_by_role("button", name="Choose")).to_have_count(3)
            page.screenshot(path=path, full_page=True)
            page.context.close()


def take_app_in_ehr(ehr: Ehr, path: Path) -> None:
    """The chart with the app in its frame, as it opens: a question is asked and two charges are suggested."""
    frame = ehr.launch("mst-patient")
    expect(frame.locator("svg.timeline.wide")).to_be_visible()
    ehr.page.mouse.move(0, 0)
    ehr.page.screenshot(path=path)


def take_billing(ehr: Ehr, path: Path) -> None:
    """The bill of two access sites, after everything was accepted: two lines carry a modifier."""
    frame = ehr.launch("tas-patient")
    frame.get_by_role("button", name="Accept all").click()
    expect(frame.locator("[role=status].alert")).to_contain_text("sent to the EHR")
    assert len(ehr.bill("tas-patient", "tas-encounter")) >= 4
    height = ehr.page.evaluate("document.body.scrollHeight")
    ehr.page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": PAPER["width"], "height": height})


def take_edit(page: Page, path: Path) -> None:
    """One charge being edited, with the reason."""
    page.set_viewport_size(LOW)
    row = page.locator("tbody.charge").first
    row.locator("summary", has_text="Edit").click()
    row.get_by_label("Modifiers").fill("59")
    row.get_by_label("Reason", exact=True).fill("second access site, documented in the note")
    page.mouse.move(0, 0)
    box = row.evaluate("e => { const b = e.getBoundingClientRect(); return [b.x, b.y + scrollY, b.width, b.height]; }")
    left, top, width, height = box
    clip = {"x": left - MARGIN, "y": top, "width": width + 2 * MARGIN, "height": height}
    page.screenshot(path=path, full_page=True, clip=clip)


def take_answers(page: Page, folder: Path) -> None:
    """Answers worked out from the chart, confirmed together; then the lines that wait, and the keys."""
    page.set_viewport_size(LOW)
    page.get_by_label("It ran as documented, without a pause").first.check()
    page.locator("#confirm").screenshot(path=folder / "confirm.png")
    page.locator("#confirm").get_by_role("button", name="Confirm").click()
    expect(page.locator("#attested")).to_be_visible()
    page.goto(page.url.split("?")[0])
    page.mouse.move(0, 0)
    picture, words = (page.locator(part).bounding_box() for part in (".timeline-card", ".timeline-words"))
    assert picture
    assert words
    top, height = picture["y"] + page.evaluate("scrollY"), words["y"] + words["height"] - picture["y"]
    clip: FloatRect = {"x": picture["x"], "y": top, "width": picture["width"], "height": height}
    page.screenshot(path=folder / "attested-timeline.png", full_page=True, clip=clip)
    page.locator("#attested").screenshot(path=folder / "attested.png")
    page.keyboard.press("?")
    page.locator("#keys").screenshot(path=folder / "keys.png")
    page.keyboard.press("Escape")


def take_telephone(page: Page, path: Path) -> None:
    """A patient who is still there, on a telephone: the question first, then the timeline at the screen's width."""
    page.set_viewport_size(TELEPHONE)
    page.reload()
    top, below = (page.locator(part).bounding_box() for part in ("#questions", ".timeline-words"))
    assert top
    assert below
    clip: FloatRect = {"x": 0, "y": top["y"] - 8, "width": TELEPHONE["width"], "height": below["y"] - top["y"] + 8}
    page.screenshot(path=path, full_page=True, clip=clip)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
