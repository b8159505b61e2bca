"""Tokens, scopes and the patient compartment."""

import json

import pytest

from tests.smart.sandbox.ehr import APP_SCOPE, Ehr, Fhir, charge


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer made-up", "Basic YTpi", "bearer  "])
def test_without_a_good_token_nothing_is_read(ehr: Ehr, authorization: str) -> None:
    """401 with a challenge and an OperationOutcome."""
    answer = ehr.get("/fhir/Patient/amber", headers={"Authorization": authorization} if authorization else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["issue"][0]["code"] == "login"


@pytest.mark.parametrize(
    "path",
    [
        "Patient/birch",
        "Encounter/birch-1",
        "MedicationAdministration/birch-m1",
        "Condition/birch-c1",
        "Encounter?patient=birch",
        "Encounter?patient=Patient/birch",
        "Encounter?patient=amber,birch",
        "Patient?_id=birch",
        "Condition?subject=Patient/birch",
    ],
)
def test_another_patient_is_refused(amber: Fhir, path: str) -> None:
    """A token for one patient neither reads nor searches another's chart."""
    answer = amber.get(path)
    assert answer.status_code == 403
    assert answer.json()["issue"][0]["code"] == "forbidden"


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("Encounter", {"amber-1", "amber-2"}),
        ("Encounter?_id=amber-1,birch-1", {"amber-1"}),
        ("MedicationAdministration?context=birch-1", set()),
        ("MedicationAdministration?status=completed", {"amber-m1", "amber-m2", "amber-m4"}),
    ],
)
def test_search_stays_in_the_compartment(amber: Fhir, path: str, own: set[str]) -> None:
    """A search that names no patient finds the own patient's resources only."""
    assert set(amber.ids(path)) == own


def test_user_scopes_stay_with_the_patient_in_context_too(ehr: Ehr) -> None:
    """user/ doesn't reach further than the chart the app was launched from."""
    token = ehr.fhir(ehr.launched(scope="launch user/Encounter.rs user/ChargeItem.crus"))
    other = charge("astray", subject={"reference": "Patient/birch"}, context={"reference": "Encounter/birch-1"})
    assert token.get("Encounter/birch-1").status_code == 403
    assert token.write("PUT", "ChargeItem/astray", json.dumps(other)).status_code == 403
    assert token.write("POST", "ChargeItem", json.dumps({**other, "id": None})).status_code == 403


def test_charge_cannot_be_moved_to_another_patient(ehr: Ehr, amber: Fhir) -> None:
    """Neither by writing over another patient's charge, nor by giving one's own away."""
    birch = ehr.fhir(ehr.launched("birch", "birch-1"))
    theirs = charge("theirs", subject={"reference": "Patient/birch"}, context={"reference": "Encounter/birch-1"})
    assert birch.write("PUT", "ChargeItem/theirs", json.dumps(theirs)).status_code == 201
    assert amber.write("PUT", "ChargeItem/theirs", json.dumps(charge("theirs"))).status_code == 403
    assert birch.get("ChargeItem/theirs").json()["subject"]["reference"] == "Patient/birch"


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("patient/Encounter.r", "GET", "Encounter/amber-1", 200),
        ("patient/Encounter.r", "GET", "Encounter?patient=amber", 403),
        ("patient/Encounter.s", "GET", "Encounter?patient=amber", 200),
        ("patient/Encounter.s", "GET", "Encounter/amber-1", 403),
        ("patient/Encounter.rs", "GET", "Patient/amber", 403),
        ("patient/*.rs", "GET", "MedicationAdministration/amber-m1", 200),
        ("openid fhirUser", "GET", "Patient/amber", 403),
        ("patient/ChargeItem.rs", "POST", "ChargeItem", 403),
        ("user/ChargeItem.c", "POST", "ChargeItem", 201),
        ("user/ChargeItem.c", "PUT", "ChargeItem/by-scope", 403),
        ("user/ChargeItem.u", "PUT", "ChargeItem/by-scope", 201),
    ],
)
def test_each_letter_of_a_scope_counts(ehr: Ehr, scope: str, method: str, path: str, status: int) -> None:
    """Each interaction needs its own letter; PUT needs the update letter, also when it creates."""
    token = ehr.fhir(ehr.launched(scope=f"launch {scope}"))
    body = json.dumps(charge("by-scope" if method == "PUT" else None))
    answer = token.get(path) if method == "GET" else token.write(method, path, body)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_shared_resources_are_readable(amber: Fhir) -> None:
    """Medications and practitioners belong to no patient and can be read with the app's scopes."""
    assert amber.get("Medication/saline").status_code == 200
    assert amber.get("Practitioner/sandbox-lead").status_code == 200


def test_the_apps_scope_is_all_granted(ehr: Ehr) -> None:
    """The scope the tests use is granted whole, so that no refusal above is an accident."""
    assert ehr.launched()["scope"] == APP_SCOPE
