"""The worklist in the app: what staff see of it, and the way from it into a chart with the person's own token."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partialmethod
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import event, insert
from werkzeug.test import TestResponse

from plugin.domain import Patient
from plugin.review.ports import Person
from plugin.review.trail import Entry
from plugin.review.worklist import WorkSummary
from plugin.store.records import EncounterRecords
from plugin.store.scans import Scans
from plugin.store.sealing import SealedPerson, seal
from plugin.store.tables import review_encounters, worklist
from plugin.store.worklist import LINE_COUNTS, Worklist
from plugin.store.worklist_search import Wanted
from tests.smart.launch.conftest import Browser
from tests.smart.launch.fake_ehr import CLIENT_ID, FakeEhr

CHART = Path(__file__).parents[3] / "plugin/sandbox/charts/iron-sucrose-by-push/chart.json"
SCOPES = "user/Patient.rs user/Encounter.rs user/Condition.rs user/MedicationAdministration.rs user/ChargeItem.crus"
TENANTS = f"""
[tenants.fake]
iss = "{{iss}}"
client_id = "{CLIENT_ID}"
fees = ["own.csv", "asp.csv"]
{{more}}
[tenants.fake.roles]
"Practitioner/ann" = "coder"
"Practitioner/bob" = "coder"
"Practitioner/lea" = "lead"
"Practitioner/nia" = "clinician"
"""
NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
BOB = Person("Practitioner/bob", "Bob Able", "coder", verified=True)
WORK = WorkSummary(
    encounter="Encounter/irn-encounter",
    patient="Patient/irn-patient",
    person=Patient("Patient/irn-patient", "Iris Ironwood", record_number="MRN-5"),
    unit="Location/chairs",
    day=date(2026, 3, 2),
    due=date(2026, 3, 4),
    is_open=True,
    cents=123_456,
    unpriced=1,
    questions=1,
    infusions=1,
    missing_stops=0,
    dismissed_by={},
    ready=2,
)


@pytest.fixture
def clinic(make_browser, ehr: FakeEhr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Build the app before an EHR with one chart; the worklist has its encounter where told."""
    (tmp_path / "own.csv").write_text("code,amount\n96374,150\n", encoding="utf-8")
    (tmp_path / "asp.csv").write_text("code,payment_limit_usd\n96374,1\nJ1756,0.25\n", encoding="utf-8")
    ehr.hold(CHART)

    def build(more: str = "", listed: bool = True) -> Browser:
        browser: Browser = make_browser(tenants=TENANTS.format(iss=ehr.iss, more=more))
        if listed:
            Worklist(browser.services.store, "fake").keep(WORK, NOW)
        return browser

    return build


def signed_in(browser: Browser, who: str, scope: str = "openid fhirUser") -> str:
    """Sign in without a chart; the session's address."""
    browser.ehr.claims = {"fhirUser": f"Practitioner/{who}", "name": f"{who.title()} Able"}
    browser.ehr.token = {"patient": None, "encounter": None, "scope": scope}
    response = browser.get("/sign-in?tenant=fake")
    if "cookie_asked" in response.location:
        response = browser.get(response.location)
    query = dict(pair.split("=", 1) for pair in response.location.partition("?")[2].split("&"))
    return browser.come_back(state=query["state"], code=query["nonce"]).location.removesuffix("/home")


def act(browser: Browser, session: str, action: str, **fields: str) -> TestResponse:
    """Send a form of the worklist."""
    form = {**browser.form(browser.get(f"{session}/worklist?filter=all")), "row": "1", "search": "", "after": ""}
    return browser.post(f"{session}/worklist/{action}", {**form, **fields})


def test_the_list_says_what_is_to_be_done(clinic) -> None:
    """Name, money, what has no price, the deadline and where the lines stand; the home page leads there."""
    browser = clinic()
    session = signed_in(browser, "ann")
    assert "/worklist" in browser.get(f"{session}/home").text
    page = browser.get(f"{session}/worklist").text
    for words in ("Iris Ironwood", "MRN-5", "2 Mar 2026", "$1,235", "1 line without a price", "1 question"):
        assert words in page
    assert "2 lines ready" in page
    assert "4 Mar 2026" in page
    assert 'name="filter" value="to-do"' in page


@pytest.mark.parametrize("asked", ["filter=nonsense", "order=nonsense", "after=nonsense", "search=%00%FF", "filter="])
def test_an_address_somebody_made_up_is_no_error(clinic, asked: str) -> None:
    """It shows the usual list, or says that it can't be read."""
    browser = clinic()
    assert browser.get(f"{signed_in(browser, 'ann')}/worklist?{asked}").status_code in (200, 400)


