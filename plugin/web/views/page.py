"""The review page of one encounter as a value: everything its template says, ready to be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plugin.domain import CodedEncounter, Decline, MappingIssue, Notice, Patient, TrackedQuestion
from plugin.rules.what_if import WhatIf
from plugin.web.views.attested_rows import AttestedRow
from plugin.web.views.changes import Change
from plugin.web.views.charges import (
    ChargeRow,
    Given,
    LabelOf,
    Lookups,
    OneMoreFact,
    RuleName,
    State,
    TitleOf,
    Why,
    charge_rows,
    one_more_facts,
    why,
)
from plugin.web.views.citing import CitationOf, Source, sources
from plugin.web.views.contested import InForce, PositionOf, in_force
from plugin.web.views.drug_label import drug_label
from plugin.web.views.edits import EditsShown
from plugin.web.views.effects import EffectRow
from plugin.web.views.encounter_words import encounter_facts, incomplete_because
from plugin.web.views.existing_row import ExistingRow
from plugin.web.views.given_rows import GivenRow, given_rows
from plugin.web.views.questions import Answering, Question, SentView, Telling, asked_earlier, question_views
from plugin.web.views.timeline import CategoryOf, Timeline, build_timeline
from plugin.web.views.times import clock_for, plural


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: `may_decide` is false for a read-only reader, and `why_not` then says why and what to do.

    `why_not_state` says why nothing they state can be recorded, empty when it can.
    """

    name: str
    role: str
    tenant: str
    may_decide: bool
    why_not: str = ""
    shadow: bool = False
    open_tenant: bool = False
    charges_go: str = ""
    why_not_state: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as shown."""

    kind: str
    text: str
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Declined:
    """Something considered and not coded."""

    code: str
    label: str
    given: tuple[Given, ...]
    because: tuple[Why, ...]
    rules: tuple[RuleName, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One sentence of the trail and its time."""

    when: str
    what: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A charge that was decided on and is no longer suggested."""

    token: str
    line: str
    state: State


@dataclass(frozen=True, slots=True)
class SentLine:
    """A line in the EHR that can be dismissed with others; `mine`: the reader is who accepted it last."""

    token: str
    words: str
    number: int
    detail: str
    mine: bool


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything the review template shows."""

    reader: Reader
    patient: Patient | None
    encounter: tuple[tuple[str, str], ...]
    complete: bool
    incomplete_because: tuple[str, ...]
    edition: str
    basis: str
    patient_id: str
    encounter_id: str
    timeline: Timeline
    given: tuple[GivenRow, ...]
    charges: tuple[ChargeRow, ...]
    withdrawn: tuple[Withdrawn, ...]
    questions: tuple[Question, ...]
    notices: tuple[Told, ...]
    declined: tuple[Declined, ...]
    issues: tuple[MappingIssue, ...]
    changes: tuple[Change, ...] = ()
    changes_since: str = ""
    trail: tuple[TrailLine, ...] = field(default=())
    one_more: tuple[OneMoreFact, ...] = ()
    positions: tuple[InForce, ...] = ()
    attested: tuple[AttestedRow, ...] = ()
    asked_earlier: tuple[SentView, ...] = ()
    still_here: bool = False
    charged_otherwise: tuple[ExistingRow, ...] = ()
    edits: EditsShown = field(default_factory=EditsShown)
    effect: tuple[EffectRow, ...] = ()

    @property
    def late_entries(self) -> tuple[str, ...]:
        """What is still to be charted, in the words to chart."""
        return tuple(row.late_entry for row in self.attested if row.late_entry)

    @property
    def confirmable(self) -> tuple[Question, ...]:
        """The questions whose answer the chart's own plan gives and this reader may attest: confirmed in one step."""
        return tuple(question for question in self.questions if question.can_confirm)

    @property
    def places(self) -> frozenset[str]:
        """The parts of the page where a message about them can stand."""
        sections = {
            "questions": self.questions,
            "confirm": self.confirmable,
            "attested": self.attested,
            "charges": self.given,
        }
        anchors = [*(row.anchor for row in self.charges), *(question.anchor for question in self.questions)]
        return frozenset(anchors) | {name for name, content in sections.items() if content}

    @property
    def sent(self) -> tuple[SentLine, ...]:
        """Every line that stands in the EHR through this app: what an acceptance too many may have to take back."""
        lines = [(row.words, row.token, row.state) for row in self.charges]
        lines += [(row.line, row.token, row.state) for row in self.withdrawn]
        return tuple(
            SentLine(token, words, state.number, state.detail, mine=state.by == self.reader.name)
            for words, token, state in lines
            if state.kind == "sent"
        )

    @property
    def ready(self) -> tuple[ChargeRow, ...]:
        """The charges that "accept all" takes.

        Undecided, touched by no open question, not charged already, and none that would be refused; no charge at all
        while something that could change one was not read.
        """
        if not self.complete:
            return ()
        undecided = (row for row in self.charges if row.state.kind == "undecided" and not row.existing)
        return tuple(row for row in undecided if not row.needs_answer and row.would_be != "refused")

    @property
    def accept_all_words(self) -> str:
        """The words on the button that accepts every ready charge."""
        if len(self.ready) == len(self.charges):
            return f"Accept all {len(self.charges)}" if len(self.charges) > 1 else "Accept it"
        if not any(row.needs_answer for row in self.charges):
            return f"Accept the other {len(self.ready)}"
        need = plural(len(self.ready), "needs", "need")
        return f"Accept the {len(self.ready)} that {need} no answer"

    @property
    def is_empty(self) -> bool:
        """Nothing was given, or nothing that could be read."""
        return not self.given


