"""How a question can be answered in the app: what it asks for, what is pre-filled, who may state it.

Made from the question alone, by its kind: a new kind of query whose answers change the chart needs nothing here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain import Administration, Answer, Ask, AttestedFact, Chart
from plugin.review.overlay import STATED, TIMES, facts_between
from plugin.timeline.evidence import expected_time

# Clinical facts are a clinician's to state; these are not clinical (DESIGN section 9).
CODERS_TOO = frozenset({"primary-reason", "pump-owner", "340b", "drug-source"})
CLINICIANS = frozenset({"clinician"})
CODERS = frozenset({"clinician", "coder", "lead"})

BOTH_ENDS = frozenset({"illogical-time", "implausible-time"})
TIMED = BOTH_ENDS | {"missing-stop-time", "missing-start-time", "push-or-infusion"}
SITED = frozenset({"missing-site"})
# What is stated in the words a chart would use, and the label of the field.
WORDED = {
    "dose-unit": "Dose given, with its unit",
    "vial-size-or-waste": "Container and what was discarded, as it would be charted",
    "patient-weight": "Weight or body surface that day, with its unit",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One element to state: `element` start, stop, site or stated (words); `prefilled` a moment worked out.

    `administration` is what it is stated about: in a mixture one of its drugs too, of a weight nothing.

    `source` says what it was worked out from, empty where it only repeats what is charted.
    """

    administration: str
    element: str
    label: str
    prefilled: datetime | None = None
    source: str = ""

    @property
    def place(self) -> str:
        """What names it among the fields of its question."""
        return f"{self.administration}|{self.element}"

    @property
    def is_time(self) -> bool:
        """Whether a moment is asked for, rather than words."""
        return self.element in TIMES


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """What a question takes: fields to fill, or one of `choices`, each with the facts it states; neither: it can only
    be answered in the chart. `roles` are those who may state it.
    """

    fields: tuple[Field, ...]
    choices: Mapping[str, tuple[AttestedFact, ...]]
    roles: frozenset[str]

    @property
    def can_attest(self) -> bool:
        """Whether there is anything a person could state here."""
        return bool(self.fields or self.choices)

    @property
    def is_prefilled(self) -> bool:
        """Whether every field has a value that the chart's own plan gives."""
        return bool(self.fields) and all(f.prefilled for f in self.fields) and any(f.source for f in self.fields)


def form_for(ask: Ask, chart: Chart) -> AnswerForm:
    """The form of a question on this chart."""
    about = {a.id: a for a in chart.administrations}
    given = [about[id_] for id_ in ask.administrations if id_ in about]
    roles = CODERS if ask.kind in CODERS_TOO else CLINICIANS
    return AnswerForm(_fields(ask, given, chart), _choices(ask, chart), roles)


def _fields(ask: Ask, given: list[Administration], chart: Chart) -> tuple[Field, ...]:
    if ask.kind in SITED:
        return tuple(Field(a.id, "site", f"Access site of {a.drug.text}") for a in given)
    if ask.kind in WORDED:
        return _worded(ask, chart)
    if ask.kind not in TIMED:
        return ()
    return tuple(field for a in given for field in _time_fields(ask.kind, a, last=a is given[-1]))


def _worded(ask: Ask, chart: Chart) -> tuple[Field, ...]:
    """A field for each thing that the question's own answers are about."""
    stated = [fact for answer in ask.answers for fact in _facts_of(ask, answer, chart) if fact.element == STATED]
    about = dict.fromkeys(fact.about for fact in stated)
    label = WORDED[ask.kind]
    numbered = (f"{label}, {n} of {len(about)}" for n in range(1, len(about) + 1))
    labels = numbered if len(about) > 1 else (label,)
    return tuple(Field(one, STATED, name) for one, name in zip(about, labels, strict=False))


def _time_fields(kind: str, a: Administration, *, last: bool) -> list[Field]:
    """The ends that are missing; both where those that are charted can't be right."""
    both = kind in BOTH_ENDS
    fields = []
    if both or a.start is None:
        fields.append(Field(a.id, "start", f"Start of {a.drug.text}", a.start))
    if both or (a.stop is None and (last or kind == "missing-start-time")):
        stop, source = _planned_stop(a)
        fields.append(Field(a.id, "stop", f"Stop of {a.drug.text}", a.stop or stop, "" if a.stop else source))
    return fields


def _planned_stop(a: Administration) -> tuple[datetime | None, str]:
    expected = expected_time(a)
    if expected is None or a.start is None:
        return None, ""
    return a.start + timedelta(minutes=expected.minutes), f"{expected.minutes} min {expected.source}"


def _choices(ask: Ask, chart: Chart) -> dict[str, tuple[AttestedFact, ...]]:
    """The answers that state something else than a length that was only tried out."""
    found = {}
    for answer in (a for a in ask.answers if not a.example):
        facts = _facts_of(ask, answer, chart)
        if facts and not _is_covered_by_fields(ask, facts):
            found[answer.text] = facts
    return found


def _facts_of(ask: Ask, answer: Answer, chart: Chart) -> tuple[AttestedFact, ...]:
    return facts_between(ask.kind, chart, answer.apply(chart)) or ()


def _is_covered_by_fields(ask: Ask, facts: tuple[AttestedFact, ...]) -> bool:
    return ask.kind in SITED or (ask.kind in TIMED and any(fact.element in TIMES for fact in facts))