def test_two_coders_want_one_encounter(clinic) -> None:
    """The second is told who has it; a lead may give it back; a hold needs a reason."""
    browser = clinic()
    ann = signed_in(browser, "ann")
    taken = act(browser, ann, "claim")
    assert (taken.status_code, taken.location.endswith("#row-1")) == (303, True)
    assert "Claimed by you" in browser.get(f"{ann}/worklist?filter=mine").text
    bob = signed_in(browser, "bob")
    refused = act(browser, bob, "claim")
    assert (refused.status_code, "Ann Able has claimed this encounter" in refused.text) == (409, True)
    assert "Claimed by Ann Able" in browser.get(f"{bob}/worklist").text
    assert act(browser, ann, "hold", reason="  ").status_code == 422
    assert act(browser, ann, "hold", reason="waits for the order").status_code == 303
    assert "On hold: waits for the order" in browser.get(f"{bob}/worklist?filter=held").text
    assert "Iris Ironwood" not in browser.get(f"{bob}/worklist").text
    assert act(browser, signed_in(browser, "lea"), "release").status_code == 303


@pytest.mark.parametrize("row", ["0", "2", "-1", "x", "", "9" * 40])
def test_a_row_that_is_not_there(clinic, row: str) -> None:
    """Nothing is done, and the page says so."""
    browser = clinic()
    assert act(browser, signed_in(browser, "ann"), "claim", row=row).status_code == 404


# --- searching -----------------------------------------------------------------------------------


def look_for(browser: Browser, session: str, words: str, **fields: str) -> TestResponse:
    """Send the search form."""
    form = {**browser.form(browser.get(f"{session}/worklist?filter=all")), "words": words, "filter": "all"}
    return browser.post(f"{session}/worklist/search", {**form, **fields})


@pytest.mark.parametrize(("words", "is_there"), [("iris ironw", True), ("MRN-5", True), ("quill", False)])
def test_a_name_is_searched_and_stands_in_no_address_and_no_log(clinic, caplog, words, is_there) -> None:
    """Neither in the address that follows, which shows the same whenever it is opened, nor in any line of the log."""
    browser = clinic()
    session = signed_in(browser, "ann")
    caplog.set_level("DEBUG")
    answer = look_for(browser, session, words)
    assert answer.status_code == 303
    for _ in range(2):
        page = browser.get(answer.location)
        assert ("Iris Ironwood" in page.text) is is_there
        assert f'value="{words}"' in page.text
    kept = [answer.location, caplog.text, *(part.split('"')[0] for part in page.text.split('href="')[1:])]
    assert not [each for each in kept if words.split()[0].lower() in each.lower()]


def test_the_search_goes_on_through_filters_orders_and_claims(clinic) -> None:
    """The links and the buttons of a page that was found carry what was searched, encrypted."""
    browser = clinic()
    session = signed_in(browser, "ann")
    found = browser.get(look_for(browser, session, "ironwood").location)
    [mine] = [part.split('"')[0] for part in found.text.split('href="')[1:] if "filter=mine" in part.split('"')[0]]
    assert 'value="ironwood"' in browser.get(mine.replace("&amp;", "&")).text
    sealed = found.text.split('name="search" value="')[1].split('"')[0]
    taken = act(browser, session, "claim", search=sealed)
    assert 'value="ironwood"' in browser.get(taken.location).text


def test_what_another_session_searched_is_nothing_here(clinic) -> None:
    """An address that was passed on shows the usual list, and no words."""
    browser = clinic()
    ann = signed_in(browser, "ann")
    address = look_for(browser, ann, "quill").location
    bob = signed_in(browser, "bob")
    page = browser.get(address.replace(ann.rpartition("/")[2], bob.rpartition("/")[2])).text
    assert "quill" not in page
    assert "Iris Ironwood" in page


# --- into the chart ------------------------------------------------------------------------------


