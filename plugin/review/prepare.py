"""Prepare a review: read the chart, code it, and say by a digest what it rests on."""

import hashlib
import math
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from plugin.codebook import CodeBook
from plugin.domain import Ask, Attested, AttestedFact, CareSetting, Chart, CodedEncounter, Encounter
from plugin.domain.charge import ChargeKey
from plugin.domain.replacing import replace
from plugin.review.attested_standing import standing_of
from plugin.review.attested_words import AFTER_ADDENDUM, ATTESTED_TIMES, tell_attested
from plugin.review.overlay import ends_when_charted, needs_addendum, overlay
from plugin.review.ports import ChartSource, same_suggestion
from plugin.rules.differences import code_encounter, uncoded


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """A site's choices: a fixed setting, or its own map of class, service type or location; sides of positions."""

    setting: CareSetting | None = None
    settings_by: Mapping[str, CareSetting] = field(default_factory=dict)
    positions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """One encounter, coded; `basis` changes whenever what the suggestions rest on changes.

    `attested` is what people stated and the chart, as read in `chart`, does not say; `coded` has it laid over.
    `waiting` are the lines that would not be there, or not so, without what the chart has still to say.
    `answered` is what was stated in words and the chart, which carries it in words of its own, asks about no more.
    """

    coded: CodedEncounter
    basis: str
    chart: Chart | None = None
    attested: tuple[Attested, ...] = ()
    waiting: frozenset[ChargeKey] = frozenset()
    answered: frozenset[AttestedFact] = frozenset()


def prepare_review(
    source: ChartSource, book: CodeBook, settings: ReviewSettings, attested: Sequence[Attested] = ()
) -> Review:
    """Read the encounter anew and code it, with what people stated laid over it."""
    return review_chart(source.read_chart(), book, settings, attested)


def review_chart(chart: Chart, book: CodeBook, settings: ReviewSettings, attested: Sequence[Attested] = ()) -> Review:
    """Code a chart that was read, with what people stated laid over it."""
    stated = [fact for each in attested for fact in each.facts]
    answered = _answered(chart, stated, book, settings)
    facts = [fact for fact in stated if fact not in answered]
    coded = code_chart(overlay(chart, facts), book, settings)
    if not stated:
        return Review(coded, basis_of(coded), chart)
    waiting: frozenset[ChargeKey] = frozenset()
    if settings.positions.get(ATTESTED_TIMES, AFTER_ADDENDUM) == AFTER_ADDENDUM:
        by_itself = code_chart(overlay(chart, (f for f in facts if not needs_addendum(f))), book, settings)
        waiting = _not_so_without(coded, by_itself)
    unsaid = [each.attested for each in standing_of(attested, chart, answered) if each.state == "waiting"]
    told = tell_attested(coded, unsaid, waiting)
    return Review(told, basis_of(told, attested), chart, tuple(attested), waiting, answered)


def _answered(
    chart: Chart, facts: Sequence[AttestedFact], book: CodeBook, settings: ReviewSettings
) -> frozenset[AttestedFact]:
    """Facts in words whose question the chart no longer brings up by itself: then it speaks for itself."""
    worded = [fact for fact in facts if ends_when_charted(fact)]
    if not worded:
        return frozenset()
    without = code_chart(overlay(chart, (f for f in facts if not ends_when_charted(f))), book, settings)
    asked = {(ask.kind, about) for ask in without.asks for about in _abouts(ask, without.chart)}
    return frozenset(fact for fact in worded if (fact.kind, fact.about) not in asked)


def _abouts(ask: Ask, chart: Chart) -> Iterator[str]:
    """What answers to a question would be stated about: also a drug of a mixture, or a day."""
    yield from ask.administrations
    for answer in ask.answers:
        yield from (stated.about for stated in answer.apply(chart).stated if stated.kind == ask.kind)


def _not_so_without(coded: CodedEncounter, by_itself: CodedEncounter) -> frozenset[ChargeKey]:
    charted = {charge.key: charge for charge in by_itself.charges}
    return frozenset(c.key for c in coded.charges if c.key not in charted or not same_suggestion(charted[c.key], c))


