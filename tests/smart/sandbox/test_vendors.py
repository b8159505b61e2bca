"""Whose EHR the sandbox behaves like: what it serves, how it is searched, how it takes a charge."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.smart.sandbox import oracle_bodies as bodies
from tests.smart.sandbox.ehr import Ehr, Fhir, charge, running_ehr
from tests.verifies import verifies


@pytest.fixture(scope="module")
def own_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """A sandbox whose vendor may be changed."""
    with running_ehr(tmp_path_factory.mktemp("vendors")) as ehr:
        yield ehr


def like(ehr: Ehr, vendor: str) -> Fhir:
    """Let it behave like a vendor; the FHIR endpoint as the app sees it after a launch."""
    assert requests.put(f"{ehr.base}/sandbox/vendor/{vendor}", json={}, timeout=10).status_code == 200
    return ehr.fhir(ehr.launched())


def stated(fhir: Fhir) -> dict[str, dict[str, Any]]:
    """The resource types of the CapabilityStatement."""
    return {each["type"]: each for each in fhir.get("metadata").json()["rest"][0]["resource"]}


def params_of(fhir: Fhir, kind: str) -> set[str]:
    return {each["name"] for each in stated(fhir)[kind]["searchParam"]}


def operate(fhir: Fhir, path: str, body: dict[str, Any]) -> requests.Response:
    return fhir.write("POST", path, json.dumps(body))


def billable(fhir: Fhir) -> dict[str, dict[str, Any]]:
    """The charges of the encounter as Oracle lists them, by code."""
    bundle = fhir.get("ChargeItem?context=amber-1&-status=billable").json()
    found = [entry["resource"] for entry in bundle.get("entry", [])]
    return {each["code"]["coding"][0]["code"]: each for each in found}


def test_an_unknown_vendor_is_refused(own_ehr: Ehr) -> None:
    """The refusal names those there are."""
    answer = requests.put(f"{own_ehr.base}/sandbox/vendor/acme", json={}, timeout=10)

    assert answer.status_code == 400
    assert "plain, epic, oracle, athena, hapi" in answer.json()["error_description"]


@verifies("TS-02")
@pytest.mark.parametrize(
    ("vendor", "without"),
    [("epic", {"ChargeItem"}), ("athena", {"ChargeItem", "MedicationAdministration"}), ("oracle", set())],
)
def test_what_a_vendor_lacks_is_neither_stated_nor_served(own_ehr: Ehr, vendor: str, without: set[str]) -> None:
    """The CapabilityStatement and the endpoint agree."""
    fhir = like(own_ehr, vendor)

    assert {"ChargeItem", "MedicationAdministration"} - stated(fhir).keys() == without
    assert {kind for kind in without if fhir.get(f"{kind}?patient=amber").status_code != 404} == set()


@verifies("TS-02")
def test_epic_ignores_everything_beside_an_id(own_ehr: Ehr) -> None:
    """`_id` wins, and what it finds may be of another status."""
    fhir = like(own_ehr, "epic")

    assert fhir.ids("MedicationAdministration?_id=amber-m1&status=stopped") == ["amber-m1"]
    assert fhir.write("POST", "Provenance", "{}").status_code == 405


@verifies("TS-02")
def test_oracle_finds_administrations_by_patient_and_time_alone(own_ehr: Ehr) -> None:
    """A search by encounter is refused, and a searchset has no total."""
    fhir = like(own_ehr, "oracle")
    bundle = fhir.get("MedicationAdministration?patient=amber&effective-time=ge2026-03-02T00:00:00Z").json()

    assert params_of(fhir, "MedicationAdministration") == {"_id", "patient", "status", "effective-time"}
    assert fhir.get("MedicationAdministration?context=amber-1").status_code == 400
    assert "total" not in bundle


@verifies("TS-02")
def test_oracle_shows_an_infusion_as_an_instant(own_ehr: Ehr) -> None:
    """amber-m1 ran from 10:00 to 11:00: what is left is the start and 60 minutes."""
    shown = like(own_ehr, "oracle").get("MedicationAdministration/amber-m1").json()
    kept = like(own_ehr, "plain").get("MedicationAdministration/amber-m1").json()

    assert shown["effectiveDateTime"] == "2026-03-02T10:00:00-05:00"
    assert "effectivePeriod" not in shown
    (over,) = [each for each in shown["extension"] if each["url"].endswith("/infuse-over-time")]
    assert (over["valueQuantity"]["value"], over["valueQuantity"]["code"]) == (60, "min")
    assert kept["effectivePeriod"]["end"] == "2026-03-02T11:00:00-05:00"


@verifies("TS-02")
def test_oracle_takes_no_plain_charge(own_ehr: Ehr) -> None:
    """Create and update are neither stated nor served; the three operations are."""
    fhir = like(own_ehr, "oracle")
    statement = stated(fhir)["ChargeItem"]

    assert {each["code"] for each in statement["interaction"]} == {"read", "vread", "search-type"}
    assert {each["name"] for each in statement["operation"]} == {"create", "modify", "credit"}
    assert fhir.write("POST", "ChargeItem", json.dumps(charge())).status_code == 405


@verifies("TS-02")
def test_oracle_creates_in_silence_and_once(own_ehr: Ehr) -> None:
    """The answer is empty and names the operation; the same transaction makes no second charge."""
    fhir = like(own_ehr, "oracle")
    body = bodies.creation(bodies.charge_of("96365"))
    first, second = operate(fhir, "ChargeItem/$create", body), operate(fhir, "ChargeItem/$create", body)

    assert (first.status_code, first.content) == (201, b"")
    assert first.headers["Location"] == f"{own_ehr.iss}/ChargeItem/$create"
    assert second.status_code == 201
    bundle = fhir.get("ChargeItem?context=amber-1&-status=billable").json()
    made = [each["resource"] for each in bundle["entry"]]
    assert [each["status"] for each in made if each["code"]["coding"][0]["code"] == "96365"] == ["billable"]


def test_oracle_wants_the_status_in_a_search(own_ehr: Ehr) -> None:
    """Without `-status=billable`, or without a context, the search is refused."""
    fhir = like(own_ehr, "oracle")

    assert fhir.get("ChargeItem?context=amber-1").status_code == 400
    assert fhir.get("ChargeItem?-status=billable").status_code == 400


def test_oracle_replaces_a_charge(own_ehr: Ehr) -> None:
    """The new one is listed, the old one is not, and is marked; its version alone lets it be replaced."""
    fhir = like(own_ehr, "oracle")
    operate(fhir, "ChargeItem/$create", bodies.creation(bodies.charge_of("96366")))
    old = billable(fhir)["96366"]
    stale = bodies.charge_of("96367", extension=bodies.replacing(old["id"], "9"))
    fresh = bodies.charge_of("96367", extension=bodies.replacing(old["id"], old["meta"]["versionId"]))

    assert operate(fhir, "ChargeItem/$modify", bodies.creation(stale)).status_code == 409
    assert operate(fhir, "ChargeItem/$modify", bodies.creation(fresh)).status_code == 201
    now = billable(fhir)
    assert ("96366" in now, now["96367"]["status"]) == (False, "billable")
    marks = [each["url"] for each in fhir.get(f"ChargeItem/{old['id']}").json()["extension"]]
    assert marks == [f"{bodies.EXTENSION}/offset-by"]


def test_oracle_lists_no_replaced_charge_on_a_further_page_either(own_ehr: Ehr) -> None:
    """Two charges, a page each; the second is replaced while somebody reads the first page."""
    fhir = like(own_ehr, "oracle")
    for procedure in ("96365", "96366"):
        operate(fhir, "ChargeItem/$create", bodies.creation(bodies.charge_of(procedure)))
    first = fhir.get("ChargeItem?context=amber-1&-status=billable&_count=1").json()
    old = billable(fhir)["96366"]
    replacement = bodies.charge_of("96367", extension=bodies.replacing(old["id"], old["meta"]["versionId"]))
    operate(fhir, "ChargeItem/$modify", bodies.creation(replacement))
    address = next(link["url"] for link in first["link"] if link["relation"] == "next")
    assert "entry" not in fhir.get(address).json()


def test_oracle_credits_a_charge(own_ehr: Ehr) -> None:
    """A credited charge is listed no more, and can't be credited again."""
    fhir = like(own_ehr, "oracle")
    operate(fhir, "ChargeItem/$create", bodies.creation(bodies.charge_of("96368")))
    made = billable(fhir)["96368"]
    path, body = f"ChargeItem/{made['id']}/$credit", bodies.credit_of(made["meta"]["versionId"])

    assert operate(fhir, path, body).status_code == 201
    assert "96368" not in billable(fhir)
    assert operate(fhir, path, bodies.credit_of(made["meta"]["versionId"])).status_code == 409
    assert operate(fhir, "ChargeItem/nothing/$credit", bodies.credit_of("1")).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "billable"},
        {"occurrenceDateTime": "2026-03-02"},
        {"occurrenceDateTime": None},
        {"quantity": None},
        {"context": None},
        {"occurrencePeriod": {"start": "2026-03-02T10:00:00-05:00"}},
        {"identifier": [{"value": "ours"}]},
        {"modifierExtension": [{"url": "x", "valueString": "y"}]},
        {"extension": [{"url": "https://example.org/ours", "valueString": "59"}]},
        {"code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "96360"}]}},
        {"code": {"coding": [bodies.coding("CPT", "96360"), bodies.coding("CPT", "96361")]}},
    ],
)
def test_oracle_refuses_what_a_universal_charge_would_hold(own_ehr: Ehr, changes: dict[str, Any]) -> None:
    """422, with an OperationOutcome, and nothing is made."""
    fhir = like(own_ehr, "oracle")
    before = billable(fhir)
    answer = operate(fhir, "ChargeItem/$create", bodies.creation(bodies.charge_of(**changes)))

    assert (answer.status_code, answer.json()["resourceType"]) == (422, "OperationOutcome")
    assert billable(fhir) == before


