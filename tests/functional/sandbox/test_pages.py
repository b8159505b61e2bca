"""The EHR's pages as a person meets them."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.smart.sandbox.ehr import LAUNCH_URL, Ehr, charge, running_ehr

PAGES = [
    "/",
    "/patients/amber",
    "/patients/amber/encounters/amber-1",
    "/patients/amber/encounters/amber-1/billing",
    "/patients/amber/apps/infusion-charges?encounter=amber-1",
    "/patients/amber/mar/amber-m3/edit",
]


@pytest.fixture(scope="module")
def shared_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """One EHR for all these tests, which only look, or write what no other one looks at."""
    with running_ehr(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture
def ehr(shared_ehr: Ehr) -> Ehr:
    """The EHR of this module."""
    return shared_ehr


class Outline(HTMLParser):
    """Counts what a page must have to be usable without seeing it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.labels: set[str] = set()
        self.fields: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "label":
            self.labels.add(given.get("for") or "")
        if tag in ("select", "input") and given.get("type") != "hidden":
            self.fields.append(given.get("id") or "")
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


def _cells(text: str, row: str) -> list[str]:
    """The texts of one table row, by its id."""
    found = re.findall(rf'<tr id="{row}">(.*?)</tr>', text, re.DOTALL)
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found[0], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_marked_as_a_pretence_and_accessible(ehr: Ehr, path: str) -> None:
    """The mark, one main heading, landmarks, a label for each field, no script and no inline style."""
    page = ehr.get(path)
    outline = Outline(page.text)
    assert page.status_code == 200
    assert "Sandbox EHR: made-up patients" in page.text
    assert outline.tags.count("h1") == 1
    assert outline.tags.count("main") == 1
    assert {"header", "nav", "footer"} <= set(outline.tags)
    assert set(outline.fields) <= outline.labels
    assert "script" not in outline.tags
    assert outline.inline == []


@pytest.mark.parametrize("path", PAGES)
def test_policy_frames_the_app_and_runs_no_script(ehr: Ehr, path: str) -> None:
    """The CSP allows the app's origin and the EHR's own in a frame, nothing to run, and nobody to frame the EHR."""
    headers = ehr.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-src"] == "'self' http://127.0.0.1:8000"
    assert policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_patients_lead_to_their_charts(ehr: Ehr) -> None:
    """The first page lists both patients by name, and says what a chart is about."""
    page = ehr.get("/").text
    assert re.findall(r'<a href="(/patients/[^"]+)">([^<]+)</a>', page) == [
        ("/patients/amber", "Ann Amber"),
        ("/patients/birch", "Ben Birch"),
    ]
    assert "<td>Amber, twice in a week</td>" in page


def test_mar_shows_what_was_charted(ehr: Ehr) -> None:
    """Drug by reference, times with offset, dose and rate with their digits, and a missing stop as such."""
    page = ehr.get("/patients/amber").text
    assert _cells(page, "mar-amber-m1")[:8] == [
        "sodium chloride 0.9 % 1000 mL",
        "2026-03-02 10:00 -05:00",
        "2026-03-02 11:00 -05:00",
        "125.00 mL",
        "0.10 L/h",
        "IV infusion",
        "left forearm",
        "completed",
    ]
    assert _cells(page, "mar-amber-m3")[2] == "none"
    assert _cells(page, "mar-amber-m2")[2] == "one time charted"


def test_encounter_page_shows_its_own_mar_only(ehr: Ehr) -> None:
    """Administrations of the other encounter stay out."""
    page = ehr.get("/patients/amber/encounters/amber-1").text
    assert "mar-amber-m1" in page
    assert "mar-amber-m4" not in page