def test_a_chart_is_opened_with_the_persons_own_token(clinic, ehr: FakeEhr) -> None:
    """In a session of its own that never renews the token; every read carries the person's token and no other."""
    browser = clinic(more=f'worklist_scopes = "{SCOPES}"')
    session = signed_in(browser, "ann", f"openid fhirUser {SCOPES}")
    assert "Open chart" in browser.get(f"{session}/worklist").text
    ehr.seen.clear()
    opened = act(browser, session, "open")
    assert opened.status_code == 303
    page = browser.get(opened.location)
    assert (page.status_code, "96374" in page.text) == (200, True)
    reads = [each for each in ehr.seen if each.path.startswith("/fhir/") and "metadata" not in each.path]
    assert {each.headers.get("Authorization") for each in reads} == {"Bearer ACCESS-TOKEN-1"}
    launch = browser.session(opened)
    assert (launch.patient, launch.encounter, launch.role) == ("irn-patient", "irn-encounter", "coder")
    assert launch.tokens.refresh == ""


def listed(browser: Browser, name: str, **changes: Any) -> int:
    """Another encounter on the list; its number."""
    rows = Worklist(browser.services.store, "fake")
    rows.keep(replace(WORK, encounter=f"Encounter/{name}", **changes), NOW)
    [row] = [each for each in rows.page(Wanted("all"), "").rows if each.encounter == f"Encounter/{name}"]
    return row.id


def put_encounter(ehr: FakeEhr, name: str) -> None:
    """One more encounter at the EHR, in which nothing was given."""
    ehr.resources[f"Encounter/{name}"] = {**ehr.resources["Encounter/irn-encounter"], "id": name}


def walk_on(browser: Browser, chart: str) -> TestResponse:
    """Ask for the next encounter, from this chart's page."""
    return browser.post(f"{chart}/next", browser.form(browser.get(f"{chart}/")))


def opened_first(browser: Browser, who: str = "ann") -> tuple[str, str]:
    """Sign in, open the first chart by deadline; the addresses of the list and of the chart."""
    session = signed_in(browser, who, f"openid fhirUser {SCOPES}")
    return session, act(browser, session, "open", filter="ready", order="deadline").location.rstrip("/")


def test_from_the_chart_back_to_the_row_and_on_to_the_next(clinic, ehr: FakeEhr) -> None:
    """In the order of the list as it was looked at, past what a colleague has, until there is none."""
    browser = clinic(more=f'worklist_scopes = "{SCOPES}"')
    rows = Worklist(browser.services.store, "fake")
    rows.claim(listed(browser, "hers", due=date(2026, 3, 5)), BOB, NOW)
    for name, due in (("rich", date(2026, 3, 7)), ("soon", date(2026, 3, 6))):
        put_encounter(ehr, name)
        listed(browser, name, due=due, cents=9_000_000 if name == "rich" else 100)
    listed(browser, "nothing-ready", due=date(2026, 3, 6), ready=0)
    session, chart = opened_first(browser)
    page = browser.get(f"{chart}/").text
    assert f'{session}/worklist?filter=ready&amp;order=deadline#row-1"' in page
    # Meanwhile the row was done: the walk goes on from where it stood.
    rows.keep(replace(WORK, ready=0, is_open=False, due=date(2026, 3, 9)), NOW)
    for expected in ("soon", "rich"):
        answer = walk_on(browser, chart)
        assert browser.session(answer).encounter == expected
        chart = answer.location.rstrip("/")
    assert f"{session}/worklist?filter=ready&amp;order=deadline&amp;after=" in browser.get(f"{chart}/").text
    end = walk_on(browser, chart)
    assert end.location.startswith(f"{session}/worklist?filter=ready")
    assert "That was the last encounter" in browser.get(end.location).text


def test_the_way_back_keeps_what_was_searched(clinic, ehr: FakeEhr) -> None:
    """Encrypted, as the list itself has it; the next encounter is one that was found."""
    browser = clinic(more=f'worklist_scopes = "{SCOPES}"')
    other = Patient("Patient/irn-patient", "Olaf Other")
    put_encounter(ehr, "other")
    listed(browser, "other", due=date(2026, 3, 5), person=other)
    session = signed_in(browser, "ann", f"openid fhirUser {SCOPES}")
    sealed = unquote(look_for(browser, session, "ironwood").location.split("search=")[1])
    chart = act(browser, session, "open", search=sealed).location.rstrip("/")
    [back] = [link for link in browser.get(f"{chart}/").text.split('href="') if link.startswith(f"{session}/worklist")]
    assert "ironwood" not in back.split('"')[0]
    assert 'value="ironwood"' in browser.get(back.split('"')[0].split("#")[0].replace("&amp;", "&")).text
    assert "said=last" in walk_on(browser, chart).location


