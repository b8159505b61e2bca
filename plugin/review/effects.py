"""What answers would change, before anybody gives them: the lines are worked out again with exactly these answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plugin.codebook import CodeBook
from plugin.domain import Ask, AttestedFact, Chart, CodedEncounter
from plugin.review.answering import form_for
from plugin.review.attest import Key, Statement, facts_of
from plugin.review.overlay import overlay
from plugin.review.prepare import ReviewSettings, setting_for
from plugin.rules.trials import Change, Trial, words_of_changes

# Each answer by itself is one more run of the rules; for many the sum of them is told alone.
MOST_ALONE = 40


@dataclass(frozen=True, slots=True)
class Effects:
    """Units of each line before and after all of the answers `together`; `alone` says in words what each does."""

    together: tuple[Change, ...] = ()
    alone: Mapping[Key, str] = field(default_factory=dict)


def prefilled_statements(coded: CodedEncounter, role: str) -> tuple[Statement, ...]:
    """What the chart's own plan answers, for those questions that this role may answer."""
    forms = {(ask.kind, ask.administrations): form_for(ask, coded.chart) for ask in coded.asks}
    return tuple(
        Statement(key, {(f.administration, f.element): f.prefilled for f in form.fields if f.prefilled})
        for key, form in forms.items()
        if form.is_prefilled and role in form.roles
    )


def effects_of(
    statements: Sequence[Statement], coded: CodedEncounter, book: CodeBook, settings: ReviewSettings
) -> Effects:
    """What these answers would change, together and each alone; raises Invalid for one that says nothing."""
    if not statements:
        return Effects()
    asks = {(ask.kind, ask.administrations): ask for ask in coded.asks}
    facts = {each.key: _facts(each, asks[each.key], coded.chart) for each in statements if each.key in asks}
    setting = setting_for(coded.chart.encounter, settings)
    trial = Trial(coded.chart, book, setting, settings.positions, coded.charges)

    def changes(some: Iterable[AttestedFact]) -> list[Change]:
        return trial.answer(overlay(coded.chart, some))

    each_alone = facts if len(facts) <= MOST_ALONE else {}
    alone = {key: words_of_changes(changes(some)) for key, some in each_alone.items()}
    return Effects(tuple(changes(fact for some in facts.values() for fact in some)), alone)


def _facts(statement: Statement, ask: Ask, chart: Chart) -> tuple[AttestedFact, ...]:
    return facts_of(statement, form_for(ask, chart), ask, chart)
