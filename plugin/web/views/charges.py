"""The rows of the charges table: each suggestion with its reasons, put into words, and where its decision stands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from plugin.domain import Ask, CodedEncounter, Fact, SuggestedCharge, TableRow, line_key
from plugin.rules.what_if import WhatIf
from plugin.web.views.bar_words import tier_words
from plugin.web.views.citing import CitationOf, Source, sources
from plugin.web.views.contested import ContestedPoint, PositionOf, contested_point
from plugin.web.views.existing_row import ExistingRow
from plugin.web.views.times import WallClock, counted, day_words

LabelOf = Callable[[str], str]
TitleOf = Callable[[str], str]
LEAD_FACTS = 3
DRUG_QUESTIONS = frozenset({"dose-unit", "drug-code-ambiguous", "drug-source", "vial-size-or-waste", "340b"})


@dataclass(frozen=True, slots=True)
class State:
    """Where one charge stands; `kind` is undecided, second (waits for a second person),
    waiting, accepted, sending (at this moment), sent, dismissed, unknown, failed or changed.

    `words` is what the reader sees first, `detail` who said it and when, `reference` the charge in the EHR.
    `units` and `modifiers` are what was accepted where that was edited.
    `number` is that of the last decision on this line, 0 before the first, and `by` the name of who took it.
    `can_send` says that it was accepted and did not arrive.
    """

    kind: str = "undecided"
    words: str = "Not decided"
    detail: str = ""
    reason: str = ""
    reference: str = ""
    units: int | None = None
    modifiers: tuple[str, ...] | None = None
    diagnoses: tuple[str, ...] | None = None
    day: date | None = None
    number: int = 0
    can_send: bool = False
    by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to say something."""
        return self.kind in {"undecided", "changed"}

    @property
    def can_accept(self) -> bool:
        """What is open, and what was dismissed after it had been sent."""
        return self.is_open or self.kind == "second" or (self.kind == "dismissed" and bool(self.reference))

    @property
    def can_undo(self) -> bool:
        """What was only said here can be taken back; what is in the EHR is decided anew instead."""
        return self.kind in {"accepted", "second", "dismissed", "failed"} and not self.reference

    @property
    def can_dismiss(self) -> bool:
        """Anything that stands, decided or sent, can be dismissed."""
        return self.kind in {"undecided", "waiting", "changed", "accepted", "second", "sent", "failed"}


UNDECIDED = State()


@dataclass(frozen=True, slots=True)
class Given:
    """An administration as a charge or a question names it; `anchor` is its row on the page."""

    anchor: str
    label: str
    reference: str


@dataclass(frozen=True, slots=True)
class Why:
    """A fact in words with the resources it rests on."""

    text: str
    references: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class OneMoreFact:
    """A fact that isn't charted, what it would be about, and what it would change."""

    fact: str
    would: str
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class RuleName:
    """A rule that had a say: its id and its title in plain words."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One suggested charge as the page shows it; `token` names it in forms.

    `existing` are the charges of others for this line.
    `product` is the package of a drug line and how much of it, or why it names none.
    `would_be` is refused or looked at where the scrubber has something against it, else empty.
    """

    anchor: str
    token: str
    system: str
    code: str
    label: str
    units: int
    modifiers: tuple[str, ...]
    day: str
    iso_day: str
    diagnoses: tuple[tuple[str, str], ...]
    given: tuple[Given, ...]
    minutes: tuple[str, ...]
    evidence: str
    because: tuple[Why, ...]
    rules: tuple[RuleName, ...]
    rows: tuple[str, ...]
    sources: tuple[Source, ...]
    caveats: tuple[ContestedPoint, ...]
    needs_answer: bool
    state: State = field(default=UNDECIDED)
    one_more: tuple[OneMoreFact, ...] = ()
    would_be: str = ""
    existing: tuple[ExistingRow, ...] = ()
    product: Why | None = None

    @property
    def words(self) -> str:
        """The line by itself, as it is charged."""
        line = "-".join((self.code, *self.modifiers_now))
        return f"{line} {self.label}, {counted(self.units_now, 'unit')}, {self.day_now}"

    @property
    def forms(self) -> frozenset[str]:
        """The forms that the row offers, by what they do; whether a charge arrived is to be known first."""
        if self.state.kind in {"unknown", "sending"}:
            return frozenset()
        offers = {
            "accept": self.would_be == "refused" and self.state.can_accept,
            "edit": self.state.is_open or self.state.kind == "accepted",
            "dismiss": self.state.can_dismiss,
        }
        return frozenset(action for action, offered in offers.items() if offered)

    def keeps(self, at: str) -> bool:
        """Whether a form that was refused still stands on this row, with what was typed into it."""
        action, _, token = at.partition(" ")
        return token == self.token and action in self.forms

    @property
    def lead(self) -> str:
        """The first reasons on one line, for reading without opening anything."""
        more = len(self.because) - LEAD_FACTS
        first = "; ".join(fact.text.rstrip(".") for fact in self.because[:LEAD_FACTS])
        return f"{first}; and {more} more" if more > 0 else first

    @property
    def units_now(self) -> int:
        """The units as accepted, else as suggested."""
        return self.state.units if self.state.units is not None else self.units

    @property
    def modifiers_now(self) -> tuple[str, ...]:
        """The modifiers as accepted, else as suggested."""
        return self.state.modifiers if self.state.modifiers is not None else self.modifiers

    @property
    def diagnoses_now(self) -> tuple[tuple[str, str], ...]:
        """The diagnoses as accepted, else as suggested, each with its text where that is known."""
        texts = dict(self.diagnoses)
        chosen = self.state.diagnoses
        return self.diagnoses if chosen is None else tuple((code, texts.get(code, "")) for code in chosen)

    @property
    def day_now(self) -> str:
        """The day as accepted, else as suggested."""
        return day_words(self.state.day) if self.state.day else self.day

    @property
    def is_edited(self) -> bool:
        """Whether what was accepted differs from what is suggested."""
        now = (self.units_now, self.modifiers_now, self.diagnoses_now, self.day_now)
        return now != (self.units, self.modifiers, self.diagnoses, self.day)

    @property
    def iso_day_now(self) -> str:
        """The same as a browser's date field takes it."""
        return self.state.day.isoformat() if self.state.day else self.iso_day