def test_a_chart_of_a_list_whose_session_has_ended(clinic, ehr: FakeEhr) -> None:
    """Its page leads to the sign-in, and the next encounter is refused."""
    browser = clinic(more=f'worklist_scopes = "{SCOPES}"')
    session, chart = opened_first(browser)
    form = browser.form(browser.get(f"{chart}/"))
    browser.services.launches.close(session.rpartition("/")[2])
    page = browser.get(f"{chart}/").text
    assert "/sign-in?tenant=fake" in page
    assert "Next encounter" not in page
    assert browser.post(f"{chart}/next", form).status_code == 403


def test_a_chart_launched_from_the_ehr_has_no_list(clinic, ehr: FakeEhr) -> None:
    """There is nothing to go back to."""
    browser = clinic(listed=False)
    ehr.claims = {"fhirUser": "Practitioner/ann"}
    ehr.token = {"patient": "irn-patient", "encounter": "irn-encounter"}
    chart = browser.launch().location.rstrip("/")
    assert "way-back" not in browser.get(f"{chart}/").text
    assert walk_on(browser, chart).status_code == 404


def test_logging_out_of_the_worklist_closes_its_charts(clinic, ehr: FakeEhr) -> None:
    """The next person at this machine finds none of them open, whatever the EHR does with the token."""
    browser = clinic(more=f'worklist_scopes = "{SCOPES}"')
    session = signed_in(browser, "ann", f"openid fhirUser {SCOPES}")
    opened = act(browser, session, "open")
    assert browser.get(opened.location).status_code == 200
    form = browser.form(browser.get(f"{session}/worklist"))
    assert browser.post(f"{session}/logout", form).status_code == 200
    assert browser.get(opened.location).status_code == 403


def test_without_the_grant_no_chart_is_opened(clinic, ehr: FakeEhr) -> None:
    """A grant for one patient is none for another; the list says where charts are opened."""
    browser = clinic()
    session = signed_in(browser, "ann", "openid fhirUser patient/*.rs user/MedicationAdministration.rs")
    page = browser.get(f"{session}/worklist").text
    assert "Open chart" not in page
    assert "/launch?tenant=fake" in page
    assert act(browser, session, "open").status_code == 403


def test_the_tenants_scopes_are_asked_for_at_sign_in(clinic) -> None:
    """And no others."""
    browser = clinic(more='worklist_scopes = ["user/Encounter.rs", "user/MedicationAdministration.rs"]')
    response = browser.get("/sign-in?tenant=fake")
    response = browser.get(response.location)
    assert "scope=openid%20fhirUser%20user%2FEncounter.rs%20user%2FMedicationAdministration.rs" in response.location


def test_looking_at_a_chart_puts_it_on_the_list(clinic, ehr: FakeEhr) -> None:
    """The push at the site's own fee, 150 dollars, and 200 mg of the drug at 25 cents from the other table."""
    browser = clinic(listed=False)
    ehr.claims = {"fhirUser": "Practitioner/ann"}
    ehr.token = {"patient": "irn-patient", "encounter": "irn-encounter"}
    session = browser.launch().location.rstrip("/")
    assert browser.get(f"{session}/").status_code == 200
    [row] = Worklist(browser.services.store, "fake").page(Wanted("all"), "").rows
    assert row.encounter == "Encounter/irn-encounter"
    assert (row.counts["ready"], row.cents, row.unpriced, row.day) == (2, 20_000, 0, "2026-01-20")
    assert (row.due, row.is_open) == ("2026-01-24", True)


@pytest.mark.parametrize(
    ("minutes", "outcomes", "end", "told"),
    [
        (1, ["found"], "", "A scan is running since 3 Mar 2026, 15:00: 1 of 3 encounters read."),
        (6, ["found"], "", "The scan of 3 Mar 2026, 15:00 broke off: 1 of 3 encounters read."),
        (1, ["found"], "broken", "The scan of 3 Mar 2026, 15:00 broke off: 1 of 3 encounters read."),
        (9, ["found", "nothing", "found"], "done", "Last scan 3 Mar 2026, 15:00: 3 of 3 encounters read."),
        (9, ["found", "unread", "found"], "done", "3 of 3 encounters read; 1 encounter could not be read."),
    ],
)
def test_the_list_says_how_far_the_scan_is(clinic, monkeypatch, minutes, outcomes, end, told) -> None:
    """Running, broken off, done, and done with something unread."""
    browser = clinic()
    session = signed_in(browser, "ann")
    assert "scan is running" not in browser.get(f"{session}/worklist").text
    scans = Scans(browser.services.store, "fake")
    scans.begin("3 days, all", [("p", f"e{number}") for number in range(3)], NOW, whole=True)
    for number, outcome in enumerate(outcomes):
        scans.went_through(f"e{number}", outcome, NOW)
    if end:
        scans.end(end, NOW)
    monkeypatch.setattr(Scans, "last", partialmethod(_last_at, Scans.last, NOW + timedelta(minutes=minutes)))
    assert told in browser.get(f"{session}/worklist").text