def test_app_frame_is_named_and_launches_with_context(ehr: Ehr) -> None:
    """The frame has a title, a stable id and name, and the launch address with iss and launch."""
    page = ehr.get("/patients/amber/apps/infusion-charges?encounter=amber-1").text
    frame = re.findall(r"<iframe [^>]+>", page)[0]
    assert '<iframe id="app-frame" name="app-frame" title="Infusion charges"' in frame
    assert f'src="{LAUNCH_URL}?iss=http%3A%2F%2Flocalhost' in frame
    assert "&amp;launch=" in frame


def test_new_tab_goes_straight_to_the_app(ehr: Ehr) -> None:
    """The other link redirects to the launch address; the + of launch stays bare."""
    answer = ehr.get("/patients/amber/apps/infusion-charges/tab?encounter=amber-1")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{LAUNCH_URL}?iss=")
    assert "+" in answer.headers["Location"]


def test_billing_shows_charges_as_they_arrive(ehr: Ehr) -> None:
    """Code, modifiers, units, date, status, who, why, id and version, on a page that refreshes itself."""
    body = charge(
        "bill-1",
        quantity={"value": 2},
        occurrenceDateTime="2026-03-02T10:00:00-05:00",
        extension=[{"url": "https://example.org/modifier", "valueCodeableConcept": {"coding": [{"code": "59"}]}}],
        enterer={"reference": "Practitioner/sandbox-coder"},
        note=[{"text": "31 minutes of hydration"}],
    )
    address = "/patients/amber/encounters/amber-1/billing"
    assert "No charges have arrived" in ehr.get(address).text
    ehr.fhir(ehr.launched()).write("PUT", "ChargeItem/bill-1", json.dumps(body))
    page = ehr.get(address).text
    assert '<meta http-equiv="refresh" content="5">' in page
    assert _cells(page, "charge-bill-1") == [
        "96360",
        "59",
        "2",
        "2026-03-02",
        "billable",
        "Cody Ledger",
        "31 minutes of hydration",
        "bill-1 version 1",
    ]


def test_refreshing_can_be_stopped(ehr: Ehr) -> None:
    """Who reads slowly can have a page that stays as it is."""
    page = ehr.get("/patients/amber/encounters/amber-1/billing?refresh=off").text
    assert "http-equiv" not in page


def test_switching_user_changes_who_launches(ehr: Ehr) -> None:
    """After the switch the launch is the coder's; the form leads back to the page it was on."""
    answer = ehr.post("/login", {"user": "sandbox-coder", "back": "/patients/amber"})
    claims = ehr.launched(user=answer.cookies["sandbox_ehr_user"])
    page = ehr.get("/", cookies={"sandbox_ehr_user": "sandbox-coder"}).text
    assert answer.headers["Location"] == "/patients/amber"
    assert "id_token" in claims
    assert '<option value="sandbox-coder" selected>' in page


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:1", "/\\evil"])
def test_login_leads_nowhere_else(ehr: Ehr, back: str) -> None:
    """The way back is a path of this server."""
    location = ehr.post("/login", {"user": "sandbox-coder", "back": back}).headers["Location"]
    assert location == "/"


def test_unknown_user_is_not_taken(ehr: Ehr) -> None:
    """A made-up cookie logs nobody in; the nurse stays."""
    page = ehr.get("/", cookies={"sandbox_ehr_user": "nobody"}).text
    assert '<option value="sandbox-clinician" selected>' in page


@pytest.mark.parametrize(
    "path",
    [
        "/patients/nobody",
        "/patients/amber/encounters/birch-1",
        "/patients/amber/encounters/birch-1/billing",
        "/patients/amber/apps/infusion-charges?encounter=birch-1",
        "/patients/amber/apps/infusion-charges/tab?encounter=birch-1",
        "/patients/amber/mar/birch-m1/edit",
        "/nowhere",
    ],
)
def test_what_is_not_there_gets_a_page(ehr: Ehr, path: str) -> None:
    """A wrong address, or another patient's encounter, is a marked 404 page."""
    page = ehr.get(path)
    assert page.status_code == 404
    assert "Sandbox EHR: made-up patients" in page.text
