"""Charges by Oracle Health's operations, against a pretended one on loopback."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from plugin.domain import Quantity
from plugin.domain.replacing import replace
from plugin.ehr.charge_master import BillingCodes, ChargeMaster
from plugin.ehr.errors import Unreachable
from plugin.ehr.sinks.attesting import Attesting
from plugin.ehr.sinks.oracle_operations import OracleOperations, transaction_id
from plugin.review.ports import SentCharge
from plugin.review.post import make_draft
from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from tests.functional.posting.clinic import CODER, ENCOUNTER, NURSE, POLICY
from tests.functional.posting.oracle_clinic import OracleClinic
from tests.functional.posting.pretend_oracle import EXTENSION, SITE, Oracle, running_oracle
from tests.smart.sandbox.ehr import Ehr
from tests.verifies import verifies

SYSTEM = f"https://fhir.cerner.com/{SITE}/CodeSystem/BillCodes-"


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    """A pretended Oracle Health without charges."""
    with running_oracle() as running:
        yield running


@pytest.fixture
def clinic(oracle: Oracle, sqlite_url: str) -> Iterator[OracleClinic]:
    """An app before it, with an empty store."""
    store = open_store(sqlite_url, [make_key()])
    yield OracleClinic(Ehr(oracle.base), store, "t", "96365")
    store.close()


def sent_body(oracle: Oracle) -> dict[str, Any]:
    """The ChargeItem in the last operation."""
    given = {each["name"]: each for each in oracle.bodies[-1]["parameter"]}
    resource: dict[str, Any] = given["chargeItem"]["resource"]
    return resource


def edit(clinic: OracleClinic, units: int, modifiers: tuple[str, ...] = (), seen: int = 1) -> None:
    """A coder changes the line."""
    clinic.say(CODER, "edit", units=units, modifiers=modifiers, reason="Counted again", seen=seen)


@verifies("WR-04")
def test_an_accepted_charge_is_found_though_the_answer_is_empty(clinic: OracleClinic, oracle: Oracle) -> None:
    """Sent once, found among the encounter's billable charges, recorded under the EHR's own id."""
    clinic.say()
    assert clinic.post().outcome == "sent"
    assert [(each["status"], each["quantity"]) for each in oracle.active()] == [("billable", {"value": 1})]
    assert clinic.records.recorded()[clinic.identity].sent.reference == "ChargeItem/1000"


@verifies("WR-10", "WR-01")
def test_what_is_sent_holds_the_contracts_elements_and_no_other(clinic: OracleClinic, oracle: Oracle) -> None:
    """Status unknown, one moment, one coding of the site's own, diagnoses with their priority; nothing else."""
    clinic.say()
    clinic.post()
    charge = sent_body(oracle)
    assert set(charge) == {
        *("resourceType", "extension", "status", "code", "subject", "context"),
        *("occurrenceDateTime", "quantity", "reason"),
    }
    assert (charge["status"], charge["occurrenceDateTime"]) == ("unknown", "2026-03-02T10:00:00+00:00")
    (coding,) = charge["code"]["coding"]
    assert (coding["system"], coding["code"]) == (f"{SYSTEM}CPT", "96365")
    assert coding["extension"][0]["valueCoding"]["code"] == "615214"
    assert [each["url"] for each in charge["extension"]] == [f"{EXTENSION}/revenue-code"]
    (reason,) = charge["reason"]
    assert reason["extension"] == [{"url": f"{EXTENSION}/priority", "valueUnsignedInt": 1}]
    assert (reason["coding"][0]["system"], reason["coding"][0]["code"]) == (f"{SYSTEM}ICD", "K50.90")


