"""Accepted charges arrive in the sandbox EHR exactly once, whatever happens on the way."""

import json
import threading

import pytest

from fhir_mappings.systems import CHARGE_IDENTIFIER
from plugin.domain.charge import ChargeDraft
from plugin.ehr.errors import Unreachable
from plugin.ehr.sinks.fhir_create import FhirCreate
from plugin.review.post import Difference, make_draft
from plugin.store.engine import TransactionOpen
from tests.functional.posting.clinic import CODER, ENCOUNTER, NURSE, POLICY, Clinic, LossyHttp, utc_now
from tests.verifies import verifies

# The ways to create: an id of ours; If-None-Exist; and a server that declares and heeds neither.
WITH_ID: dict[str, bool] = {}
WITH_CONDITION = {"client_ids": False}
WITHOUT_KEY = {"client_ids": False, "conditional_create": False}
KEYED = pytest.mark.parametrize("way", [WITH_ID, WITH_CONDITION], ids=["client id", "If-None-Exist"])


@KEYED
def test_an_accepted_charge_stands_in_the_ehr(clinic: Clinic, way: dict[str, bool]) -> None:
    """Status, code, quantity, references and author as accepted, and our record knows its place and version."""
    clinic.say()
    posted = clinic.post(**way)
    (charge,) = clinic.found()
    assert posted.outcome == "sent"
    assert (charge["status"], charge["quantity"]["value"]) == ("billable", 1)
    assert charge["code"]["coding"][0]["code"] == clinic.code
    assert (charge["subject"], charge["context"]) == ({"reference": "Patient/amber"}, {"reference": ENCOUNTER})
    assert charge["enterer"] == {"reference": CODER.reference}
    recorded = clinic.records.recorded()[clinic.identity].sent
    assert (recorded.reference, recorded.version) == (f"ChargeItem/{charge['id']}", charge["meta"]["versionId"])


@verifies("WR-02")
def test_the_id_is_the_identity_where_the_server_takes_it(clinic: Clinic) -> None:
    """That is what makes a second create impossible."""
    clinic.say()
    clinic.post()
    assert [charge["id"] for charge in clinic.found()] == [clinic.identity]


@KEYED
def test_posting_twice_makes_one_charge(clinic: Clinic, way: dict[str, bool]) -> None:
    """The second post sends nothing at all."""
    clinic.say()
    clinic.post(**way)
    http = clinic.http()
    assert (clinic.post(http, **way).outcome, http.writes) == ("already", 0)
    assert len(clinic.found()) == 1


@pytest.mark.parametrize("way", [WITH_ID, WITH_CONDITION, WITHOUT_KEY], ids=["client id", "If-None-Exist", "no key"])
def test_eight_posts_at_once_make_one_charge(clinic: Clinic, way: dict[str, bool]) -> None:
    """Eight processes post the same line, on a server that ignores conditions too: one sends, seven find it done."""
    clinic.say()
    barrier, outcomes = threading.Barrier(8), []

    def post(number: int) -> None:
        http = clinic.http(deaf=True)
        barrier.wait()
        outcomes.append(clinic.post(http, f"writer-{number}", **way).outcome)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already"] * 7 + ["sent"]
    assert [charge["meta"]["versionId"] for charge in clinic.found()] == ["1"]


@verifies("WR-03")
@pytest.mark.parametrize("fault", ["500 after", "timeout after"])
@pytest.mark.parametrize("way", [WITH_ID, WITH_CONDITION, WITHOUT_KEY], ids=["client id", "If-None-Exist", "no key"])
def test_a_lost_answer_is_found_and_not_sent_again(clinic: Clinic, way: dict[str, bool], fault: str) -> None:
    """Processed, then an error or silence: the look finds the charge."""
    clinic.say()
    http = clinic.http(fault)
    assert clinic.post(http, **way).outcome == "sent"
    assert len(clinic.found()) == 1
    assert [entry.entry.kind for entry in clinic.records.trail()] == ["accept", "sending", "sent"]


@KEYED
def test_a_lost_request_is_sent_again_under_the_same_key(clinic: Clinic, way: dict[str, bool]) -> None:
    """Never arrived: looked for, not there, sent once more."""
    clinic.say()
    assert clinic.post(clinic.http("timeout before"), **way).outcome == "sent"
    assert len(clinic.found()) == 1


