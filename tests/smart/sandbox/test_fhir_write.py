"""Creating and updating: conditions, versions, races, and what is refused."""

import json
import threading
from typing import Any

import pytest
from requests import Response

from tests.smart.sandbox.ehr import Fhir, charge


def _sent(amber: Fhir, method: str, path: str, body: dict[str, Any], **headers: str) -> Response:
    return amber.write(method, path, json.dumps(body), **headers)


def _issue(answer: Response) -> tuple[int, str]:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return answer.status_code, body["issue"][0]["code"]


def test_create_stores_what_was_sent(amber: Fhir) -> None:
    """The server's id, version 1, a Location, and the decimals as sent."""
    text = json.dumps(charge()).replace('{"value": 1}', '{"value": 2.50}')
    answer = amber.write("POST", "ChargeItem", text)
    key = answer.json()["id"]
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{amber.ehr.iss}/ChargeItem/{key}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert '"quantity":{"value":2.50}' in amber.get(f"ChargeItem/{key}").text


def test_created_charge_is_found(amber: Fhir) -> None:
    """By context and by identifier, with and without its system."""
    body = charge()
    key = _sent(amber, "POST", "ChargeItem", body).json()["id"]
    value = body["identifier"][0]["value"]
    assert amber.ids(f"ChargeItem?identifier=urn:test|{value}") == [key]
    assert amber.ids(f"ChargeItem?identifier={value}") == [key]
    assert amber.ids(f"ChargeItem?identifier=urn:other|{value}") == []
    assert key in amber.ids("ChargeItem?context=Encounter/amber-1")


@pytest.mark.parametrize(
    ("prefer", "kind"), [("representation", "ChargeItem"), ("OperationOutcome", "OperationOutcome")]
)
def test_prefer_chooses_the_answer(amber: Fhir, prefer: str, kind: str) -> None:
    """Prefer: return= chooses between the resource and an OperationOutcome."""
    answer = _sent(amber, "POST", "ChargeItem", charge(), Prefer=f"return={prefer}")
    assert answer.json()["resourceType"] == kind


def test_prefer_minimal_answers_with_headers_only(amber: Fhir) -> None:
    """Nothing but status, Location and version."""
    answer = _sent(amber, "POST", "ChargeItem", charge(), Prefer="return=minimal")
    assert (answer.status_code, answer.text) == (201, "")
    assert "/ChargeItem/" in answer.headers["Location"]


def test_conditional_create_makes_one(amber: Fhir) -> None:
    """The second POST with the same If-None-Exist gives the first one's charge back."""
    body = charge()
    condition = f"identifier=urn:test|{body['identifier'][0]['value']}"
    first = _sent(amber, "POST", "ChargeItem", body, If_None_Exist=condition)
    second = _sent(amber, "POST", "ChargeItem", body, If_None_Exist=condition)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


def test_conditional_create_holds_in_a_race(amber: Fhir) -> None:
    """Eight at once make exactly one charge."""
    body = charge()
    condition = f"identifier=urn:test|{body['identifier'][0]['value']}"
    answers: list[int] = []

    def post() -> None:
        answers.append(_sent(amber, "POST", "ChargeItem", body, If_None_Exist=condition).status_code)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 7 + [201]
    assert len(amber.ids(f"ChargeItem?{condition}")) == 1


def test_conditional_create_with_several_matches_is_refused(amber: Fhir) -> None:
    """412 where the condition finds more than one, 400 where it says nothing or can't be understood."""
    body = charge()
    condition = f"identifier=urn:test|{body['identifier'][0]['value']}"
    for _ in range(2):
        _sent(amber, "POST", "ChargeItem", body)
    assert _issue(_sent(amber, "POST", "ChargeItem", body, If_None_Exist=condition)) == (412, "multiple-matches")
    assert _issue(_sent(amber, "POST", "ChargeItem", body, If_None_Exist="_count=1")) == (400, "value")
    assert _issue(_sent(amber, "POST", "ChargeItem", body, If_None_Exist="colour=red")) == (400, "not-supported")


def test_put_creates_under_the_clients_id_once(amber: Fhir) -> None:
    """PUT with If-None-Match: * creates; the second one is refused and changes nothing."""
    first = _sent(amber, "PUT", "ChargeItem/put-once", charge("put-once"), If_None_Match="*")
    second = _sent(amber, "PUT", "ChargeItem/put-once", charge("put-once", status="planned"), If_None_Match="*")
    assert first.status_code == 201
    assert _issue(second) == (412, "conflict")
    assert amber.get("ChargeItem/put-once").json()["status"] == "billable"


def test_put_create_holds_in_a_race(amber: Fhir) -> None:
    """Of eight PUTs with If-None-Match: * at once, one creates."""
    answers: list[int] = []

    def put() -> None:
        answers.append(_sent(amber, "PUT", "ChargeItem/race", charge("race"), If_None_Match="*").status_code)

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [412] * 7


