"""Questions as the page shows them: the words, what an answer changes, and a form for whoever may answer here."""

import re
from dataclasses import dataclass

from plugin.domain import Ask, CodedEncounter, TrackedQuestion
from plugin.review.answering import AnswerForm, Field, form_for
from plugin.review.ask_someone import is_open, sent_for
from plugin.web.views.charges import Given, Lookups
from plugin.web.views.times import WallClock

WHO_CHARTED = "the person who charted it"
LOCAL = "%Y-%m-%dT%H:%M"
# A product as the rules name it to a coder: its billing code, then its name in parentheses.
_CODED = re.compile(r"\b(?:[A-Z][0-9]{4}|[0-9]{4}[0-9A-Z]) \(((?:[^()]|\([^()]*\))*)\)")
_WHERE = "If you know it, please chart it as a late entry. If nobody knows, please say so."


@dataclass(frozen=True, slots=True)
class FieldView:
    """An input: `name` in the form, its label, its value as an input of type datetime-local or text takes it."""

    name: str
    label: str
    is_time: bool
    value: str
    shown: str
    source: str


@dataclass(frozen=True, slots=True)
class SentView:
    """A question that was sent: who to, by whom and when, and what came back; `state` open, answered or declined."""

    text: str
    who: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """An `Ask` as shown; `token` names it in forms.

    `why_not` says why this reader can't attest it, empty when they can or nobody could. `copied` is the text for the
    nurse: it never says what an answer would be worth. `alone` is what its prefilled answer by itself would change.
    """

    anchor: str
    token: str
    kind: str
    text: str
    would: str
    given: tuple[Given, ...]
    fields: tuple[FieldView, ...] = ()
    choices: tuple[str, ...] = ()
    may_attest: bool = False
    why_not: str = ""
    prefilled: bool = False
    copied: str = ""
    sent: tuple[SentView, ...] = ()
    may_send: bool = False
    alone: str = ""

    @property
    def can_confirm(self) -> bool:
        """Whether it stands in the list of answers that are confirmed in one step."""
        return self.prefilled and self.may_attest


def question_anchor(number: int) -> str:
    """Where a question stands on the page; they are counted from 1."""
    return f"question-{number}"


def token_of_ask(ask: Ask) -> str:
    """A question's key as a form field: its kind and its administrations."""
    return f"{ask.kind}|{','.join(ask.administrations)}"


def field_name(token: str, field: Field) -> str:
    """The name of an input of a question."""
    return f"{token}|{field.administration}|{field.element}"


def choice_name(token: str) -> str:
    """The name of a question's radio buttons."""
    return f"{token}|answer"


@dataclass(frozen=True, slots=True)
class Answering:
    """Who would answer: their role, and why nothing they say can be recorded, empty when it can.

    `sends`: a question can be sent from here; `sent` are those that were.
    """

    role: str
    why_not: str
    sends: bool = False
    sent: tuple[TrackedQuestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """What putting a question into words needs."""

    coded: CodedEncounter
    lookups: Lookups
    clock: WallClock
    answering: Answering


def question_views(telling: Telling) -> tuple[Question, ...]:
    """Every question, in the order in which they were asked."""
    asks, would = telling.coded.asks, telling.coded.would
    return tuple(
        _question(number, ask, would[number - 1] if number <= len(would) else "", telling)
        for number, ask in enumerate(asks, start=1)
    )


def _question(number: int, ask: Ask, would: str, telling: Telling) -> Question:
    token, form = token_of_ask(ask), form_for(ask, telling.coded.chart)
    why_not = _why_not(form, telling.answering)
    return Question(
        anchor=question_anchor(number),
        token=token,
        kind=ask.kind.replace("-", " ").capitalize(),
        text=ask.question.text(),
        would=would,
        given=telling.lookups.known(ask.administrations),
        fields=tuple(_field(token, each, telling.clock) for each in form.fields),
        choices=tuple(form.choices),
        may_attest=form.can_attest and not why_not,
        why_not=why_not,
        prefilled=form.is_prefilled,
        copied=words_for_the_nurse(ask, telling.coded, telling.clock),
        sent=tuple(sent_view(each, telling.clock) for each in sent_for(ask, telling.answering.sent)),
        may_send=_may_send(ask, telling.answering),
    )


def _may_send(ask: Ask, answering: Answering) -> bool:
    allowed = answering.sends and not answering.why_not and bool(answering.role)
    return allowed and not is_open(ask, answering.sent)


def sent_view(tracked: TrackedQuestion, clock: WallClock) -> SentView:
    """A sent question in words."""
    question, reply = tracked.question, tracked.reply
    to = f" to {question.recipient_name or WHO_CHARTED}" if question.recipient else ""
    said = f": {reply.text}" if reply.text else ""
    when = f" ({clock.day_and_time(reply.at)})" if reply.at else ""
    words = "Not answered yet" if reply.state == "open" else f"{reply.state.capitalize()}{said}{when}"
    text = question.text.partition("\n")[0]
    who = f"Sent{to} by {question.name}, {clock.day_and_time(question.at)}"
    return SentView(text, who, reply.state, words)


def asked_earlier(telling: Telling) -> tuple[SentView, ...]:
    """What was sent about questions that are no longer asked."""
    asked = {(ask.kind, ask.administrations) for ask in telling.coded.asks}
    sent = telling.answering.sent
    gone = [each for each in sent if (each.question.kind, each.question.administrations) not in asked]
    return tuple(sent_view(each, telling.clock) for each in gone)


def _why_not(form: AnswerForm, answering: Answering) -> str:
    if not form.can_attest:
        return ""
    if answering.why_not:
        return answering.why_not
    if answering.role in form.roles:
        return ""
    return "A clinician can attest it here." if "coder" not in form.roles else "A clinician or a coder can attest it."


def _field(token: str, field: Field, clock: WallClock) -> FieldView:
    moment = clock.moment(field.prefilled) if field.prefilled else None
    return FieldView(
        name=field_name(token, field),
        label=field.label,
        is_time=field.is_time,
        value=f"{moment:{LOCAL}}" if moment else "",
        shown=clock.when(moment) if moment else "",
        source=field.source,
    )


def words_for_the_nurse(ask: Ask, coded: CodedEncounter, clock: WallClock) -> str:
    """The question as it is sent or copied: what is asked, about what, and where the answer belongs.

    Products by their names: billing codes are the coder's, and say nothing at the bedside.
    """
    given = {a.id: a for a in coded.chart.administrations}
    about = [given[id_] for id_ in ask.administrations if id_ in given]
    named = "; ".join(
        f"{a.drug.text}{f', charted {clock.day_and_time(at)}' if (at := a.start or a.stop) else ''}" for a in about
    )
    lines = [_without_codes(ask.question.text()), f"About: {named}." if named else "", _WHERE]
    return "\n".join(filter(None, lines))


def _without_codes(text: str) -> str:
    return _CODED.sub(r"\1", text)