@dataclass(frozen=True, slots=True)
class Record:
    """What the store knows about this encounter: the state of each charge by token, and the trail, newest last."""

    states: Mapping[str, State] = field(default_factory=dict)
    withdrawn: tuple[Withdrawn, ...] = ()
    trail: tuple[TrailLine, ...] = ()


@dataclass(frozen=True, slots=True)
class BookWords:
    """What a page asks of the code book and the rulebook."""

    label_of: LabelOf
    citation_of: CitationOf
    title_of: TitleOf
    category_of: CategoryOf
    position_of: PositionOf


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered: attested here, or asked of somebody; `sends` says that a question can be sent from here."""

    attested: tuple[AttestedRow, ...] = ()
    sent: tuple[TrackedQuestion, ...] = ()
    sends: bool = False


NO_ANSWERS = Answers()


def build_review_page(
    coded: CodedEncounter,
    basis: str,
    reader: Reader,
    record: Record,
    words: BookWords,
    what_ifs: Sequence[WhatIf] = (),
    answers: Answers = NO_ANSWERS,
) -> ReviewPage:
    """Put one coded encounter into words; differences are added by the caller, who knows what was shown before."""
    chart = coded.chart
    clock = clock_for(chart)
    anchors = {a.id: f"given-{number}" for number, a in enumerate(chart.administrations, start=1)}
    given = {a.id: Given(anchors[a.id], drug_label(a), a.id) for a in chart.administrations}
    lookups = Lookups(words.label_of, words.citation_of, words.title_of, words.position_of, given)
    timeline = build_timeline(coded, words.category_of, anchors)
    answering = Answering(reader.role, reader.why_not_state, answers.sends, answers.sent)
    telling = Telling(coded, lookups, clock, answering)
    return ReviewPage(
        reader=reader,
        patient=chart.patient,
        encounter=encounter_facts(coded),
        complete=coded.complete,
        incomplete_because=incomplete_because(coded),
        edition=coded.edition,
        basis=basis,
        patient_id=chart.encounter.patient,
        encounter_id=chart.encounter.id,
        timeline=timeline,
        given=given_rows(coded, timeline, anchors),
        charges=charge_rows(coded, record.states, lookups, clock, what_ifs),
        withdrawn=record.withdrawn,
        questions=question_views(telling),
        asked_earlier=asked_earlier(telling),
        attested=answers.attested,
        still_here=_still_here(coded),
        notices=tuple(_told(notice, lookups) for notice in coded.notices),
        declined=_declined(coded, lookups),
        issues=coded.issues or chart.issues,
        trail=record.trail,
        one_more=one_more_facts(what_ifs, lookups),
        positions=in_force(coded.positions, words.position_of),
    )


def _still_here(coded: CodedEncounter) -> bool:
    """Whether the patient has not left, so that whoever knows can still be asked."""
    return coded.chart.encounter.status in {"arrived", "triaged", "in-progress", "onleave"}


def _told(notice: Notice, lookups: Lookups) -> Told:
    return Told(notice.kind.replace("-", " ").capitalize(), notice.text.text(), lookups.known(notice.administrations))


def _declined(coded: CodedEncounter, lookups: Lookups) -> tuple[Declined, ...]:
    """Every decline once; those without a code last."""
    found = [
        Declined(
            code=ruling.outcome.code or "",
            label=lookups.label_of(ruling.outcome.code) if ruling.outcome.code else "",
            given=lookups.known(ruling.outcome.administrations),
            because=tuple(why(fact, lookups) for fact in ruling.outcome.because),
            rules=lookups.rules(ruling.rules),
            sources=sources(tuple(dict.fromkeys(row.cites for row in ruling.rows)), lookups.citation_of),
        )
        for ruling in coded.rulings
        if isinstance(ruling.outcome, Decline)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda declined: not declined.code))