def test_the_charge_masters_code_goes_first_and_the_procedure_code_beside_it(
    clinic: OracleClinic, oracle: Oracle
) -> None:
    """The highest tier in `code`; procedure and revenue code as extensions; found again by the procedure code."""
    clinic.charge_master = ChargeMaster({"96365": BillingCodes("4700123", "0510")})
    clinic.say()
    assert clinic.post().outcome == "sent"
    charge = sent_body(oracle)
    assert [(each["system"], each["code"]) for each in charge["code"]["coding"]] == [(f"{SYSTEM}CDM_SCHED", "4700123")]
    procedure, revenue = charge["extension"]
    assert procedure["url"] == f"{EXTENSION}/procedure-code"
    assert procedure["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "96365"
    assert revenue["valueCodeableConcept"]["coding"][0]["code"] == "0510"


def test_a_drug_line_carries_its_package_and_quantity(clinic: OracleClinic, oracle: Oracle) -> None:
    """The waste line needs its own: half a vial is what was discarded."""
    used = {"ndc": "57894003001", "ndc_quantity": Quantity(Decimal("0.5"), "UN")}
    clinic.more = {"system": "HCPCS", "code": "J1745", "modifiers": ("JW",), **used}
    clinic.say()
    assert clinic.post().outcome == "sent"
    [package] = [each for each in sent_body(oracle)["extension"] if each["url"].endswith("/national-drug-product")]
    code, quantity = package["extension"]
    assert code["valueCodeableConcept"]["coding"] == [{"system": "http://hl7.org/fhir/sid/ndc", "code": "57894003001"}]
    assert quantity["valueQuantity"] == {
        "value": 0.5,
        "unit": "UN",
        "system": "http://unitsofmeasure.org",
        "code": "{item}",
    }


@verifies("WR-10")
def test_a_missing_schedule_is_told_before_anything_is_sent(clinic: OracleClinic, oracle: Oracle) -> None:
    """The tenants file must name the site's schedule for each type of code that is sent."""
    clinic.schedules = {"CPT": "1"}
    clinic.say()
    posted = clinic.post()
    assert (posted.outcome, oracle.bodies) == ("refused", [])
    assert "bill_code_schedules.ICD" in posted.message


@verifies("WR-05")
def test_a_clinicians_acceptance_waits_for_a_coder(clinic: OracleClinic, oracle: Oracle) -> None:
    """There are no planned charges here; the coder's acceptance sends it."""
    clinic.say(NURSE)
    assert (clinic.post().outcome, oracle.bodies) == ("waiting", [])
    clinic.say(CODER, seen=1)
    assert clinic.post().outcome == "sent"


def test_a_change_replaces_the_charge(clinic: OracleClinic, oracle: Oracle) -> None:
    """`$modify` names what it replaces and its version; the old one counts no more."""
    clinic.say()
    clinic.post()
    edit(clinic, 3, ("59",))
    assert clinic.post().outcome == "sent"
    charge = sent_body(oracle)
    replacing = next(each for each in charge["extension"] if each["url"].endswith("replacing"))
    assert replacing["valueReference"] == {"reference": "ChargeItem/1000"}
    assert replacing["extension"] == [{"url": "item-version", "valueId": "1"}]
    assert [(each["id"], each["quantity"]["value"]) for each in oracle.active()] == [("1001", 3)]
    assert clinic.records.recorded()[clinic.identity].sent.modifiers == ("59",)


@verifies("WR-07")
def test_a_dismissal_credits_what_was_sent_and_accepting_again_charges_anew(
    clinic: OracleClinic, oracle: Oracle
) -> None:
    """Edited to three units, credited whole, accepted again: one active charge in the end."""
    clinic.say()
    clinic.post()
    edit(clinic, 3)
    clinic.post()
    clinic.say(action="dismiss", reason="Not performed", seen=2)
    assert (clinic.post().outcome, oracle.active()) == ("sent", [])
    assert clinic.post().outcome == "already"
    clinic.say(seen=3)
    assert clinic.post().outcome == "sent"
    assert [each["quantity"]["value"] for each in oracle.active()] == [1]


def test_each_operation_is_attested(clinic: OracleClinic, oracle: Oracle) -> None:
    """Create, change and credit, each with the version that came of it and the coder; nothing without the grant."""
    clinic.say()
    clinic.post_by(replace(clinic.sink(), attest=attesting(clinic)))
    edit(clinic, 3)
    clinic.post_by(replace(clinic.sink(), attest=attesting(clinic)))
    clinic.say(action="dismiss", reason="Not performed", seen=2)
    assert clinic.post_by(replace(clinic.sink(), attest=attesting(clinic))).outcome == "sent"
    told = [
        (each["target"][0]["reference"], each["activity"]["coding"][0]["code"], each["agent"][0]["who"]["reference"])
        for each in oracle.attested
    ]
    assert told == [
        ("ChargeItem/1000/_history/1", "CREATE", CODER.reference),
        ("ChargeItem/1001/_history/1", "UPDATE", CODER.reference),
        ("ChargeItem/1001/_history/1", "UPDATE", CODER.reference),
    ]
    clinic.say(seen=3)
    assert clinic.post().outcome == "sent"
    assert len(oracle.attested) == 3


def attesting(clinic: OracleClinic) -> Attesting:
    """What a launch has whose EHR takes Provenance."""
    return Attesting(clinic.http(), "infusion-charges test", lambda: datetime(2026, 3, 3, tzinfo=UTC))


@verifies("WR-03")
def test_a_look_that_lags_behind_is_not_taken_for_the_change(clinic: OracleClinic, oracle: Oracle) -> None:
    """`$modify` answers with nothing and the first search still has the old charge: looked for again, found changed."""
    clinic.say()
    clinic.post()
    edit(clinic, 3)
    http = clinic.http()
    write = http.post
    http.post = lambda path, body, headers: _then_stale(oracle, write(path, body, headers))
    assert clinic.post(http).outcome == "sent"
    assert oracle.stale_looks == 0
    sent = clinic.records.recorded()[clinic.identity].sent
    assert (sent.reference, sent.units) == ("ChargeItem/1001", 3)


def _then_stale(oracle: Oracle, answer: Any) -> Any:
    oracle.stale_looks = 1
    return answer


@verifies("WR-03")
@pytest.mark.parametrize("fault", ["500 after", "timeout after", "timeout before"])
@pytest.mark.parametrize("what", ["create", "change", "dismiss"])
def test_whatever_is_lost_each_operation_takes_effect_once(
    clinic: OracleClinic, oracle: Oracle, fault: str, what: str
) -> None:
    """No answer, or an error after it was done: looked for, and repeated under the same transaction only."""
    clinic.say()
    if what != "create":
        clinic.post()
    if what == "change":
        edit(clinic, 2)
    if what == "dismiss":
        clinic.say(action="dismiss", reason="Not performed", seen=1)
    assert clinic.post(clinic.http(fault)).outcome == "sent"
    expected: dict[str, list[int]] = {"create": [1], "change": [2], "dismiss": []}
    assert [each["quantity"]["value"] for each in oracle.active()] == expected[what]
    assert len(oracle.charges) == (2 if what == "change" else 1)


@verifies("WR-02", "WR-03")
def test_a_late_arrival_makes_no_second_charge(clinic: OracleClinic, oracle: Oracle) -> None:
    """The first request hangs in a queue; the line is edited and sent; then the first one arrives."""
    clinic.say()
    queue: list[Any] = []
    http = clinic.http()
    look = http.get
    http.post = lambda path, body, headers: _into(queue, path, body)
    http.get = lambda path, params: _no_answer() if queue else look(path, params)
    assert clinic.post(http).outcome == "unknown"
    edit(clinic, 2)
    assert clinic.post().outcome == "sent"
    path, body = queue[0]
    assert oracle.operate(f"/{path}", body)[0] == 200
    assert [each["quantity"]["value"] for each in oracle.active()] == [2]


def _into(queue: list[Any], path: str, body: Any) -> Any:
    queue.append((path, body))
    raise Unreachable("no answer in time")


def _no_answer() -> Any:
    raise Unreachable("no answer in time")


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"status": "billed"}, "billed"), ({"meta": {"versionId": "2"}}, "Somebody else changed")],
)
def test_what_a_biller_did_is_shown_and_left_alone(
    clinic: OracleClinic, oracle: Oracle, changes: dict[str, Any], why: str
) -> None:
    """No operation is sent on a charge that is billed or has another version."""
    clinic.say()
    clinic.post()
    oracle.charges["1000"].update(changes)
    edit(clinic, 2)
    sent_so_far = len(oracle.bodies)
    posted = clinic.post()
    assert (posted.outcome, len(oracle.bodies)) == ("conflict", sent_so_far)
    assert why in posted.message


