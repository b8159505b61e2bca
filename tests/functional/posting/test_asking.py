"""A question arrives in the sandbox EHR as a Task, with the Communication that tells its recipient."""

from collections.abc import Iterator
from typing import Any

import pytest

from plugin.domain import SentQuestion
from plugin.ehr.messenger import FhirMessenger
from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from tests.functional.posting.clinic import ADMINISTRATION, CODER, ENCOUNTER, PATIENT, Clinic, utc_now
from tests.smart.sandbox.ehr import Ehr

READS = "launch openid fhirUser patient/*.rs user/Task.crus"


@pytest.fixture
def ward(posting_ehr: Ehr, sqlite_url: str, code: str) -> Iterator[Clinic]:
    """A launched app that may send tasks and messages, and read them again."""
    store = open_store(sqlite_url, [make_key()])
    token = posting_ehr.launched(scope=f"{READS} user/Communication.crs")["access_token"]
    yield Clinic(posting_ehr, store, token, code)
    store.close()


def question(identity: str) -> SentQuestion:
    """When did it stop, asked of the nurse who gave it."""
    return SentQuestion(
        number=1,
        identity=identity,
        kind="missing-stop-time",
        administrations=(ADMINISTRATION,),
        text="When did the infusion stop?",
        patient=PATIENT,
        encounter=ENCOUNTER,
        recipient="Practitioner/sandbox-clinician",
        by=CODER.reference,
        name=CODER.name,
        role=CODER.role,
        verified=True,
        at=utc_now(),
    )


def messages(ward: Clinic, identity: str) -> list[dict[str, Any]]:
    """The Communications with this identity, read without the product's client."""
    found = ward.fhir.get("Communication?subject=Patient/amber").json().get("entry", [])
    resources = [entry["resource"] for entry in found]
    return [each for each in resources if identity in [known["value"] for known in each["identifier"]]]


def test_the_message_goes_with_the_task_and_points_to_it(ward: Clinic) -> None:
    """The same words, to the same person, about the task that was just made; looking finds it open."""
    messenger = FhirMessenger(ward.http(), tells=True)
    task = messenger.send(question("asked-with-a-message"))
    (message,) = messages(ward, "asked-with-a-message")
    assert message["about"] == [{"reference": task}]
    assert message["payload"] == [{"contentString": "When did the infusion stop?"}]
    assert message["recipient"] == [{"reference": "Practitioner/sandbox-clinician"}]
    assert message["sender"]["reference"] == CODER.reference
    assert (message["subject"], message["encounter"]) == ({"reference": PATIENT}, {"reference": ENCOUNTER})
    assert ward.fhir.get(task).json()["description"] == "When did the infusion stop?"
    assert messenger.look(task).state == "open"


def test_where_the_ehr_takes_no_message_the_task_goes_alone(ward: Clinic) -> None:
    """Nothing is posted that was never granted."""
    task = FhirMessenger(ward.http(), tells=False).send(question("asked-without"))
    assert ward.fhir.get(task).status_code == 200
    assert messages(ward, "asked-without") == []


def test_a_message_that_is_refused_loses_no_question(posting_ehr: Ehr, sqlite_url: str, code: str) -> None:
    """The grant leaves messages out: the EHR answers 403, and the task stands."""
    store = open_store(sqlite_url, [make_key()])
    ward = Clinic(posting_ehr, store, posting_ehr.launched(scope=READS)["access_token"], code)
    task = FhirMessenger(ward.http(), tells=True).send(question("message-refused"))
    assert ward.fhir.get(task).json()["status"] == "requested"
    assert messages(ward, "message-refused") == []
    store.close()
