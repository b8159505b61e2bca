"""Versions, transactions, and scopes of version 1."""

import json
import uuid
from typing import Any

import pytest

from tests.smart.sandbox.ehr import Ehr, Fhir, charge


def transaction(*entries: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": list(entries)})


def entry(method: str, url: str, resource: dict[str, Any], full_url: str = "", **request: str) -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource, "request": {"method": method, "url": url, **request}}


def identified_by(fhir: Fhir, body: dict[str, Any]) -> list[str]:
    """Ids of the charges with this identifier."""
    return fhir.ids(f"ChargeItem?identifier=urn:test|{body['identifier'][0]['value']}")


def test_every_version_can_be_read(amber: Fhir) -> None:
    """What was written first stays readable when it has been changed; a version that never was is not there."""
    key = uuid.uuid4().hex
    amber.write("PUT", f"ChargeItem/{key}", json.dumps(charge(key)))
    amber.write("PUT", f"ChargeItem/{key}", json.dumps(charge(key, status="aborted")))
    first, second, third = (amber.get(f"ChargeItem/{key}/_history/{number}") for number in (1, 2, 3))

    assert (first.json()["status"], second.json()["status"], third.status_code) == ("billable", "aborted", 404)
    assert first.headers["ETag"] == 'W/"1"'


def test_a_version_lies_in_the_compartment_of_its_patient(ehr: Ehr, amber: Fhir) -> None:
    """Another patient's launch doesn't see it."""
    other = ehr.fhir(ehr.launched("birch", None))

    assert amber.get("Encounter/amber-1/_history/1").status_code == 200
    assert other.get("Encounter/amber-1/_history/1").status_code == 403


def test_a_transaction_does_everything_and_resolves_its_names(amber: Fhir) -> None:
    """A Provenance that names its target by urn:uuid points to the charge that was made."""
    made, name = charge(), f"urn:uuid:{uuid.uuid4()}"
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": name}],
        "recorded": "2026-03-02T18:00:00Z",
        "agent": [{"who": {"display": "test"}}],
    }
    answer = amber.write(
        "POST", "", transaction(entry("POST", "ChargeItem", made, name), entry("POST", "Provenance", provenance))
    )

    assert answer.status_code == 200, answer.text
    assert [each["response"]["status"] for each in answer.json()["entry"]] == ["201", "201"]
    (key,) = identified_by(amber, made)
    assert answer.json()["entry"][1]["resource"]["target"] == [{"reference": f"ChargeItem/{key}"}]


def test_a_transaction_does_nothing_when_one_entry_is_refused(amber: Fhir) -> None:
    """The first entry is fine, the second has no status: neither is there afterwards."""
    fine, bad = charge(), charge(status="odd")
    answer = amber.write("POST", "", transaction(entry("POST", "ChargeItem", fine), entry("POST", "ChargeItem", bad)))

    assert (answer.status_code, answer.json()["resourceType"]) == (422, "OperationOutcome")
    assert identified_by(amber, fine) == []


def test_a_transaction_heeds_its_conditions(amber: Fhir) -> None:
    """`ifNoneExist` finds what is there and answers 200."""
    body = charge()
    criteria = f"identifier=urn:test|{body['identifier'][0]['value']}"
    sent = transaction(entry("POST", "ChargeItem", body, ifNoneExist=criteria))
    first, second = amber.write("POST", "", sent).json(), amber.write("POST", "", sent).json()

    assert [each["entry"][0]["response"]["status"] for each in (first, second)] == ["201", "200"]
    assert len(identified_by(amber, body)) == 1


def test_a_transaction_is_judged_entry_by_entry(ehr: Ehr) -> None:
    """A scope that doesn't cover the type of an entry refuses the whole."""
    fhir = ehr.fhir(ehr.launched(scope="launch patient/*.rs user/Provenance.c"))

    assert fhir.write("POST", "", transaction(entry("POST", "ChargeItem", charge()))).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Bundle", "type": "batch", "entry": []},
        {"resourceType": "Bundle", "type": "transaction", "entry": [entry("DELETE", "ChargeItem/x", {})]},
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [entry("POST", "ChargeItem", {"id": "x"})],
        },
        {"resourceType": "Bundle", "type": "transaction", "entry": ["nonsense"]},
        {"resourceType": "Bundle", "type": "transaction", "entry": {"not": "a list"}},
        {"resourceType": "Patient"},
    ],
)
def test_other_bundles_are_refused(amber: Fhir, body: dict[str, Any]) -> None:
    """With an OperationOutcome and a status that says it is the sender's mistake."""
    answer = amber.write("POST", "", json.dumps(body))

    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


@pytest.mark.parametrize(
    ("scope", "reads", "writes"),
    [
        ("patient/Encounter.read", True, False),
        ("patient/*.read user/ChargeItem.write", True, True),
        ("patient/*.*", True, True),
        ("user/ChargeItem.write", False, True),
    ],
)
def test_scopes_of_version_1(ehr: Ehr, scope: str, reads: bool, writes: bool) -> None:
    """`read` is rs, `write` is cud, `*` is all; they are granted as they were asked for."""
    token = ehr.launched(scope=f"launch {scope}")
    fhir = ehr.fhir(token)

    assert token["scope"] == f"launch {scope}"
    assert (fhir.get("Encounter/amber-1").status_code == 200) is reads
    assert (fhir.write("POST", "ChargeItem", json.dumps(charge())).status_code == 201) is writes