def test_a_charge_that_somebody_credited_is_not_written_again(clinic: OracleClinic, oracle: Oracle) -> None:
    """Offset in the EHR: a person has to look."""
    clinic.say()
    clinic.post()
    oracle.charges["1000"]["extension"] = [{"url": f"{EXTENSION}/offset-by", "valueReference": {}}]
    edit(clinic, 2)
    assert clinic.post().outcome == "conflict"
    assert oracle.active() == []


def test_a_refusal_names_status_and_code(clinic: OracleClinic, oracle: Oracle) -> None:
    """422 for a charge the site can't take: refused, nothing made."""
    clinic.schedules = {"CPT": "1", "ICD": "1"}
    clinic.say()
    draft = make_draft(clinic.records.standing()[0], POLICY, ENCOUNTER)
    assert draft.start is not None
    sink = clinic.sink()
    object.__setattr__(sink, "site", replace(sink.site, source="another-site"))
    posted = clinic.post_by(sink)
    assert (posted.outcome, oracle.charges) == ("refused", {})
    assert "422" in posted.message
    assert "code-invalid" in posted.message


@verifies("WR-02")
def test_transactions_are_told_apart_and_repeat(clinic: OracleClinic) -> None:
    """The same for every attempt at one thing; another for another operation, line or charge that is replaced."""
    clinic.say()
    draft = make_draft(clinic.records.standing()[0], POLICY, ENCOUNTER)
    sent = SentCharge(draft.identity, "ChargeItem/1000", "1", "billable", draft.charge.units, (), "")
    edited = replace(draft, units=5, entered_at=draft.entered_at.replace(year=2027))
    assert transaction_id("create", draft, None) == transaction_id("create", edited, None)
    others = {
        transaction_id("create", draft, None),
        transaction_id("create", draft, sent),
        transaction_id("modify", draft, sent),
        transaction_id("credit", draft, sent),
        transaction_id("modify", draft, replace(sent, version="2")),
        transaction_id("create", replace(draft, identity="cd" * 32), None),
    }
    assert len(others) == 6
    assert isinstance(clinic.sink(), OracleOperations)
