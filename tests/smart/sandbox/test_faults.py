"""What goes wrong when a switch is on, and that it does no longer when it is off."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.smart.sandbox.ehr import Ehr, charge, running_ehr
from tests.verifies import verifies


@pytest.fixture(scope="module")
def own_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """A sandbox that may misbehave."""
    with running_ehr(tmp_path_factory.mktemp("faults")) as ehr:
        yield ehr


@pytest.fixture
def faulty(own_ehr: Ehr) -> Iterator[Ehr]:
    """Every switch is off afterwards."""
    yield own_ehr
    requests.delete(f"{own_ehr.base}/sandbox/faults", timeout=10)


def switch(ehr: Ehr, name: str, value: Any = True, times: int | None = None) -> None:
    answer = requests.put(f"{ehr.base}/sandbox/faults/{name}", json={"value": value, "times": times}, timeout=10)
    assert answer.status_code == 200, answer.text


def claims_of(ehr: Ehr, token: dict[str, Any]) -> dict[str, Any]:
    """The claims of an id_token, by the keys that are published now."""
    keys = KeySet.import_key_set(ehr.get("/auth/jwks").json())
    claims: dict[str, Any] = jwt.decode(token["id_token"], keys, ["RS256"]).claims
    return claims


@verifies("TS-01")
@pytest.mark.parametrize(("fault", "status"), [("error-after-write", 500), ("silence-after-write", 504)])
def test_a_lost_answer_leaves_the_charge(faulty: Ehr, fault: str, status: int) -> None:
    """The write is answered with an error, and was done; reads are not touched."""
    fhir = faulty.fhir(faulty.launched())
    body = charge()
    switch(faulty, fault, 10 if fault == "silence-after-write" else True, times=1)
    answer = fhir.write("POST", "ChargeItem", json.dumps(body))

    assert answer.status_code == status
    assert "ChargeItem" not in answer.text
    assert len(fhir.ids(f"ChargeItem?identifier=urn:test|{body['identifier'][0]['value']}")) == 1


@verifies("TS-01")
def test_busy_says_when_to_come_back(faulty: Ehr) -> None:
    """429 with Retry-After, as often as it was asked for."""
    fhir = faulty.fhir(faulty.launched())
    switch(faulty, "busy", 7, times=1)
    first, second = fhir.get("Patient/amber"), fhir.get("Patient/amber")

    assert (first.status_code, first.headers["Retry-After"], second.status_code) == (429, "7", 200)


@verifies("TS-01")
def test_html_with_status_200(faulty: Ehr) -> None:
    """A page where a resource should be."""
    fhir = faulty.fhir(faulty.launched())
    switch(faulty, "html")
    answer = fhir.get("Patient/amber")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@verifies("TS-01")
def test_parameters_ignored_in_silence(faulty: Ehr) -> None:
    """The search returns too much and doesn't say so."""
    fhir = faulty.fhir(faulty.launched())
    right = fhir.ids("MedicationAdministration?patient=amber&context=amber-1")
    switch(faulty, "ignored-parameters", ["context"])
    bundle = fhir.get("MedicationAdministration?patient=amber&context=amber-1").json()

    assert {entry["search"]["mode"] for entry in bundle["entry"]} == {"match"}
    assert set(right) < {entry["resource"]["id"] for entry in bundle["entry"]}


@verifies("TS-01")
def test_pages_that_repeat(faulty: Ehr) -> None:
    """Each further page begins with the last entry of the page before."""
    fhir = faulty.fhir(faulty.launched())
    right = fhir.ids("MedicationAdministration?patient=amber&_count=2")
    switch(faulty, "duplicate-pages")

    assert right == ["amber-m1", "amber-m2", "amber-m3", "amber-m4"]
    assert fhir.ids("MedicationAdministration?patient=amber&_count=2") == [*right[:2], right[1], *right[2:]]


@verifies("TS-01")
def test_pages_that_expire(faulty: Ehr) -> None:
    """The first page comes, the next one is gone."""
    fhir = faulty.fhir(faulty.launched())
    switch(faulty, "expired-pages")
    bundle = fhir.get("MedicationAdministration?patient=amber&_count=2").json()
    following = next(link["url"] for link in bundle["link"] if link["relation"] == "next")

    assert fhir.get(following).status_code == 404


