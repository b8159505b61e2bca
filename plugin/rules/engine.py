"""Runs the rulebook over one chart, once, and checks that every counted minute went to exactly one outcome.

Pure: the chart, the code book, the setting and the sides of contested points go in; values come out.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date
from functools import cache

from msgspec import Struct

from plugin.codebook import CodeBook, View
from plugin.codebook.spans import Spans
from plugin.domain import (
    CareSetting,
    Category,
    Chart,
    DrugClass,
    NotApplicable,
    Role,
    Ruling,
    Service,
    Technique,
)
from plugin.domain.interval import minutes
from plugin.rules import CLASSIFY, EARN, EDITION, LEAVE_OUT, RULEBOOK, SUPPLY, TELL
from plugin.rules.apart import apart
from plugin.rules.base import NOT_APPLICABLE, Earn, Kind, Rule, Said, Sift, Tell
from plugin.rules.care_setting import setting_of
from plugin.rules.categories import category_of
from plugin.rules.claims import check_claims
from plugin.rules.drug_lines.dispensed import dispensed
from plugin.rules.hours import beyond_first_hour, further_hours
from plugin.rules.marks import Chooser
from plugin.rules.placement import Placed
from plugin.rules.places import place
from plugin.rules.reaction import as_intended
from plugin.rules.started_elsewhere import counted_here
from plugin.rules.visit import Visit
from plugin.timeline import NOT_GIVEN, build_timeline

INITIAL, CONCURRENT = Role.INITIAL, Role.CONCURRENT


class Ruled(Struct, frozen=True, gc=False):
    """One run: every outcome with its trace, and the view that remembers what was read."""

    visit: Visit
    rulings: tuple[Ruling, ...]
    placed: tuple[Placed, ...]
    day: date | None
    edition: str = EDITION


class InForce:
    """The rules in force on one day, with those that look at each kind of placed service."""

    def __init__(self, day: date) -> None:
        self._leave_out = Chooser([r for r in LEAVE_OUT if r.in_force.hold(day)])
        self.earn = [r for r in EARN if r.in_force.hold(day)]
        self._tell = Chooser([r for r in TELL if r.in_force.hold(day)])
        self.supply = [r for r in SUPPLY if r.in_force.hold(day)]
        self._looking: dict[tuple[Role | Kind, Category, Technique | None], list[Rule[Earn]]] = {}
        self._leaving: dict[int, dict[DrugClass, list[Rule[Sift]]]] = {}
        self._telling: dict[int, list[Rule[Tell]]] = {}

    def leaving_out(self, visit: Visit) -> dict[DrugClass, list[Rule[Sift]]]:
        """The leave-out rules that matter in a visit, for each class of drug."""
        called = self._leave_out.called(visit.marks)
        found = self._leaving.get(called)
        if found is None:
            rules = self._leave_out.rules(called)
            found = self._leaving[called] = {
                kind: [r for r in rules if not r.looks_at.drug_classes or kind in r.looks_at.drug_classes]
                for kind in DrugClass
            }
        return found

    def telling(self, visit: Visit) -> list[Rule[Tell]]:
        """The rules about the visit as a whole that can have something to say."""
        called = self._tell.called(visit.marks) | self._tell.called(visit.placed_marks())
        found = self._telling.get(called)
        if found is None:
            found = self._telling[called] = self._tell.rules(called)
        return found

    def looking_at(self, placed: Placed) -> list[Rule[Earn]]:
        """The earning rules that look at a service of that role, category and technique."""
        kind = (placed.role, placed.category, placed.service.technique)
        found = self._looking.get(kind)
        if found is None:
            found = self._looking[kind] = [r for r in self.earn if r.looks_at.covers(*kind)]
        return found


SPANS = Spans((rule.in_force.first, rule.in_force.last) for rule in RULEBOOK)


def rules_on(day: date) -> InForce:
    """The rulebook of a day; days between which no rule begins or ends share it."""
    return _rules_of(SPANS.number(day))


@cache
def _rules_of(span: int) -> InForce:
    return InForce(SPANS.first_day(span))


def day_of_service(chart: Chart) -> date | None:
    """The day of the encounter's start, else of the first counted administration; None when no day is charted."""
    first = chart.encounter.start
    if first is None:
        given = [a for a in chart.administrations if a.status not in NOT_GIVEN]
        first = min([m for a in given if (m := a.start or a.stop)], key=lambda m: m.astimezone(UTC), default=None)
        if first is None:
            return min([a.date_only for a in given if a.date_only], default=None)
    return first.astimezone(chart.zone).date() if chart.zone else first.date()


