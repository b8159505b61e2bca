"""A question sent to somebody: once at a time, followed until it is answered, and told in the trail."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from plugin.domain import Reply
from plugin.domain.replacing import replace
from plugin.review.ask_someone import NotSent, Sending, follow_up, send_question
from plugin.review.decide import NotAllowed, Stale, WrongChart
from plugin.review.ports import Policy
from plugin.review.prepare import ReviewSettings, review_chart
from plugin.review.refusals import Invalid
from plugin.review.trail import tell
from plugin.store.sent_questions import EncounterQuestions
from plugin.web.views.questions import sent_view
from plugin.web.views.times import WallClock
from tests.unit.review.pretend import CODER, ENCOUNTER, PATIENT
from tests.unit.review.test_attest import BOOK, CHART, KEY, NOW, OPEN_ENDED, ZONE

CLOCK = WallClock(ZONE)


@dataclass
class Ward:
    """Somebody who gets tasks; `deaf` takes none."""

    tasks: dict[str, Reply] = field(default_factory=dict)
    deaf: bool = False

    def send(self, question):
        if self.deaf:
            raise NotSent("no answer")
        reference = f"Task/{question.identity[:8]}"
        self.tasks.setdefault(reference, Reply("open"))
        return reference

    def look(self, reference):
        return self.tasks[reference]


@pytest.fixture
def questions(records) -> EncounterQuestions:
    """Nothing sent yet."""
    return EncounterQuestions(records.store, records.tenant, records.encounter)


def sending(questions, **changes) -> Sending:
    """A coder before the chart whose infusion has no stop."""
    given = replace(OPEN_ENDED, performers=("Device/d1", "Practitioner/n1"))
    review = review_chart(replace(CHART, administrations=(given,)), BOOK, ReviewSettings())
    made = Sending(CODER, review, questions, Policy("clinic"), PATIENT, ENCOUNTER, "When did it stop?", NOW)
    return replace(made, **changes)


def test_a_question_is_sent_to_who_gave_it_once_at_a_time(questions):
    """A second send finds it open; after the reply it may be asked again, as another task."""
    ward = Ward()
    question = send_question(KEY, sending(questions), ward)
    assert question is not None
    assert (question.recipient, question.by, question.number) == ("Practitioner/n1", CODER.reference, 1)
    assert send_question(KEY, sending(questions), ward) is None
    (reference,) = ward.tasks
    ward.tasks[reference] = Reply("answered", "9:30", NOW)
    follow_up(questions, ward, NOW + timedelta(minutes=5))
    (tracked,) = questions.sent_questions()
    assert (tracked.reference, tracked.reply) == (reference, Reply("answered", "9:30", NOW))
    assert send_question(KEY, sending(questions), ward) is not None
    assert len(ward.tasks) == 2


def test_the_trail_tells_the_question_and_the_reply(questions, records):
    """Who asked whom, and what came back."""
    ward = Ward()
    send_question(KEY, sending(questions), ward)
    ward.tasks = dict.fromkeys(ward.tasks, Reply("declined", "not my patient"))
    follow_up(questions, ward, NOW)
    follow_up(questions, ward, NOW)
    reference = questions.sent_questions()[0].reference
    assert [tell(each.entry) for each in records.trail()] == [
        f"Carl Coder (coder) sent the question: When did it stop? (to: Practitioner/n1; as: {reference})",
        "Reply to the question: When did it stop? (declined: not my patient)",
    ]


def test_what_the_ehr_did_not_take_is_not_remembered(questions):
    """The person hears it and can copy the question."""
    with pytest.raises(NotSent):
        send_question(KEY, sending(questions), Ward(deaf=True))
    assert questions.sent_questions() == ()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"person": replace(CODER, verified=False)}, NotAllowed),
        ({"person": replace(CODER, role="")}, NotAllowed),
        ({"patient": "Patient/p2"}, WrongChart),
        ({"text": ""}, Invalid),
        ({"text": "x" * 2001}, Invalid),
    ],
)
def test_who_may_send_what(questions, changes, error):
    """A verified person with a role, about this chart, in so many words."""
    with pytest.raises(error):
        send_question(KEY, sending(questions, **changes), Ward())
    assert questions.sent_questions() == ()


def test_a_question_that_is_no_longer_asked_is_not_sent(questions):
    """The chart answered it meanwhile."""
    with pytest.raises(Stale):
        send_question(("missing-route", KEY[1]), sending(questions), Ward())


def test_the_name_of_who_is_asked_is_kept_with_the_question(questions, records):
    """Asked of the EHR once, by the reference in the chart; the trail and the page say the name."""
    asked = []

    def name_of(reference):
        asked.append(reference)
        return "Nora Nightshift"

    send_question(KEY, sending(questions, name_of=name_of), Ward())
    (tracked,) = questions.sent_questions()
    assert (asked, tracked.question.recipient_name) == (["Practitioner/n1"], "Nora Nightshift")
    (entry,) = records.trail()
    assert "to: Nora Nightshift" in tell(entry.entry)
    assert sent_view(tracked, CLOCK).who.startswith(f"Sent to Nora Nightshift by {CODER.name}")
    unnamed = replace(tracked, question=replace(tracked.question, recipient_name=""))
    assert sent_view(unnamed, CLOCK).who.startswith(f"Sent to the person who charted it by {CODER.name}")
