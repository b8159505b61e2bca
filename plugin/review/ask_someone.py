"""Send a question to whoever knows, and follow it until it is answered.

The text never says what an answer would be worth. A question is open with somebody once at a time: sending it again
before it is answered changes nothing.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from plugin.domain import Ask, Chart, Reply, SentQuestion, TrackedQuestion
from plugin.review.attest import Key
from plugin.review.decide import CurrentReview, NotAllowed, Stale, WrongChart, may_open
from plugin.review.ports import Person, Policy
from plugin.review.refusals import Invalid

LONGEST_TEXT = 2000


class NotSent(Exception):
    """The EHR did not take the question, or can't be asked; the text is fit for a page."""


class Messenger(Protocol):
    """The EHR's way of giving somebody a task."""

    def send(self, question: SentQuestion) -> str:
        """Create the task once and return its reference; raises NotSent."""

    def look(self, reference: str) -> Reply:
        """Where a task stands; raises NotSent."""


class QuestionRecords(Protocol):
    """What is kept of sent questions for one encounter."""

    def sent_questions(self) -> Sequence[TrackedQuestion]:
        """Every question that was sent, oldest first, with the last reply that was seen."""

    def keep_sent(self, question: SentQuestion, reference: str, now: datetime) -> None:
        """Remember a question that was sent."""

    def keep_reply(self, question: SentQuestion, reply: Reply, now: datetime) -> None:
        """Remember where a question stands now."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One person sending a question about one chart; `name_of` a reference is what the EHR calls them, or empty."""

    person: Person
    review: CurrentReview
    records: QuestionRecords
    policy: Policy
    patient: str
    encounter: str
    text: str
    now: datetime
    name_of: Callable[[str], str] = lambda reference: ""


def send_question(key: Key, sending: Sending, messenger: Messenger) -> SentQuestion | None:
    """Send it; None where it is open with somebody already. Raises NotAllowed, WrongChart, Stale, Invalid, NotSent."""
    chart = sending.review.coded.chart
    may_ask(sending.person, sending.policy)
    if (sending.patient, sending.encounter) != (chart.encounter.patient, chart.encounter.id):
        raise WrongChart("This form belongs to another chart. Nothing was sent; open the page again.")
    ask = next((a for a in sending.review.coded.asks if (a.kind, a.administrations) == key), None)
    if ask is None:
        raise Stale(None)
    if not sending.text or len(sending.text) > LONGEST_TEXT:
        raise Invalid("text", f"The question needs 1 to {LONGEST_TEXT} characters.")
    earlier = sending.records.sent_questions()
    if is_open(ask, earlier):
        return None
    question = _question(ask, chart, sending, earlier)
    sending.records.keep_sent(question, messenger.send(question), sending.now)
    return question


def may_ask(person: Person, policy: Policy) -> None:
    """Raise NotAllowed, with the reason, unless this person may send questions."""
    may_open(person, policy)
    if not person.role:
        raise NotAllowed("Without a role you can read this page only.")


def is_open(ask: Ask, sent: Sequence[TrackedQuestion]) -> bool:
    """Whether somebody has been asked and has not answered."""
    return any(each.reply.state == "open" for each in sent_for(ask, sent))


def sent_for(ask: Ask, sent: Sequence[TrackedQuestion]) -> tuple[TrackedQuestion, ...]:
    """What was sent about a question, oldest first."""
    key = (ask.kind, ask.administrations)
    return tuple(each for each in sent if (each.question.kind, each.question.administrations) == key)


def follow_up(records: QuestionRecords, messenger: Messenger, now: datetime) -> None:
    """Look after every open question and remember what changed; raises NotSent where the EHR can't be asked."""
    for each in records.sent_questions():
        if each.reply.state == "open":
            reply = messenger.look(each.reference)
            if reply != each.reply:
                records.keep_reply(each.question, reply, now)


def _question(ask: Ask, chart: Chart, sending: Sending, earlier: Sequence[TrackedQuestion]) -> SentQuestion:
    number = len(earlier) + 1
    person = sending.person
    recipient = _who_gave(ask, chart)
    parts = [sending.policy.tenant, chart.encounter.id, ask.kind, *ask.administrations, str(number)]
    return SentQuestion(
        number=number,
        identity=hashlib.sha256(json.dumps(parts).encode()).hexdigest(),
        kind=ask.kind,
        administrations=ask.administrations,
        text=sending.text,
        patient=chart.encounter.patient,
        encounter=chart.encounter.id,
        recipient=recipient,
        recipient_name=sending.name_of(recipient) if recipient else "",
        by=person.reference or person.name,
        name=person.name,
        role=person.role,
        verified=person.verified,
        at=sending.now.astimezone(UTC),
    )


def _who_gave(ask: Ask, chart: Chart) -> str:
    """The first charted performer of what is asked about, empty where the chart names nobody."""
    given = {a.id: a for a in chart.administrations}
    performers = [who for id_ in ask.administrations if id_ in given for who in given[id_].performers]
    return next((who for who in performers if who.partition("/")[0] in {"Practitioner", "PractitionerRole"}), "")
