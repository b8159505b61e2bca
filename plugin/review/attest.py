"""Answer questions by attesting facts: who may state what, what can be stated, and what is recorded.

Nothing is written into the chart. What is stated is laid over it (`overlay`) whenever it is coded, until the chart
says it itself or somebody takes it back. Several answers of one form are recorded together or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from plugin.domain import Ask, Attested, AttestedFact, Chart
from plugin.review.answering import CODERS, AnswerForm, Field, form_for
from plugin.review.attested_words import answer_words, late_entry
from plugin.review.decide import CurrentReview, NotAllowed, Stale, WrongChart, may_open
from plugin.review.overlay import ELEMENTS, as_charted, overlay
from plugin.review.ports import Person, Policy
from plugin.review.reasons import read_reason
from plugin.review.refusals import Invalid

LONGEST_RUN = timedelta(days=31)
LONGEST_WORDS = 80

Key = tuple[str, tuple[str, ...]]


class LaidReview(CurrentReview, Protocol):
    """The review, and the chart as it was read, with nothing laid over it."""

    @property
    def chart(self) -> Chart | None: ...


class AttestationRecords(Protocol):
    """What is kept of attestations for one encounter."""

    def attested(self) -> Sequence[Attested]:
        """What stands, oldest first."""

    def attest(self, new: Sequence[Attested], now: datetime) -> tuple[Attested, ...]:
        """Record all or none, each with the next number."""

    def take_back(self, number: int, person: Person, now: datetime) -> bool:
        """Take one back; False when it no longer stands."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a form says about one question: `values` by (administration, element), or the text of one choice."""

    key: Key
    values: Mapping[tuple[str, str], datetime | str] = field(default_factory=dict)
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Attesting:
    """One person answering questions on one chart at one moment; `basis` is that of the page the form was on."""

    person: Person
    review: LaidReview
    records: AttestationRecords
    policy: Policy
    patient: str
    encounter: str
    basis: str
    reason: str
    zone: tzinfo
    now: datetime


def may_attest(person: Person, policy: Policy, form: AnswerForm) -> None:
    """Raise NotAllowed, with the reason, unless this person may state what the form asks for."""
    may_open(person, policy)
    if person.role not in form.roles:
        who = "Only a clinician" if form.roles == {"clinician"} else "Only a clinician or a coder"
        raise NotAllowed(f"{who} may attest this. You can send the question to the nurse, or copy it.")


def attest(statements: Sequence[Statement], sitting: Attesting) -> tuple[Attested, ...]:
    """Record answers to one or more questions; raises NotAllowed, WrongChart, Stale, Invalid."""
    coded = sitting.review.coded
    encounter = coded.chart.encounter
    if (sitting.patient, sitting.encounter) != (encounter.patient, encounter.id):
        raise WrongChart("This form belongs to another chart. Nothing was recorded; open the page again.")
    _may_state(sitting)
    if not statements:
        raise Invalid("question", "Choose at least one answer to confirm.")
    asks = {(ask.kind, ask.administrations): ask for ask in coded.asks}
    new = [_attested(each, _ask_of(each, asks), sitting) for each in statements]
    if sitting.basis != sitting.review.basis:
        raise Stale(None)
    return sitting.records.attest(new, sitting.now)


def take_back(number: int, sitting: Attesting) -> None:
    """Take an attestation back; raises NotAllowed, Invalid."""
    _may_state(sitting)
    standing = next((each for each in sitting.records.attested() if each.number == number), None)
    if standing is None:
        raise Invalid("number", "This attestation no longer stands; look again.")
    if standing.role == "clinician" and sitting.person.role != "clinician":
        raise NotAllowed(f"{standing.name} ({standing.role}) attested this; a clinician must take it back.")
    sitting.records.take_back(number, sitting.person, sitting.now)


def _may_state(sitting: Attesting) -> None:
    """Whoever may answer no question at all may take no answer back either."""
    may_open(sitting.person, sitting.policy)
    if sitting.person.role not in CODERS:
        raise NotAllowed("Only a clinician or a coder may attest. The app's administrator gives roles.")


def _ask_of(statement: Statement, asks: Mapping[Key, Ask]) -> Ask:
    ask = asks.get(statement.key)
    if ask is None:
        raise Stale(None)
    return ask


def _attested(statement: Statement, ask: Ask, sitting: Attesting) -> Attested:
    chart, person = sitting.review.coded.chart, sitting.person
    form = form_for(ask, chart)
    may_attest(person, sitting.policy, form)
    facts = facts_of(statement, form, ask, chart)
    _check(facts, chart, sitting)
    facts = tuple(as_charted(fact, sitting.review.chart or chart) for fact in facts)
    reason = read_reason(sitting.reason)
    answer = answer_words(facts, chart, sitting.zone)
    return Attested(
        number=0,
        facts=facts,
        question=ask.question.text(),
        answer=answer,
        reason=reason,
        late_entry=late_entry(answer, reason, person.name, sitting.now, sitting.zone),
        by=person.reference or person.name,
        name=person.name,
        role=person.role,
        verified=person.verified,
        at=sitting.now.astimezone(UTC),
    )


def facts_of(statement: Statement, form: AnswerForm, ask: Ask, chart: Chart) -> tuple[AttestedFact, ...]:
    """What an answer says about the chart: one of the choices, else the fields; raises Invalid."""
    return form.choices[statement.choice] if statement.choice in form.choices else _stated(statement, form, ask, chart)


def _stated(statement: Statement, form: AnswerForm, ask: Ask, chart: Chart) -> tuple[AttestedFact, ...]:
    """The fields that say something else than the chart."""
    if not form.fields:
        raise Invalid("answer", "Choose one of the answers.")
    charted = {a.id: a for a in chart.administrations}
    facts = []
    for each in form.fields:
        element = ELEMENTS.get(each.element)
        was = element.read(charted[each.administration]) if element else ""
        value = _value(each, statement)
        if value != was:
            facts.append(AttestedFact(ask.kind, each.administration, each.element, value, was))
    if not facts:
        raise Invalid("answer", "These are the times that are charted already; change one, or choose an answer.")
    return tuple(facts)


def _value(wanted: Field, statement: Statement) -> str:
    value = statement.values.get((wanted.administration, wanted.element))
    if wanted.is_time:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise Invalid(wanted.place, f"{wanted.label}: give a day and a time.")
        return value.astimezone(UTC).isoformat()
    words = " ".join(value.split()) if isinstance(value, str) else ""
    if not words or len(words) > LONGEST_WORDS:
        raise Invalid(wanted.place, f"{wanted.label}: say it in 1 to {LONGEST_WORDS} characters.")
    return words


def _check(facts: Sequence[AttestedFact], chart: Chart, sitting: Attesting) -> None:
    """Times must lie in the past, in order, and within what anybody would have meant."""
    laid = {a.id: a for a in overlay(chart, facts).administrations}
    for id_ in dict.fromkeys(fact.about for fact in facts if fact.about in laid):
        start, stop, name, place = laid[id_].start, laid[id_].stop, laid[id_].drug.text, f"{id_}|stop"
        if any(moment and moment > sitting.now for moment in (start, stop)):
            raise Invalid(
                f"{id_}|stop", f"{name}: this time lies in the future; what has not happened can't be attested."
            )
        if start and stop and stop < start:
            raise Invalid(place, f"{name}: the stop lies before the start.")
        if start and stop and stop - start > LONGEST_RUN:
            raise Invalid(place, f"{name}: that is longer than {LONGEST_RUN.days} days.")