@verifies("WR-03")
def test_without_a_key_a_lost_request_stays_unknown(clinic: Clinic) -> None:
    """Nothing is sent twice on a guess; the page says to look in the EHR."""
    clinic.say()
    posted = clinic.post(clinic.http("timeout before"), **WITHOUT_KEY)
    assert (posted.outcome, clinic.found()) == ("unknown", [])
    http = clinic.http()
    assert (clinic.post(http, **WITHOUT_KEY).outcome, http.writes) == ("unknown", 0)


@verifies("WR-05")
def test_a_coder_makes_a_clinicians_planned_charge_billable(clinic: Clinic) -> None:
    """The same resource, its next version."""
    clinic.say(NURSE)
    clinic.post()
    assert [charge["status"] for charge in clinic.found()] == ["planned"]
    clinic.say(CODER, seen=1)
    clinic.post()
    (charge,) = clinic.found()
    assert (charge["status"], charge["meta"]["versionId"]) == ("billable", "2")
    assert charge["enterer"] == {"reference": CODER.reference}


@pytest.mark.parametrize("fault", ["500 after", "timeout after", "timeout before"])
def test_a_change_with_a_lost_answer_is_made_once(clinic: Clinic, fault: str) -> None:
    """Version 2 and no further."""
    clinic.say(NURSE)
    clinic.post()
    clinic.say(CODER, seen=1)
    assert clinic.post(clinic.http(fault)).outcome == "sent"
    assert [(each["status"], each["meta"]["versionId"]) for each in clinic.found()] == [("billable", "2")]


@verifies("WR-07")
@KEYED
def test_dismissing_a_sent_charge_makes_it_not_billable(clinic: Clinic, way: dict[str, bool]) -> None:
    """The same resource with its reason in a note."""
    clinic.say()
    clinic.post(**way)
    clinic.say(action="dismiss", reason="Not performed", seen=1)
    assert clinic.post(**way).outcome == "sent"
    (charge,) = clinic.found()
    assert charge["status"] == "not-billable"
    assert any("Not performed" in note["text"] for note in charge["note"])


def test_dismissing_what_was_never_sent_stays_here(clinic: Clinic) -> None:
    """No request writes anything."""
    clinic.say(action="dismiss", reason="Not performed")
    http = clinic.http()
    assert (clinic.post(http).outcome, http.writes, clinic.found()) == ("local", 0, [])


def _change_in_the_ehr(clinic: Clinic, **changes: object) -> None:
    """A biller changes the charge behind the app's back."""
    (charge,) = clinic.found()
    body = json.dumps({**charge, **changes})
    answer = clinic.fhir.write("PUT", f"ChargeItem/{charge['id']}", body)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"status": "billed"}, (Difference("status", "billable", "billed"),)),
        ({"quantity": {"value": 3}}, (Difference("status", "billable", "planned"), Difference("units", "1", "3"))),
    ],
    ids=["billed", "other units"],
)
def test_what_a_biller_changed_is_shown_and_left_alone(clinic: Clinic, changes: dict, shown: tuple) -> None:
    """The difference comes back; the biller's version stays the last one."""
    clinic.say(NURSE)
    clinic.post()
    _change_in_the_ehr(clinic, **changes)
    clinic.say(CODER, seen=1)
    http = clinic.http()
    posted = clinic.post(http)
    assert (posted.outcome, posted.differences, http.writes) == ("conflict", shown, 0)
    assert [charge["meta"]["versionId"] for charge in clinic.found()] == ["2"]


def test_a_change_between_our_look_and_our_write_is_caught_by_its_version(clinic: Clinic) -> None:
    """If-Match does what the look before can't: the server answers 412 and the biller's version stays."""
    clinic.say(NURSE)
    clinic.post()
    clinic.say(CODER, seen=1)
    http = clinic.http()
    send, met = http.put, []

    def put(path, body, headers):
        if not met:
            met.append(headers)
            _change_in_the_ehr(clinic, quantity={"value": 5})
        return send(path, body, headers)

    http.put = put
    posted = clinic.post(http)
    assert met == [{"If-Match": 'W/"1"'}]
    assert posted.outcome == "conflict"
    assert posted.sent is not None
    assert str(posted.sent.units) == "5"
    assert [charge["quantity"]["value"] for charge in clinic.found()] == [5]