@verifies("TS-01")
def test_partial_data_and_the_glass(faulty: Ehr) -> None:
    """Codes as Epic numbers them: a warning in the Bundle, a refusal for the type."""
    fhir = faulty.fhir(faulty.launched())
    switch(faulty, "partial-data")
    switch(faulty, "break-the-glass", ["Condition"])
    (warning,) = [
        entry["resource"]
        for entry in fhir.get("Encounter?patient=amber").json()["entry"]
        if entry["search"]["mode"] == "outcome"
    ]
    refused = fhir.get("Condition?patient=amber")

    assert warning["issue"][0]["details"]["coding"][0]["code"] == "4119"
    assert refused.status_code == 403
    assert refused.json()["issue"][0]["details"]["coding"][0]["code"] == "4131"


@verifies("TS-01")
def test_a_scope_is_narrowed(faulty: Ehr) -> None:
    """What was left out is neither in the answer nor allowed."""
    switch(faulty, "narrowed-scope", ["ChargeItem"])
    token = faulty.launched()

    assert "ChargeItem" not in token["scope"]
    assert "patient/*.rs" in token["scope"]
    assert faulty.fhir(token).write("POST", "ChargeItem", json.dumps(charge())).status_code == 403


@verifies("TS-01")
@pytest.mark.parametrize("name", ["encounter", "patient"])
def test_a_launch_without_context(faulty: Ehr, name: str) -> None:
    """The token response names the other one alone."""
    switch(faulty, f"no-{name}")

    assert {"encounter", "patient"} - faulty.launched().keys() == {name}


@verifies("TS-01")
def test_an_id_token_without_the_nonce(faulty: Ehr) -> None:
    """It was sent and doesn't come back."""
    before = claims_of(faulty, faulty.launched(nonce="n-1"))
    switch(faulty, "no-nonce")
    after = claims_of(faulty, faulty.launched(nonce="n-1"))

    assert (before["nonce"], "nonce" in after) == ("n-1", False)


@verifies("TS-01")
def test_a_clock_that_is_ahead(faulty: Ehr) -> None:
    """Both moments of the id_token lie 100 s ahead."""
    switch(faulty, "clock-skew", 100)
    claims = claims_of(faulty, faulty.launched())

    assert 95 < claims["iat"] - time.time() < 101
    assert claims["exp"] - claims["iat"] > 0


@verifies("TS-01")
def test_keys_that_rotate(faulty: Ehr) -> None:
    """The key of before is published no more."""
    (before,) = faulty.get("/auth/jwks").json()["keys"]
    switch(faulty, "rotated-keys", times=1)
    claims = claims_of(faulty, faulty.launched())
    (after,) = faulty.get("/auth/jwks").json()["keys"]

    assert claims["aud"] == "test-app"
    assert before["kid"] != after["kid"]


@verifies("TS-01")
def test_a_refresh_that_keeps_its_token(faulty: Ehr) -> None:
    """No new refresh token comes, and the old one works again."""
    kept = faulty.launched()["refresh_token"]
    switch(faulty, "kept-refresh")
    first, second = faulty.refresh(kept), faulty.refresh(kept)

    assert "refresh_token" not in first.json()
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["access_token"] != second.json()["access_token"]


@verifies("TS-01")
def test_an_app_that_loses_its_cookie(faulty: Ehr) -> None:
    """It is opened as localhost, and the EHR sends the code to 127.0.0.1."""
    switch(faulty, "lost-cookie")
    answer = faulty.get("/patients/amber/apps/infusion-charges/tab")

    assert answer.headers["Location"].startswith("http://localhost:8000/launch?iss=")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slow", "fast"),
        ("slow", -1),
        ("html", "yes"),
        ("token-error", ""),
        ("ignored-parameters", "context"),
        ("ignored-parameters", []),
        ("clock-skew", True),
        ("earthquake", True),
    ],
)
def test_what_a_fault_cannot_take_is_refused(faulty: Ehr, name: str, value: Any) -> None:
    """With a sentence that says what it takes."""
    answer = requests.put(f"{faulty.base}/sandbox/faults/{name}", json={"value": value}, timeout=10)

    assert answer.status_code == 400
    assert name in answer.json()["error_description"]
