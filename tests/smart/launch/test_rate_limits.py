"""What comes too often is refused, for every process together."""

from datetime import UTC, datetime, timedelta

import pytest

from plugin.store.engine import Store
from plugin.web.settings import SettingsError, read_settings
from tests.smart.launch.conftest import Browser
from tests.smart.launch.fake_ehr import FakeEhr, encounter


def test_one_address_launches_so_often_and_then_waits(make_browser, ehr: FakeEhr) -> None:
    """The EHR hears nothing of the launches that are refused; a second process counts on."""
    browser: Browser = make_browser(launch_limit="4/minute")
    other: Browser = make_browser(launch_limit="4/minute", encryption_keys=browser.services.settings.encryption_keys)
    browser.begin()
    browser.begin()
    first = browser.get(f"/launch?iss={ehr.iss}&launch=x")
    ehr.seen.clear()
    refused = other.get(f"/launch?iss={ehr.iss}&launch=x")
    assert (first.status_code, refused.status_code) == (302, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "Too many requests" in refused.text
    assert ehr.seen == []
    assert other.get("/").status_code == 200


def test_one_session_posts_so_often_and_another_goes_on(make_browser, ehr: FakeEhr) -> None:
    """Looking at pages is not counted."""
    ehr.token = {"encounter": None}
    ehr.resources = {"Encounter": {"resourceType": "Bundle", "entry": [{"resource": encounter("e1")}]}}
    browser: Browser = make_browser(post_limit="2/minute")
    first, second = browser.launch().location, browser.launch().location

    def post(address: str) -> int:
        form = {**browser.form(browser.get(address)), "choice": "nobody's"}
        return browser.post(address, form).status_code

    assert [post(first) for _ in range(3)] == [409, 409, 429]
    assert post(second) == 409
    assert browser.get(first).status_code == 200


def test_forms_of_others_are_not_counted(make_browser, ehr: FakeEhr) -> None:
    """Nobody can use up a session's forms without its cookie and token."""
    ehr.token = {"encounter": None}
    ehr.resources = {"Encounter": {"resourceType": "Bundle", "entry": [{"resource": encounter("e1")}]}}
    browser: Browser = make_browser(post_limit="1/minute")
    address = browser.launch().location
    form = {**browser.form(browser.get(address)), "choice": "nobody's"}
    assert [browser.post(address, {**form, "csrf_token": "x"}).status_code for _ in range(3)] == [403] * 3
    assert browser.post(address, form).status_code == 409


def test_waiting_helps(make_browser, ehr: FakeEhr) -> None:
    """The count begins again after its period."""
    browser: Browser = make_browser(launch_limit="2/minute")
    browser.begin()
    assert browser.get(f"/launch?iss={ehr.iss}&launch=x").status_code == 429
    later = datetime.now(UTC) + timedelta(seconds=61)
    object.__setattr__(browser.services, "clock", lambda: later)
    assert browser.get(f"/launch?iss={ehr.iss}&launch=x").status_code == 302


@pytest.mark.parametrize("name", ["launch_limit", "post_limit"])
def test_a_limit_that_can_not_be_read_is_told(make_browser, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is served; the store that was opened is closed."""
    close, closed = Store.close, []

    def closing(store: Store) -> None:
        closed.append(store)
        close(store)

    monkeypatch.setattr(Store, "close", closing)
    with pytest.raises(SettingsError, match="'often' is no limit; write for example 600/minute"):
        make_browser(**{name: "often"})
    assert len(closed) == 1


def test_limits_come_from_the_environment() -> None:
    """With usual values for whoever says nothing."""
    given = read_settings({"INFUSION_CHARGES_LAUNCH_LIMIT": "7/second", "INFUSION_CHARGES_POST_LIMIT": ""})
    assert (given.launch_limit, given.post_limit) == ("7/second", "120/minute")
