"""Attested facts laid over a chart before it is coded: pure, and the chart itself is never changed.

A fact holds as long as the chart still says what it said when the fact was stated. Once the chart says the same, the
fact is *charted*; once it says something else, the chart has *overtaken* it. Either way the chart speaks for itself.
Of several facts about one element the last one counts: whoever answered again replaced what was said before.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from msgspec import structs

from plugin.domain import (
    Administration,
    AttestedFact,
    Chart,
    Neighbour,
    Quantity,
    Route,
    Stated,
    Technique,
    Term,
)
from plugin.domain.replacing import replace

TIMES = frozenset({"start", "stop"})
STATED, CHARGED, CLASS = "stated", "charged", "drug-class"  # no element of this chart carries them
# Stated in words, and still a part of the record: a dose and what was thrown away belong into it.
CHARTED_IN_WORDS = frozenset({"dose-unit", "vial-size-or-waste"})
# The chart has a place for it, outside of what was given: once it says so, the chart is asked and nobody's word.
CHARTED_APART = frozenset({"patient-weight"})
_CLOCK_CHANGE = "clock-change"


@dataclass(frozen=True, slots=True)
class Element:
    """How one element of an administration is read as text, and set from it."""

    read: Callable[[Administration], str]
    write: Callable[[Administration, str], Administration]


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


def _timed(a: Administration) -> Administration:
    return replace(a, instant=False, date_only=None, unread=tuple(u for u in a.unread if u != _CLOCK_CHANGE))


def _with_start(a: Administration, text: str) -> Administration:
    return replace(_timed(a), start=_in_zone_of(a, text))


def _with_stop(a: Administration, text: str) -> Administration:
    return replace(_timed(a), stop=_in_zone_of(a, text))


def _in_zone_of(a: Administration, text: str) -> datetime:
    """The moment in the zone of what was charted, so that its day is the facility's."""
    charted = a.start or a.stop
    moment = datetime.fromisoformat(text)
    return moment.astimezone(charted.tzinfo) if charted else moment


def _class_of(a: Administration) -> str:
    return next((term.code for term in a.drug.terms if term.system == "class"), "")


def _with_class(a: Administration, text: str) -> Administration:
    return replace(a, drug=structs.replace(a.drug, terms=(Term("class", text), *a.drug.terms)))


def _dose(a: Administration) -> str:
    return f"{a.dose.value} {a.dose.unit}" if a.dose else ""


def _with_dose(a: Administration, text: str) -> Administration:
    value, _, unit = text.partition(" ")
    return replace(a, dose=Quantity(Decimal(value), unit))


ELEMENTS: Mapping[str, Element] = {
    "start": Element(lambda a: _moment(a.start), _with_start),
    "stop": Element(lambda a: _moment(a.stop), _with_stop),
    "site": Element(lambda a: a.site, lambda a, text: replace(a, site=text)),
    "route": Element(
        lambda a: a.route.value if a.route else "", lambda a, text: replace(a, route=Route(text) if text else None)
    ),
    "technique": Element(
        lambda a: a.technique.value if a.technique else "",
        lambda a, text: replace(a, technique=Technique(text) if text else None),
    ),
    CLASS: Element(_class_of, _with_class),
    "dose": Element(_dose, _with_dose),
}


def overlay(chart: Chart, facts: Iterable[AttestedFact]) -> Chart:
    """The chart as those facts that still hold would leave it; each element so set is named in `attested`."""
    laid = chart
    for fact in last_of_each(facts):
        if state_of(fact, chart) == "waiting":
            laid = _with(laid, fact)
    return laid


def last_of_each(facts: Iterable[AttestedFact]) -> tuple[AttestedFact, ...]:
    """Of facts about one element only the last; in the order in which the elements were first stated."""
    return tuple({_place(fact): fact for fact in facts}.values())


def _place(fact: AttestedFact) -> tuple[str, str, str]:
    """What a fact says something about; of what is stated in words each kind is a thing of its own."""
    return fact.kind if fact.element == STATED else "", fact.about, fact.element


def as_charted(fact: AttestedFact, chart: Chart) -> AttestedFact:
    """The fact with what the chart itself says there, whatever was laid over it when the question was asked."""
    return fact if fact.element == STATED else replace(fact, was=_said(chart, fact) or "")