def run(
    chart: Chart, book: CodeBook, setting: CareSetting | None = None, choices: Mapping[str, str] | None = None
) -> Ruled:
    """Every outcome for one chart; RuleConflict when two rules claim the same minutes."""
    day = day_of_service(chart)
    view = book.as_of(day or date.max, choices)
    rules = rules_on(view.day)
    visit = Visit(
        chart=chart,
        setting=setting or setting_of(chart.encounter.encounter_class) or CareSetting.FACILITY,
        timeline=build_timeline(chart, view),
        book=view,
        setting_given=setting is not None,
        administrations={a.id: a for a in chart.administrations},
    )
    visit, rulings = _sifted(visit, rules)
    placed = place(visit)
    visit = _with_initials(visit, placed)
    read = view.rows
    for one in placed:
        for earn in rules.looking_at(one):
            read.clear()
            if said := earn.run(one, visit):
                _trace(rulings, earn, said, view, one.service)
    for tell in rules.telling(visit):
        read.clear()
        if said := tell.run(visit):
            _trace(rulings, tell, said, view, None)
    rulings += supplied(visit, rules)
    check_claims(rulings, visit.timeline.services)
    return Ruled(visit, tuple(rulings), tuple(placed), day)


def supplied(visit: Visit, rules: InForce, only: frozenset[str] | None = None) -> list[Ruling]:
    """What follows for the drugs themselves, or for some of them, unless the site charges them elsewhere."""
    if visit.book.position("drug_lines") == "elsewhere":
        return []
    read, rulings = visit.book.rows, []
    for product in dispensed(visit, only):
        of_drug = visit.book.drug_rows.get(product.shares[0].service.drug.key, ())
        for supply in rules.supply:
            read.clear()
            if said := supply.run(product, visit):
                rows = (*of_drug, *product.rows, *dict.fromkeys(read))
                rulings += [Ruling(outcome, (supply.id,), rows) for outcome in said]
    return rulings


def _sifted(visit: Visit, rules: InForce) -> tuple[Visit, list[Ruling]]:
    """Leave out what isn't coded here, and give the rest their category, or ask for it."""
    rulings: list[Ruling] = []
    counted: list[tuple[Service, Category]] = []
    unknown: list[Service] = []
    left_out: dict[str, str] = {}
    leave_out = rules.leaving_out(visit)
    for service in visit.timeline.services:
        could_leave = leave_out[service.drug.drug_class]
        left = bool(could_leave) and _first_to_speak(could_leave, service, visit, rulings)
        if left:
            left_out[service.id] = rulings[-1].rules[0]
        category = None if left else category_of(service, visit)
        if category is None:
            if not left:
                _first_to_speak([_classifier(service)], service, visit, rulings)
            if service.drug.drug_class is DrugClass.UNKNOWN:
                unknown.append(service)
        else:
            here, cut = counted_here(service, visit)
            rulings += cut
            counted += [(as_intended(here, category, visit), category)] if here else []
    own = {s.id: name for s, category in counted if (name := apart(s, category, visit))}
    visit = visit.knowing(counted=tuple(counted), unknown=tuple(unknown), own_codes=own, left_out=left_out)
    return visit, rulings


def _first_to_speak(rules: Iterable[Rule[Sift]], service: Service, visit: Visit, rulings: list[Ruling]) -> bool:
    for rule in rules:
        visit.book.rows.clear()
        said = rule.run(service, visit)
        if said is not NOT_APPLICABLE and not isinstance(said, NotApplicable):
            _trace(rulings, rule, (said,), visit.book, service)
            return True
    return False


def _classifier(service: Service) -> Rule[Sift]:
    electrolyte, unknown = CLASSIFY
    return electrolyte if service.drug.drug_class is DrugClass.ELECTROLYTE else unknown


def _with_initials(visit: Visit, placed: list[Placed]) -> Visit:
    """What the rules need to know of each other's services: the initial codes; what a concurrent one needs."""
    initials = [code for p in placed if p.role is INITIAL and (code := _code(p, INITIAL, visit))]
    concurrent = [(p.service.start, p.service.id) for p in placed if p.role is CONCURRENT]
    if not concurrent:
        return visit.knowing(initial_list=tuple(initials))
    hours = [_code(p, Role.ADDITIONAL_HOUR, visit) for p in placed if _runs_on(p, visit)]
    return visit.knowing(
        initial_list=tuple(initials),
        further_codes=frozenset(c for c in hours if c),
        first_concurrent=min(concurrent)[1],
    )


def _code(placed: Placed, role: Role, visit: Visit) -> str | None:
    technique = placed.service.technique
    return visit.book.code_anywhere(placed.category, role, technique) if technique else None


def _runs_on(placed: Placed, visit: Visit) -> bool:
    """Whether an infusion earns a further hour."""
    if placed.service.technique is not Technique.INFUSION or placed.category is Category.HYDRATION:
        return False
    if placed.role is Role.ADDITIONAL_HOUR:
        return further_hours(placed.kept, minutes(placed.kept), visit).units > 0
    return placed.role in (Role.INITIAL, Role.SEQUENTIAL) and beyond_first_hour(placed.kept, visit).units > 0


def _trace(
    rulings: list[Ruling],
    rule: Rule[Sift] | Rule[Earn] | Rule[Tell],
    said: Iterable[Said],
    view: View,
    service: Service | None,
) -> None:
    """Add the rule's outcomes with its id and the table rows it read, the drug's own rows first."""
    drug = view.drug_rows.get(service.drug.key, ()) if service else ()
    rules, rows = (rule.id,), (*drug, *dict.fromkeys(view.rows)) if view.rows else drug
    for outcome in said:
        rulings.append(Ruling(outcome, rules, rows))
