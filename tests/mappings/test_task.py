"""Task and Communication: what is sent is valid R4; replies are read as servers write them."""

from datetime import UTC, datetime

import pytest

from fhir_mappings.checking import check_outgoing
from fhir_mappings.task import read_reply, write_communication, write_task
from plugin.domain import Reply, SentQuestion
from plugin.domain.replacing import replace

AT = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
QUESTION = SentQuestion(
    number=1,
    identity="a" * 64,
    kind="missing-stop-time",
    administrations=("MedicationAdministration/m1",),
    text="cefepime started at 09:00. When did it stop?",
    patient="Patient/p1",
    encounter="Encounter/e1",
    recipient="Practitioner/n1",
    by="Practitioner/c1",
    name="Carl Coder",
    role="coder",
    verified=True,
    at=AT,
)


def test_the_task_says_what_is_asked_of_whom_about_what():
    """A request, focused on the administration, owned by who gave it."""
    task = write_task(QUESTION)
    assert check_outgoing(task) == []
    assert (task["status"], task["intent"], task["description"]) == ("requested", "order", QUESTION.text)
    assert task["focus"] == {"reference": "MedicationAdministration/m1"}
    assert task["for"] == {"reference": "Patient/p1"}
    assert task["owner"] == {"reference": "Practitioner/n1"}
    assert task["requester"] == {"reference": "Practitioner/c1", "display": "Carl Coder"}
    assert task["authoredOn"] == "2026-03-02T20:00:00+00:00"


def test_without_a_known_nurse_or_a_verified_sender_it_is_still_a_task():
    """Nobody owns it, and the name says that nobody vouched for it."""
    task = write_task(replace(QUESTION, recipient="", administrations=(), verified=False))
    assert check_outgoing(task) == []
    assert "owner" not in task
    assert "focus" not in task
    assert task["requester"] == {"display": "Carl Coder (unverified)"}


def test_whoever_is_asked_is_named_where_the_name_is_known():
    """In the task and in the message; a reader of either sees a person."""
    named = replace(QUESTION, recipient_name="Nora Nightshift")
    person = {"reference": "Practitioner/n1", "display": "Nora Nightshift"}
    assert write_task(named)["owner"] == person
    assert write_communication(named, "Task/t1")["recipient"] == [person]
    assert check_outgoing(write_task(named)) == []


def test_the_communication_carries_the_same_words_and_points_to_the_task():
    """To the same person."""
    message = write_communication(QUESTION, "Task/t1")
    assert check_outgoing(message) == []
    assert message["payload"] == [{"contentString": QUESTION.text}]
    assert message["about"] == [{"reference": "Task/t1"}]
    assert message["recipient"] == [{"reference": "Practitioner/n1"}]


@pytest.mark.parametrize(
    ("task", "reply"),
    [
        ({"status": "requested"}, Reply("open")),
        ({"status": "in-progress"}, Reply("open")),
        ({}, Reply("open")),
        (
            {"status": "completed", "output": [{"type": {}, "valueString": " ran to\n9:30 "}], "note": [{"text": "x"}]},
            Reply("answered", "ran to 9:30"),
        ),
        ({"status": "completed", "note": [{"text": "first"}, {"text": "charted"}]}, Reply("answered", "charted")),
        (
            {"status": "rejected", "statusReason": {"text": "not mine"}, "lastModified": "2026-03-02T20:00:00Z"},
            Reply("declined", "not mine", AT),
        ),
        ({"status": "cancelled", "output": "odd", "note": 3, "lastModified": "soon"}, Reply("declined")),
    ],
)
def test_replies_are_read_as_servers_write_them(task, reply):
    """Outputs first, then the last note, then the reason; odd elements are left out."""
    assert read_reply({"resourceType": "Task", **task}) == reply
