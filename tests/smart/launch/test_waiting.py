"""A chart that takes longer than a moment: a page waits for it, whichever process the browser is led to."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from plugin.store.cipher import make_key
from plugin.store.readings import KEEP_READ, Mine, Readings
from plugin.web import knowing_user, reading_charts
from plugin.web.services import Services
from tests.smart.launch.conftest import BY_ROLE, Browser, practitioner_role
from tests.smart.launch.fake_ehr import CLIENT_ID, FakeEhr, encounter

TENANTS = f'''
[tenants.fake]
iss = "{{iss}}"
name = "Fake hospital"
client_id = "{CLIENT_ID}"
zone = "America/Chicago"
[tenants.fake.roles]
"Practitioner/p1" = "coder"
'''
GIVEN = "fhir/MedicationAdministration"
SOON = 15.0


@pytest.fixture
def gate(ehr: FakeEhr) -> Iterator[threading.Event]:
    """A chart whose administrations come when they are let through."""
    ehr.resources["Encounter/enc-1"] = encounter("enc-1")
    for kind in ("MedicationAdministration", "Condition", "MedicationRequest", "ChargeItem", "Encounter"):
        ehr.resources[kind] = {"resourceType": "Bundle", "type": "searchset"}
    ehr.gates["MedicationAdministration"] = threading.Event()
    yield ehr.gates["MedicationAdministration"]
    for each in ehr.gates.values():
        each.set()
    for thread in threading.enumerate():
        if thread.name == "seeing-through":
            thread.join(SOON)


@pytest.fixture
def impatient(make_browser: Any, ehr: FakeEhr) -> Browser:
    """A browser in front of an app whose pages hardly wait."""
    return make_browser(tenants=TENANTS.format(iss=ehr.iss), moment=0.05, encryption_keys=(make_key(),))


def until(there: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = monotonic() + SOON
    while not there():
        assert monotonic() < end, "it did not happen"
        sleep(0.02)


def once_read(browser: Browser, address: str) -> TestResponse:
    """What stands there when nothing is being read any more."""
    until(lambda: browser.get(f"{address}reading").status_code == 204)
    return browser.get(address)


def another_process(browser: Browser) -> Browser:
    """The same browser, led to another process on the same database."""
    from plugin.web.app import create_app  # noqa: PLC0415 - as a process of its own would

    app: Flask = create_app(browser.services.settings)
    client = app.test_client()
    client.set_cookie("__Host-infusion_charges", browser.secret(), domain="app.example.org", secure=True)
    return Browser(app, client, browser.ehr)


def test_page_waits_and_then_shows_what_was_read(impatient: Browser, gate: threading.Event) -> None:
    """It says what is read, since when, and looks again without a script; the chart is asked for once."""
    address = impatient.launch().location
    page = impatient.get(address)
    assert page.status_code == 202
    assert "Fake hospital was asked at" in page.text
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert impatient.get(address).status_code == 202
    gate.set()
    shown = once_read(impatient, address)
    assert shown.status_code == 200
    assert "Nothing was charted as given" in shown.text
    assert impatient.ehr.paths().count(f"/{GIVEN}") == 1


def test_several_processes_read_a_chart_once(impatient: Browser, gate: threading.Event) -> None:
    """Eight pages on three processes while it is read, and the one that shows it is another than the one that read."""
    address = impatient.launch().location
    impatient.get(address)
    others = [another_process(impatient) for _ in range(2)]
    pages = Counter(each.get(address).status_code for each in [*others * 3, impatient, impatient])
    assert pages == {202: 8}
    gate.set()
    assert once_read(others[0], address).status_code == 200
    assert impatient.ehr.paths().count(f"/{GIVEN}") == 1
    for each in others:
        each.services.store.close()


def test_what_failed_is_said_once_and_tried_again(impatient: Browser, ehr: FakeEhr, gate: threading.Event) -> None:
    """A refusal that comes late is shown as one that comes at once; the next look reads anew."""
    address = impatient.launch().location
    impatient.get(address)
    del ehr.resources["MedicationAdministration"]
    gate.set()
    failed = once_read(impatient, address)
    assert failed.status_code == 502
    assert "The EHR did not give what is needed" in failed.text
    ehr.resources["MedicationAdministration"] = {"resourceType": "Bundle", "type": "searchset"}
    again = impatient.get(address)
    assert (again if again.status_code == 200 else once_read(impatient, address)).status_code == 200


def test_a_defect_is_told_as_one(impatient: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever broke behind the page, the page doesn't wait for ever."""
    ready = threading.Event()

    def broken(*_: object) -> None:
        ready.wait(SOON)
        raise ZeroDivisionError

    monkeypatch.setattr(Services, "chart_source", broken)
    address = impatient.launch().location
    assert impatient.get(address).status_code == 202
    ready.set()
    page = once_read(impatient, address)
    assert page.status_code == 500
    assert "Something went wrong" in page.text