def test_update_needs_the_version_it_was_made_from(amber: Fhir) -> None:
    """If-Match of the current version makes the next one; a stale one is refused."""
    _sent(amber, "PUT", "ChargeItem/change", charge("change"))
    fresh = _sent(amber, "PUT", "ChargeItem/change", charge("change", status="planned"), If_Match='W/"1"')
    stale = _sent(amber, "PUT", "ChargeItem/change", charge("change", status="aborted"), If_Match='W/"1"')
    assert (fresh.status_code, fresh.headers["ETag"]) == (200, 'W/"2"')
    assert _issue(stale) == (412, "conflict")
    assert amber.get("ChargeItem/change").json()["status"] == "planned"


def test_update_of_what_is_not_there_is_refused_with_if_match(amber: Fhir) -> None:
    """If-Match on a missing resource creates nothing."""
    assert _issue(_sent(amber, "PUT", "ChargeItem/gone", charge("gone"), If_Match='W/"1"')) == (412, "conflict")
    assert amber.get("ChargeItem/gone").status_code == 404


def test_update_moves_the_search_index(amber: Fhir) -> None:
    """After an update the old identifier finds nothing, the new one the charge."""
    old, new = charge("moved"), charge("moved")
    _sent(amber, "PUT", "ChargeItem/moved", old)
    _sent(amber, "PUT", "ChargeItem/moved", new)
    assert amber.ids(f"ChargeItem?identifier={old['identifier'][0]['value']}") == []
    assert amber.ids(f"ChargeItem?identifier={new['identifier'][0]['value']}") == ["moved"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "proposed"}, (422, "code-invalid")),
        ({"status": None}, (422, "code-invalid")),
        ({"code": None}, (422, "required")),
        ({"code": {}}, (422, "required")),
        ({"subject": None}, (422, "required")),
        ({"subject": {"display": "Ann"}}, (422, "required")),
        ({"subject": {"reference": "Patient/nobody"}}, (422, "not-found")),
        ({"context": {"reference": "Encounter/nothing"}}, (422, "not-found")),
        ({"context": {"reference": "Encounter/birch-1"}}, (422, "business-rule")),
        ({"resourceType": "Patient"}, (400, "invalid")),
    ],
)
def test_unfit_charge_is_refused(amber: Fhir, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    """A missing or wrong required element is named in an OperationOutcome."""
    body = {name: value for name, value in charge(**changes).items() if value is not None}
    assert _issue(_sent(amber, "POST", "ChargeItem", body)) == expected


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"value": NaN}', "[" * 5000])
def test_unreadable_body_is_refused(amber: Fhir, text: str) -> None:
    """What is no JSON object is 400, never a failure of the server."""
    assert _issue(amber.write("POST", "ChargeItem", text)) == (400, "structure")


def test_deeply_nested_body_is_refused(amber: Fhir) -> None:
    """A body nested hundreds of levels deep is refused too."""
    nested = '{"resourceType":"ChargeItem","x":' + "[" * 900 + "]" * 900 + "}"
    assert amber.write("POST", "ChargeItem", nested).status_code in (400, 422)


@pytest.mark.parametrize(
    ("request_line", "key", "headers", "expected"),
    [
        ("PUT ChargeItem/one", "two", {}, (400, "invalid")),
        ("PUT ChargeItem/bad_id", "bad_id", {}, (400, "value")),
        ("PUT ChargeItem/" + "x" * 65, "x" * 65, {}, (400, "value")),
        ("PUT ChargeItem/tag", "tag", {"If_Match": "newest"}, (400, "value")),
        ("PUT ChargeItem/tag", "tag", {"If_None_Match": 'W/"1"'}, (400, "value")),
        ("POST ChargeItem", None, {"Content_Type": "text/plain"}, (415, "not-supported")),
        ("POST ChargeItem", None, {"Content_Type": "application/fhir+xml"}, (415, "not-supported")),
        ("POST Encounter", None, {}, (405, "not-supported")),
        ("PUT MedicationAdministration/amber-m1", "amber-m1", {}, (405, "not-supported")),
        ("DELETE ChargeItem/one", None, {}, (405, "not-supported")),
    ],
)
def test_refused_writes(
    amber: Fhir, request_line: str, key: str | None, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """Ids, headers, content types, read-only types and methods are checked."""
    method, path = request_line.split(" ")
    assert _issue(_sent(amber, method, path, charge(key), **headers)) == expected


def test_provenance_follows_its_target(amber: Fhir) -> None:
    """A Provenance can be written for a charge, and is found by it."""
    _sent(amber, "PUT", "ChargeItem/told", charge("told"))
    body = {
        "resourceType": "Provenance",
        "target": [{"reference": "ChargeItem/told"}],
        "recorded": "2026-03-02T12:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/sandbox-coder"}}],
    }
    key = _sent(amber, "POST", "Provenance", body).json()["id"]
    assert amber.ids("Provenance?target=ChargeItem/told") == [key]
    assert _issue(_sent(amber, "POST", "Provenance", {**body, "agent": []})) == (422, "required")