@dataclass(frozen=True, slots=True)
class Lookups:
    """Where a row finds words for codes, citations and administrations."""

    label_of: LabelOf
    citation_of: CitationOf
    title_of: TitleOf
    position_of: PositionOf
    given: Mapping[str, Given]

    def rules(self, ids: tuple[str, ...]) -> tuple[RuleName, ...]:
        """The rules with their titles."""
        return tuple(RuleName(id_, self.title_of(id_)) for id_ in ids)

    def known(self, ids: tuple[str, ...]) -> tuple[Given, ...]:
        """The named resources; those without a row on the page keep their reference."""
        return tuple(self.given.get(id_, Given("", id_, id_)) for id_ in ids)


def token_of(charge: SuggestedCharge) -> str:
    """The charge's key as a form field."""
    return line_key(charge)


def anchors_of(charges: Iterable[SuggestedCharge]) -> dict[str, str]:
    """Where each line stands on the page, by its form value."""
    return {token_of(charge): f"charge-{number}" for number, charge in enumerate(charges, start=1)}


def one_more_facts(what_ifs: Iterable[WhatIf], lookups: Lookups) -> tuple[OneMoreFact, ...]:
    """The counterfactuals with what they are about."""
    return tuple(OneMoreFact(each.fact, each.would, lookups.known(each.administrations)) for each in what_ifs)


def _about(charge: SuggestedCharge, what_ifs: Iterable[WhatIf]) -> list[WhatIf]:
    return [each for each in what_ifs if set(charge.administrations).intersection(each.administrations)]


def charge_rows(
    coded: CodedEncounter,
    states: Mapping[str, State],
    lookups: Lookups,
    clock: WallClock,
    what_ifs: Sequence[WhatIf] = (),
) -> tuple[ChargeRow, ...]:
    """A row for each suggested charge, in the order of the claim; `states` by token."""
    texts = {term.code: term.text for d in coded.chart.diagnoses for term in d.terms if term.system == "icd10cm"}
    return tuple(
        ChargeRow(
            anchor=f"charge-{number}",
            token=token_of(charge),
            system=charge.system,
            code=charge.code,
            label=lookups.label_of(charge.code),
            units=charge.units,
            modifiers=charge.modifiers,
            day=day_words(charge.day),
            iso_day=charge.day.isoformat(),
            diagnoses=tuple((code, texts.get(code, "")) for code in charge.diagnoses),
            given=lookups.known(charge.administrations),
            minutes=_minutes(charge, lookups, clock),
            evidence=tier_words(
                {m.tier for m in charge.minutes}, moment=all(m.start == m.stop for m in charge.minutes)
            ),
            because=tuple(why(fact, lookups) for fact in charge.evidence),
            rules=lookups.rules(charge.rules),
            rows=_rows_read(charge, coded),
            sources=sources(charge.citations, lookups.citation_of),
            caveats=tuple(contested_point(c, lookups.position_of, lookups.citation_of) for c in charge.caveats),
            needs_answer=any(_concerns(ask, charge) for ask in coded.asks),
            state=states.get(token_of(charge), UNDECIDED),
            product=why(charge.ndc_because, lookups) if charge.ndc_because else None,
            one_more=one_more_facts(_about(charge, what_ifs), lookups),
        )
        for number, charge in enumerate(coded.charges, start=1)
    )


def _concerns(ask: Ask, charge: SuggestedCharge) -> bool:
    """Whether an open question may change a line: which drug it was, and how much, never changes how it was given."""
    if ask.kind in DRUG_QUESTIONS and charge.system == "CPT":
        return False
    return bool(set(ask.administrations).intersection(charge.administrations))


def why(fact: Fact, lookups: Lookups) -> Why:
    """The fact's sentence and what it rests on."""
    return Why(fact.text(), lookups.known(fact.references))


def _minutes(charge: SuggestedCharge, lookups: Lookups, clock: WallClock) -> tuple[str, ...]:
    lines = []
    for m in charge.minutes:
        unit = f"Unit {m.unit}: " if charge.units > 1 else ""
        when = clock.time(m.start) if m.start == m.stop else clock.span(m.start, m.stop)
        length = f", {counted((m.stop - m.start) // 60, 'minute')}" if m.stop > m.start else ""
        lines.append(f"{unit}{lookups.known((m.administration,))[0].label}, {when}{length}")
    return tuple(lines)


def _rows_read(charge: SuggestedCharge, coded: CodedEncounter) -> tuple[str, ...]:
    """The code-book rows read by the rulings behind this charge."""
    rows: list[TableRow] = []
    for ruling in coded.rulings:
        if (
            getattr(ruling.outcome, "code", None) == charge.code
            and ruling.rules[:1]
            and ruling.rules[0] in charge.rules
        ):
            rows += ruling.rows
    return tuple(dict.fromkeys(f"{row.table}: {row.key}" for row in rows))