def test_what_nobody_came_for_is_read_anew_and_forgotten(impatient: Browser, gate: threading.Event) -> None:
    """An old chart is never shown, and the next launch of anybody sweeps it out; so does logging out."""
    services, launch = impatient.services, impatient.opened()
    readings, now = Readings(services.store), services.clock()
    for moment in (now, now + KEEP_READ):
        turn = readings.begin(launch.id, moment)
        assert isinstance(turn, Mine)
        readings.keep(launch.id, turn.reader, "old", moment)
    services.launches.purge(now + KEEP_READ)
    assert rows(services) == 1
    services.launches.purge(now + KEEP_READ * 2)
    assert rows(services) == 0
    assert isinstance(readings.begin(launch.id, now), Mine)
    services.launches.close(launch.id)
    assert rows(services) == 0


def rows(services: Services) -> int:
    """How many readings are stored."""
    with services.store.reading() as connection:
        return len(connection.exec_driver_sql("SELECT launch_id FROM readings").all())


def test_what_is_kept_is_sealed(impatient: Browser, ehr: FakeEhr, gate: threading.Event) -> None:
    """Nothing of the chart stands in the database as it was read."""
    ehr.resources["Encounter/enc-1"] |= {"reasonCode": [{"text": "Kept-Under-Seal"}]}
    address = impatient.launch().location
    impatient.get(address)
    gate.set()
    until(lambda: impatient.get(f"{address}reading").status_code == 204)
    stored = b"".join(file.read_bytes() for file in Path(database(impatient)).parent.glob("app.sqlite3*"))
    assert rows(impatient.services) == 1
    assert b"Kept-Under-Seal" not in stored


def database(browser: Browser) -> str:
    return browser.services.settings.database_url.removeprefix("sqlite:///")


def test_a_long_reading_keeps_its_turn(
    impatient: Browser, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as the process lives it renews its turn, so that nobody else begins."""
    renewed = threading.Event()
    keep_on = Readings.keep_on

    def noted(*given: Any) -> bool:
        renewed.set()
        return keep_on(*given)

    monkeypatch.setattr(reading_charts, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(Readings, "keep_on", noted)
    impatient.get(impatient.launch().location)
    assert renewed.wait(SOON)


# --- who is at the keyboard ----------------------------------------------------------------------


def test_a_slow_practitioner_holds_nothing(
    make_browser: Any, ehr: FakeEhr, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    """The first page comes without the name; a later one has it, and the EHR was asked once."""
    gate.set()
    monkeypatch.setattr(knowing_user, "MOMENT_SECONDS", 0.05)
    browser: Browser = make_browser()
    ehr.token = {"scope": "launch openid fhirUser user/Practitioner.r patient/*.rs"}
    ehr.resources["Practitioner/p1"] = {"resourceType": "Practitioner", "id": "p1", "name": [{"text": "Dana Coder"}]}
    late = ehr.gates["Practitioner/p1"] = threading.Event()
    address = browser.launch().location
    for _ in range(2):
        page = browser.get(address)
        assert page.status_code == 200
        assert "Practitioner/p1, coder" in page.text
    late.set()
    until(lambda: "Dana Coder, coder" in browser.get(address).text)
    assert ehr.paths().count("/fhir/Practitioner/p1") == 1


def test_a_role_that_is_late_gives_no_right(
    make_browser: Any, ehr: FakeEhr, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    """Until the EHR says what somebody does they read only, are told why, and can't decide; then they can."""
    gate.set()
    monkeypatch.setattr(knowing_user, "MOMENT_SECONDS", 0.05)
    browser: Browser = make_browser(tenants=BY_ROLE.format(iss=ehr.iss))
    ehr.token = {"scope": "launch openid fhirUser user/PractitionerRole.rs patient/*.rs user/ChargeItem.crus"}
    found = [{"resource": practitioner_role("infusion-coder")}]
    ehr.resources["PractitionerRole"] = {"resourceType": "Bundle", "entry": found}
    late = ehr.gates["PractitionerRole"] = threading.Event()
    address = browser.launch().location
    page = browser.get(address)
    assert "has not said yet what you do there" in page.text
    assert browser.post(f"{address}download", browser.form(page)).status_code == 403
    late.set()
    until(lambda: "has not said yet" not in browser.get(address).text)
    assert browser.post(f"{address}download", browser.form(page)).status_code == 200


def test_a_role_that_never_came_is_asked_for_again(make_browser: Any, ehr: FakeEhr, gate: threading.Event) -> None:
    """An EHR that fails has said nothing: the person isn't left without a role for the whole launch."""
    gate.set()
    browser: Browser = make_browser(tenants=BY_ROLE.format(iss=ehr.iss))
    ehr.token = {"scope": "launch openid fhirUser user/PractitionerRole.rs patient/*.rs"}
    found = [{"resource": practitioner_role("infusion-coder")}]
    ehr.resources["PractitionerRole"] = {"resourceType": "Bundle", "entry": found}
    back = browser.launch()
    ehr.failing["PractitionerRole"] = 503
    page = browser.get(back.location)
    assert "has not said yet what you do there" in page.text
    home = browser.get(f"{back.location}home")
    assert home.status_code == 504
    del ehr.failing["PractitionerRole"]
    assert "Practitioner/p1, coder" in browser.get(back.location).text