def code_chart(chart: Chart, book: CodeBook, settings: ReviewSettings) -> CodedEncounter:
    """Code one chart under a site's settings; CodeBookError for a position or side that does not exist.

    A defect of ours met on the way costs this encounter alone: it comes out without charges and says where it was.
    """
    book.check_choices(settings.positions)
    setting = setting_for(chart.encounter, settings)
    try:
        return code_encounter(chart, book, setting, settings.positions)
    except Exception as defect:  # whatever it is, the other encounters go on
        return uncoded(chart, setting, where_it_broke(defect), "nothing was coded for it; report this with the chart")


def where_it_broke(defect: Exception) -> str:
    """The kind of a defect and its place in our code; never its message, which may hold what was charted."""
    frame = traceback.extract_tb(defect.__traceback__)[-1]
    return f"a defect of ours: {type(defect).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def code_charts(charts: Sequence[Chart], book: CodeBook, settings: ReviewSettings) -> tuple[CodedEncounter, ...]:
    """Code charts that were read together, in their order."""
    coded = {one.chart.encounter.id: one for one in in_turn(charts, lambda chart: code_chart(chart, book, settings))}
    return tuple(coded[chart.encounter.id] for chart in charts)


class WithCode(Protocol):
    """A line of a code."""

    @property
    def code(self) -> str: ...


class WithCharges(Protocol):
    """What was made of one chart: it has suggested lines."""

    @property
    def charges(self) -> Sequence[WithCode]: ...


Made = TypeVar("Made", bound=WithCharges)


def in_turn(charts: Sequence[Chart], make: Callable[[Chart], Made]) -> Iterator[Made]:
    """Make something of each chart, by the order in which the visits began.

    An earlier visit of the same day that nothing was charged on counts with what is suggested for it here, so that a
    second visit knows of the first.
    """
    suggested: dict[str, tuple[str, ...]] = {}
    for chart in sorted(charts, key=_begun) if len(charts) > 1 else charts:
        one = make(_knowing(chart, suggested))
        suggested[chart.encounter.id] = tuple([charge.code for charge in one.charges])
        yield one


def _begun(chart: Chart) -> tuple[float, str]:
    start = chart.encounter.start
    return (start.timestamp() if start else math.inf, chart.encounter.id)


def _knowing(chart: Chart, suggested: Mapping[str, tuple[str, ...]]) -> Chart:
    if not chart.neighbours:
        return chart
    near = tuple(n if n.charged else replace(n, charged=suggested.get(n.id, ())) for n in chart.neighbours)
    return replace(chart, neighbours=near)


def setting_for(encounter: Encounter, settings: ReviewSettings) -> CareSetting | None:
    """The setting a site gives this encounter, None when the encounter's class decides."""
    if settings.setting is not None:
        return settings.setting
    if not settings.settings_by:
        return None
    names = [
        *encounter.locations,
        *(word for term in encounter.service_type for word in (term.code, term.text)),
        encounter.encounter_class,
    ]
    return next((settings.settings_by[name] for name in names if name in settings.settings_by), None)


def basis_of(coded: CodedEncounter, attested: Sequence[Attested] = ()) -> str:
    """A digest (64 hexadecimal digits) of the versions read, of what was stated and of what was suggested."""
    chart = coded.chart
    seen = [
        (chart.encounter.id, chart.encounter.version),
        *sorted((a.id, a.version) for a in chart.administrations),
        *sorted((d.id, d.version) for d in chart.diagnoses),
        *((f"{c.key}", f"{c.units} {c.diagnoses}") for c in coded.charges),
        *((f"attested {each.number}", f"{each.facts}") for each in attested),
    ]
    return hashlib.sha256(_lines(seen)).hexdigest()


def _lines(pairs: Iterable[tuple[str, str]]) -> bytes:
    return "\n".join(f"{name}\t{version}" for name, version in pairs).encode()