def state_of(fact: AttestedFact, chart: Chart) -> str:
    """Where a fact stands against a chart: waiting (not charted), charted, overtaken, or gone with what it is about."""
    if fact.element == STATED:
        return "waiting"
    said = _said(chart, fact)
    if said is None:
        return "gone"
    if _same(fact, said):
        return "charted"
    return "waiting" if said == fact.was else "overtaken"


def ends_when_charted(fact: AttestedFact) -> bool:
    """Whether the chart would carry the fact in words of its own, which can't be compared with what was stated."""
    return fact.element == STATED and fact.kind in CHARTED_IN_WORDS | CHARTED_APART


def needs_addendum(fact: AttestedFact) -> bool:
    """Whether the record of what was given could carry the fact, so that it waits for it under `after_addendum`."""
    if fact.element == STATED:
        return fact.kind in CHARTED_IN_WORDS
    return fact.element not in {CHARGED, CLASS}


def facts_between(kind: str, before: Chart, after: Chart) -> tuple[AttestedFact, ...] | None:
    """What a tried answer changed, as facts; None where it changed something that no fact can carry."""
    facts = [*_changed_elements(kind, before, after), *_newly_charged(kind, before, after)]
    facts += [AttestedFact(s.kind, s.about, STATED, s.value) for s in after.stated if s not in before.stated]
    return tuple(facts) if _alike(overlay(before, facts), after) else None


def _said(chart: Chart, fact: AttestedFact) -> str | None:
    """What the chart says about the element, None when what the fact is about isn't in it any more."""
    if fact.element == CHARGED:
        near = next((n for n in chart.neighbours or () if n.id == fact.about), None)
        return None if near is None else ",".join(near.charged)
    given = next((a for a in chart.administrations if a.id == fact.about), None)
    return None if given is None else ELEMENTS[fact.element].read(given)


def _same(fact: AttestedFact, said: str) -> bool:
    """Moments are the same to the minute: charts rarely carry seconds, and people never say them."""
    if fact.element in TIMES and said:
        return fact.value[:16] == said[:16]
    if fact.element == "dose" and said:
        return _amount(fact.value) == _amount(said)
    return fact.value == said


def _amount(text: str) -> tuple[Decimal | None, str]:
    value, _, unit = text.partition(" ")
    try:
        return Decimal(value), unit
    except InvalidOperation:
        return None, text


def _with(chart: Chart, fact: AttestedFact) -> Chart:
    if fact.element == STATED:
        return replace(chart, stated=(*chart.stated, Stated(fact.kind, fact.about, fact.value)))
    if fact.element == CHARGED:
        return replace(chart, neighbours=tuple(_charged(n, fact) for n in chart.neighbours or ()))
    return replace(chart, administrations=tuple(_attested(a, fact) for a in chart.administrations))


def _charged(near: Neighbour, fact: AttestedFact) -> Neighbour:
    return replace(near, charged=tuple(fact.value.split(","))) if near.id == fact.about else near


def _attested(a: Administration, fact: AttestedFact) -> Administration:
    if a.id != fact.about:
        return a
    changed = ELEMENTS[fact.element].write(a, fact.value)
    return replace(changed, attested=(*a.attested, fact.element))


def _changed_elements(kind: str, before: Chart, after: Chart) -> list[AttestedFact]:
    now = {a.id: a for a in after.administrations}
    return [
        AttestedFact(kind, a.id, name, element.read(now[a.id]), element.read(a))
        for a in before.administrations
        if a.id in now and now[a.id] != a
        for name, element in ELEMENTS.items()
        if element.read(now[a.id]) != element.read(a)
    ]


def _newly_charged(kind: str, before: Chart, after: Chart) -> list[AttestedFact]:
    now = {n.id: n.charged for n in after.neighbours or ()}
    return [
        AttestedFact(kind, n.id, CHARGED, ",".join(now[n.id]), ",".join(n.charged))
        for n in before.neighbours or ()
        if now.get(n.id, n.charged) != n.charged
    ]


def _alike(laid: Chart, tried: Chart) -> bool:
    """The same chart but for who said it: elements attested earlier are marked on both sides."""
    return _unmarked(laid) == _unmarked(tried)


def _unmarked(chart: Chart) -> Chart:
    return replace(chart, administrations=tuple(replace(a, attested=()) for a in chart.administrations))
