"""The page on which a demonstration is made to go wrong."""

import re

from tests.smart.sandbox.ehr import Ehr


def test_a_fault_is_switched_on_and_off_by_its_buttons(ehr: Ehr) -> None:
    """The page says how it stands; the numbers and lists that are typed arrive as such."""
    ehr.post("/switches/faults/slow", {"turn": "on", "value": "25"})
    ehr.post("/switches/faults/ignored-parameters", {"turn": "on", "value": "context, status"})
    on = ehr.get("/sandbox/faults").json()["on"]
    page = " ".join(ehr.get("/switches/").text.split())

    assert {name: fault["value"] for name, fault in on.items()} == {
        "slow": 25,
        "ignored-parameters": ["context", "status"],
    }
    assert "<strong>on</strong>: 25" in page
    assert "<strong>on</strong>: context, status" in page
    ehr.post("/switches/faults/slow", {"turn": "off"})
    assert ehr.get("/sandbox/faults").json()["on"].keys() == {"ignored-parameters"}
    ehr.post("/switches/calm")
    assert ehr.get("/sandbox/faults").json()["on"] == {}


def test_what_does_not_fit_is_told_on_the_page(ehr: Ehr) -> None:
    """A status that says so, and the sentence above the switches."""
    answer = ehr.post("/switches/faults/slow", {"turn": "on", "value": "soon"})

    assert answer.status_code == 400
    assert "slow takes a whole number from 0 to 60000" in answer.text
    assert ehr.get("/sandbox/faults").json()["on"] == {}


def test_a_vendor_is_chosen(ehr: Ehr) -> None:
    """The choice shows on the page and in what is served."""
    ehr.post("/switches/vendor", {"vendor": "epic"})
    chosen = re.search(r'value="epic" checked', ehr.get("/switches/").text)
    stated = {each["type"] for each in ehr.get("/fhir/metadata").json()["rest"][0]["resource"]}
    ehr.post("/switches/vendor", {"vendor": "plain"})

    assert chosen
    assert "ChargeItem" not in stated
    assert ehr.post("/switches/vendor", {"vendor": "acme"}).status_code == 400


def test_another_sites_form_switches_nothing(ehr: Ehr) -> None:
    """The origin of a form is looked at."""
    answer = ehr.post("/switches/faults/html", {"turn": "on"}, headers={"Origin": "http://evil.example"})

    assert answer.status_code == 403
    assert ehr.get("/sandbox/faults").json()["on"] == {}