@pytest.mark.parametrize("transaction", ["nonsense", "A0000000-0000-4000-8000-000000000000"])
def test_oracle_wants_a_transaction_id(own_ehr: Ehr, transaction: str) -> None:
    """A UUID in lower case."""
    body = bodies.creation(bodies.charge_of(), transaction)

    assert operate(like(own_ehr, "oracle"), "ChargeItem/$create", body).status_code == 422


def test_operations_are_oracles_alone(own_ehr: Ehr) -> None:
    """Elsewhere there is no such address."""
    body = bodies.creation(bodies.charge_of())

    assert operate(like(own_ehr, "plain"), "ChargeItem/$create", body).status_code == 404


@verifies("TS-02")
def test_hapi_refuses_a_parameter_it_does_not_know(own_ehr: Ehr) -> None:
    """Where the plain sandbox ignores it and says so."""
    assert like(own_ehr, "hapi").get("Encounter?patient=amber&colour=red").status_code == 400
    assert like(own_ehr, "plain").get("Encounter?patient=amber&colour=red").status_code == 200


def test_a_sandbox_can_be_started_as_a_vendor(tmp_path: Path) -> None:
    """The setting counts from the first request."""
    with running_ehr(tmp_path, vendor="athena") as ehr:
        assert "ChargeItem" not in stated(ehr.fhir(ehr.launched()))