def test_what_others_added_to_a_charge_survives_our_change(clinic: Clinic) -> None:
    """The server's own elements in the version we wrote are kept: a cost centre, an account number."""
    clinic.say(NURSE)
    clinic.post()
    sink = FhirCreate(clinic.http(), clinic.support(), "test", utc_now)
    sent = clinic.records.recorded()[clinic.identity].sent
    theirs = {"identifier": [{"system": "urn:billing", "value": "A-1"}], "costCenter": {"display": "Infusion"}}
    (charge,) = clinic.found()
    merged = {**charge, **theirs, "identifier": [*charge["identifier"], *theirs["identifier"]]}
    clinic.fhir.write("PUT", f"ChargeItem/{charge['id']}", json.dumps(merged))
    current = sink.find(_draft(clinic))
    assert current is not None
    assert current.version != sent.version
    sink.change(_draft(clinic), current)
    (after,) = clinic.found()
    assert after["costCenter"] == {"display": "Infusion"}
    assert {each["system"] for each in after["identifier"]} >= {"urn:billing"}
    assert len(after["identifier"]) == 2


def _draft(clinic: Clinic) -> ChargeDraft:
    return make_draft(clinic.records.standing()[0], POLICY, ENCOUNTER)


def test_two_charges_of_one_identity_are_told_and_nothing_is_added(clinic: Clinic) -> None:
    """Somebody copied our charge in the EHR: a conflict, not a third one."""
    clinic.say()
    body = json.dumps(
        {
            "resourceType": "ChargeItem",
            "status": "billable",
            "code": {"text": "a copy"},
            "subject": {"reference": "Patient/amber"},
            "context": {"reference": ENCOUNTER},
            "identifier": [{"system": _identifier_system(clinic), "value": clinic.identity}],
        }
    )
    for _ in range(2):
        assert clinic.fhir.write("POST", "ChargeItem", body).status_code == 201
    posted = clinic.post(**WITH_CONDITION)
    assert posted.outcome == "conflict"
    assert "2 charges" in posted.message
    assert len(clinic.found()) == 2


def _identifier_system(clinic: Clinic) -> str:

    return CHARGE_IDENTIFIER


def test_a_server_that_refuses_is_told_by_its_codes(clinic: Clinic) -> None:
    """A token without the scope to write: refused, with status and code, and recorded as such."""
    clinic.say()
    reading = "launch openid fhirUser patient/*.rs"
    clinic.token = clinic.ehr.launched(scope=reading)["access_token"]
    posted = clinic.post()
    assert posted.outcome == "refused"
    assert "403" in posted.message
    assert "forbidden" in posted.message
    assert clinic.records.last_intents()[clinic.identity].state == "refused"


@verifies("WR-11")
def test_provenance_names_person_and_software(clinic: Clinic) -> None:
    """One for the create, one for the change."""
    clinic.say(NURSE)
    clinic.post()
    clinic.say(CODER, seen=1)
    clinic.post()
    first, second = sorted(clinic.provenances(), key=lambda each: each["target"][0]["reference"])
    assert [each["activity"]["coding"][0]["code"] for each in (first, second)] == ["CREATE", "UPDATE"]
    assert second["target"][0]["reference"] == f"ChargeItem/{clinic.identity}/_history/2"
    assert [agent["who"] for agent in first["agent"]] == [
        {"reference": NURSE.reference},
        {"display": "infusion-charges test"},
    ]


@verifies("WR-11")
def test_a_charge_is_not_lost_because_its_provenance_is(clinic: Clinic) -> None:
    """The server takes no Provenance today: the charge stands and counts as sent."""
    clinic.say()
    http = clinic.http()
    http.post = _no_provenance
    assert clinic.post(http).outcome == "sent"
    assert clinic.provenances() == []


def _no_provenance(path, body, headers):

    raise Unreachable("no answer in time")


def test_no_request_leaves_while_a_transaction_is_open(clinic: Clinic) -> None:
    """A sink used inside a transaction raises before anything is sent."""
    clinic.say()
    http = clinic.http()
    sink = FhirCreate(http, clinic.support(), "test", utc_now)
    draft = _draft(clinic)
    with clinic.store.writing(), pytest.raises(TransactionOpen):
        sink.create(draft)
    assert (http.writes, clinic.found()) == (0, [])
    assert isinstance(http, LossyHttp)
