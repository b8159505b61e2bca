"""Dashboards and productivity over three visits of a week ago, worked on by real actions; the numbers by hand.

missing-stop-time: two infusions in the emergency department, one without a stop, which is asked for and charted later.
daily-antibiotic: one infusion with its stop, whose two lines are posted seven days after the visit.
iron-sucrose-by-push: no infusion; its two lines are dismissed for two reasons.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from plugin.ehr.tenants import READ_SCOPES
from tests.browser.ehr_pages import CODER, LEAD, Ehr
from tests.browser.looks import found_in_every_look
from tests.browser.made_charts import on_the_day
from tests.browser.servers import running_pair
from tests.browser.test_worklist import sign_in

KEYS = f'productivity = true\nscopes = "{READ_SCOPES} user/Location.rs"'
ROLES = '"Practitioner/sandbox-coder" = "coder"\n"Practitioner/sandbox-lead" = "lead"\n'
TODAY = datetime.now(ZoneInfo("America/Chicago")).date()
DAY = TODAY - timedelta(days=7)
WEEK = DAY - timedelta(days=DAY.weekday())
THIS_WEEK = TODAY - timedelta(days=TODAY.weekday())


CUT_OFF = """pictures => pictures.flatMap(picture => [...picture.querySelectorAll("text")]
    .filter(text => text.getBBox().x < 0 || text.getBBox().x + text.getBBox().width > picture.viewBox.baseVal.width)
    .map(text => text.textContent))"""


def in_words(monday: date) -> str:
    """For example 2 Mar."""
    return f"{monday.day} {monday:%b}"


@pytest.fixture(scope="module")
def lead(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A coding lead on the first page, after a coder's work."""
    folder = tmp_path_factory.mktemp("dashboards")
    charts = on_the_day(folder, DAY, "missing-stop-time", "daily-antibiotic", "iron-sucrose-by-push")
    with running_pair(folder, partitioned=True, charts=charts, keys=KEYS, site=ROLES) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(20_000)
        ehr = Ehr(context.new_page(), address)
        ehr.log_in(CODER)
        sign_in(ehr.page, at_work(ehr), LEAD)
        yield ehr.page
        context.close()


def at_work(ehr: Ehr) -> str:
    """Post one chart, dismiss another, have the third completed; the app's address."""
    posted = ehr.launch_whole("abx-patient")
    posted.locator("#accept-all").click()
    expect(posted.locator("#charge-2 .state")).to_contain_text("Sent as")
    dismissed = ehr.launch_whole("irn-patient")
    for number, reason in ((1, "Not performed"), (2, "Part of another service")):
        row = dismissed.locator(f"#charge-{number}")
        row.locator("summary", has_text="Dismiss").click()
        row.locator("select[name=listed]").select_option(reason)
        row.get_by_role("button", name="Dismiss").click()
        expect(dismissed.locator(f"#charge-{number} .state")).to_contain_text("Dismissed")
    ehr.launch_whole("mst-patient").close()
    ehr.correct_stop("mst-patient", "azithromycin", f"{DAY}T11:52")
    address = urlsplit(ehr.launch_whole("mst-patient").url)
    return f"{address.scheme}://{address.netloc}"


def to_page(lead: Page, name: str) -> None:
    """From the first page to one of its links."""
    back = lead.get_by_role("link", name="Back to the first page")
    if back.count():
        back.click()
    lead.get_by_role("link", name=name).click()
    expect(lead.get_by_role("heading", level=1)).to_contain_text(name)


NUMBERS = {
    "Infusions without a charted stop, by unit and week": (
        "unit,week,infusions,without stop,percent",
        f"Emergency Department,{WEEK},2,1,50",
        f"Outpatient Infusion Clinic,{WEEK},1,0,0",
    ),
    "Questions answered, by week": ("week,asked,answered", f"{WEEK},1,1"),
    "Time to post, by week of the visit": ("week,posted encounters,median days,most days", f"{WEEK},1,7.0,7"),
    "Dismissed lines, by reason": ("reason,lines", "Not performed,1", "Part of another service,1"),
}


@pytest.mark.parametrize("title", NUMBERS)
def test_each_dashboard_has_its_numbers_as_a_table_and_as_csv(lead: Page, title: str) -> None:
    """The same three times: worked by hand, in the table, in the file."""
    to_page(lead, "Dashboards")
    expect(lead.locator("main")).to_contain_text("3 visits of the last 12 weeks")
    section = lead.get_by_role("region", name=title, exact=True)
    section.locator("summary").click()
    cells = [row.locator("th, td").all_inner_texts() for row in section.locator("tr").all()]
    header, *rows = NUMBERS[title]
    assert cells == [[word.capitalize() for word in header.split(",")], *(row.split(",") for row in rows)]
    with lead.expect_download() as download:
        section.get_by_role("link", name="Download as CSV").click()
    assert Path(download.value.path()).read_text("utf-8").splitlines() == [*NUMBERS[title]]


def test_the_pictures_say_the_same(lead: Page) -> None:
    """Each mark has its number in words beside or on it, so that neither colour nor length is needed."""
    to_page(lead, "Dashboards")
    assert lead.locator(".plot svg").evaluate_all(CUT_OFF) == []
    texts = [picture.locator("text").all_text_contents() for picture in lead.locator(".plot svg").all()]
    assert texts == [
        [in_words(WEEK), "Emergency Department", "50%", "Outpatient Infusion Clinic", "0%"],
        [f"week of {in_words(WEEK)} {WEEK.year}", "1 of 1 answered"],
        [f"week of {in_words(WEEK)} {WEEK.year}", "7 days (1 posted)"],
        ["Not performed", "1", "Part of another service", "1"],
    ]


def test_productivity_in_numbers_picture_and_csv(lead: Page) -> None:
    """One coder worked on two encounters this week: two lines accepted, two dismissed; looking is no work."""
    to_page(lead, "Productivity")
    assert lead.locator(".plot svg text").all_text_contents() == [in_words(THIS_WEEK), "Cody Ledger", "2"]
    row = lead.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert row == [THIS_WEEK.isoformat(), "Cody Ledger", "2", "2", "0", "2", "0"]
    with lead.expect_download() as download:
        lead.get_by_role("link", name="Download as CSV").click()
    assert Path(download.value.path()).read_text("utf-8").splitlines()[1:] == [f"{THIS_WEEK},Cody Ledger,2,2,0,2,0"]


@pytest.mark.parametrize("name", ["Dashboards", "Productivity"])
def test_in_every_look(lead: Page, name: str) -> None:
    """axe finds nothing and nothing is wider than a phone; pictures keep their white ground in forced colours."""
    to_page(lead, name)
    assert found_in_every_look(lead) == {}
    lead.emulate_media(forced_colors="active", color_scheme="dark")
    grounds = lead.locator(".plot").evaluate_all("plots => plots.map(each => getComputedStyle(each).backgroundColor)")
    lead.emulate_media(forced_colors="none", color_scheme="light")
    assert set(grounds) == {"rgb(255, 255, 255)"}