def _last_at(self: Scans, last: Any, then: datetime, _now: datetime) -> Any:
    return last(self, then)


# --- a long list ---------------------------------------------------------------------------------


def fill(browser: Browser, first: int, last: int, day: str = "2026-03-02") -> None:
    """Rows straight into the table: what is measured is reading them."""
    store = browser.services.store
    person = seal(SealedPerson("Iris Ironwood", "MRN-5"), store.cipher)
    none = ("unpriced", "missing_stops", "missing_ever", "questions_ever")
    usual: dict[str, Any] = dict.fromkeys(none, 0) | {"infusions": 1}
    usual |= dict.fromkeys(LINE_COUNTS, 1) | {"questions": 1, "tenant": "fake", "patient": "Patient/p", "unit": "u"}
    usual |= {"day": day, "due": "2026-03-06", "is_open": True, "dismissed_by": "{}", "person_sealed": person}
    usual |= dict.fromkeys(("claimed_by", "claimed_name", "held_by", "held_sealed"), "")
    usual |= {"first_seen_at": NOW, "seen_at": NOW}
    names = [f"Encounter/e{number}" for number in range(first, last)]
    with store.writing() as connection:
        connection.execute(
            insert(review_encounters), [{"tenant": "fake", "encounter": name, "writer": ""} for name in names]
        )
        connection.execute(
            insert(worklist), [{**usual, "encounter": name, "cents": place} for place, name in enumerate(names)]
        )


def statements_for(browser: Browser, address: str) -> tuple[list[str], str]:
    """The database statements one page costs, and the page."""
    seen: list[str] = []

    def keep(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(browser.services.store.engine, "before_cursor_execute", keep)
    try:
        page = browser.get(address)
    finally:
        event.remove(browser.services.store.engine, "before_cursor_execute", keep)
    assert page.status_code == 200
    return [each for each in seen if not each.startswith("BEGIN")], page.text


@pytest.mark.parametrize("order", ["money", "deadline", "age"])
def test_five_thousand_encounters_cost_a_page_no_more_than_sixty(clinic, order: str) -> None:
    """The same statements whatever the length, two of them for the list itself; fifty rows are drawn."""
    browser = clinic(listed=False)
    session = signed_in(browser, "ann")
    address = f"{session}/worklist?order={order}"
    browser.get(address)
    fill(browser, 0, 60)
    few, page_of_few = statements_for(browser, address)
    fill(browser, 60, 5000)
    many, page_of_many = statements_for(browser, address)
    assert len(many) == len(few)
    assert len([each for each in many if "FROM worklist" in each]) == 2
    for page in (page_of_few, page_of_many):
        assert page.count('class="row"') == 50
    assert "5000" in page_of_many
    [cursor] = [part.split('"')[0] for part in page_of_many.split("after=")[1:]]
    later, next_page = statements_for(browser, f"{address}&after={cursor}")
    assert len(later) == len(few)
    assert next_page.count('class="row"') == 50


@pytest.mark.parametrize("page", ["dashboards", "dashboards/missing-stops.csv", "productivity", "productivity.csv"])
def test_five_thousand_encounters_cost_a_dashboard_no_more_than_sixty(clinic, page: str) -> None:
    """The same statements whatever the length, and the same rows: of units and weeks, of people and weeks."""
    browser = clinic(listed=False, more="productivity = true")
    address = f"{signed_in(browser, 'lea')}/{page}"
    costs, pages = [], []
    for first, last in ((0, 60), (60, 5000)):
        fill(browser, first, last, datetime.now(UTC).date().isoformat())
        for number in range(first, min(last, first + 60)):
            note(browser, f"e{number}", BOB, datetime.now(UTC), "accept")
        browser.get(address)
        cost, told = statements_for(browser, address)
        costs.append(len(cost))
        pages.append(told)
    assert costs[0] == costs[1]
    assert len(pages[0].splitlines()) == len(pages[1].splitlines())
    assert "60" in pages[0]
    assert ("120" if "productivity" in page else "5000") in pages[1]


# --- dashboards ----------------------------------------------------------------------------------

RECENT = datetime.now(UTC).date()
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def counted(clinic) -> Browser:
    """A worklist with one visit of today, whose unit is named like a formula and like markup, and an older one."""
    browser: Browser = clinic(listed=False)
    rows = Worklist(browser.services.store, "fake")
    today = replace(WORK, day=RECENT, unit=f"{FORMULA}<b>", infusions=4, missing_stops=1, questions=3, posted=1)
    rows.keep(replace(today, dismissed_by={"Not performed": 2}), datetime.now(UTC))
    rows.keep(replace(today, questions=1, missing_stops=0, dismissed_by={"Not performed": 2}), datetime.now(UTC))
    rows.keep(replace(today, encounter="Encounter/old", day=date(2020, 1, 6)), datetime.now(UTC))
    return browser


def test_the_dashboards_draw_what_was_counted(counted: Browser) -> None:
    """One visit of the last weeks: a quarter of its stops was missing, two of three questions were answered."""
    page = counted.get(f"{signed_in(counted, 'lea')}/dashboards").text
    assert "1 visit of the last 12 weeks" in page
    for words in ("25%", "2 of 3 answered", "0 days (1 posted)", "Not performed"):
        assert words in page
    assert page.count("<svg") == 4
    assert "<b>" not in page
    assert "style=" not in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("missing-stops", ["unit,week,infusions,without stop,percent", f"'{FORMULA}<b>,{{week}},4,1,25"]),
        ("questions", ["week,asked,answered", "{week},3,2"]),
        ("time-to-post", ["week,posted encounters,median days,most days", "{week},1,0.0,0"]),
        ("dismissed", ["reason,lines", "Not performed,2"]),
    ],
)
def test_the_numbers_as_csv(counted: Browser, name: str, lines: list[str]) -> None:
    """A cell that a spreadsheet would take for a formula is text."""
    answer = counted.get(f"{signed_in(counted, 'lea')}/dashboards/{name}.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    week = (RECENT - timedelta(days=RECENT.weekday())).isoformat()
    assert answer.text.splitlines() == [line.format(week=week) for line in lines]


def test_a_dashboard_that_is_not_there(counted: Browser) -> None:
    """Says so."""
    assert counted.get(f"{signed_in(counted, 'lea')}/dashboards/salaries.csv").status_code == 404


# --- productivity --------------------------------------------------------------------------------


def note(browser: Browser, encounter: str, person: Person, at: datetime, *kinds: str) -> None:
    """What a person did on an encounter."""
    entries = [Entry(at, kind, "i", "96374 x 1", person.reference, person.name, person.role, True) for kind in kinds]
    EncounterRecords(browser.services.store, "fake", f"Encounter/{encounter}").note(entries)


def test_productivity_counts_people_by_week_and_names_no_patient(clinic) -> None:
    """Two encounters of one coder this week, one of another last week; claims and what is too old are not counted."""
    browser = clinic(more="productivity = true")
    now = datetime.now(UTC)
    note(browser, "e1", BOB, now, "accept", "accept", "dismiss", "claim")
    note(browser, "e2", BOB, now, "edit")
    cat = Person("Practitioner/cat", "=Cat", "coder", verified=True)
    note(browser, "e1", cat, now - timedelta(weeks=1), "attest")
    note(browser, "e1", cat, now - timedelta(weeks=13), "accept")
    session = signed_in(browser, "lea")
    assert "/productivity" in browser.get(f"{session}/home").text
    week, before = (now.date() - timedelta(days=now.weekday() + back) for back in (0, 7))
    assert browser.get(f"{session}/productivity.csv").text.splitlines() == [
        "week,person,encounters,accepted,edited,dismissed,answers attested",
        f"{week},Bob Able,2,2,1,1,0",
        f"{before},'=Cat,1,0,0,0,1",
    ]
    page = browser.get(f"{session}/productivity").text
    assert "Bob Able" in page
    assert not [word for word in ("Iris", "Encounter/", "96374") if word in page]


def test_productivity_is_off_unless_the_site_switches_it_on(clinic) -> None:
    """Also for a lead; and a coder sees it nowhere."""
    browser = clinic()
    lea = signed_in(browser, "lea")
    assert "/productivity" not in browser.get(f"{lea}/home").text
    assert browser.get(f"{lea}/productivity").status_code == 404
