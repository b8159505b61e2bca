"""What stands behind a line: its diagnoses in pointer order, and why in that order (addendum section 4).

The order is worked out once for each kind of line in a visit, by the rules of `first_listed.toml`.
Nothing is added to what was charted; what is left off is named on the line.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from plugin.codebook.diagnoses import DiagnosisTables, OrderRule
from plugin.codebook.icd10cm import DiagnosisCode
from plugin.domain import Category, Caveat, DrugClass, Fact, Service, Technique
from plugin.rules.diagnoses import Reason

if TYPE_CHECKING:
    from plugin.rules.visit import Visit

BY_CLASS = {
    DrugClass.ANTINEOPLASTIC: "chemotherapy",
    DrugClass.COMPLEX_BIOLOGIC: "chemotherapy",
    DrugClass.HORMONAL: "hormonal",
    DrugClass.FLUSH: "port",  # only the sole flush of a port is counted
}
BY_OWN_CODE = {"declot": "port", "portable pump refill": "refill", "implanted pump refill": "refill"}
INJECTION, HYDRATION = Technique.INJECTION, Category.HYDRATION
NO_GROUPS: frozenset[str] = frozenset()


class Supported(Struct, frozen=True, gc=False):
    """The diagnoses behind a line: codes in pointer order, their Conditions, and what must be said of them."""

    codes: tuple[str, ...]
    references: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    citations: tuple[str, ...] = ()


class Standing(Struct, frozen=True, gc=False):
    """What of some charted reasons may stand on a claim of a day, in charted order, and as a line has it so."""

    reasons: list[Reason]
    groups: frozenset[str]
    plain: Supported


class Support:
    """The diagnoses behind the lines of one visit; lines of one kind, day and reason share their answer."""

    def __init__(self, visit: "Visit") -> None:
        self._visit = visit
        self._tables = visit.book.book.diagnoses
        self._kinds = {a.id: kind_of(s, category, visit) for s, category in visit.counted for a in s.administrations}
        self._in_visit = frozenset(self._kinds.values())
        self._known: dict[tuple[tuple[Reason, ...], str, date], Supported] = {}
        self._standing: dict[tuple[tuple[Reason, ...], date], Standing] = {}

    def of_line(self, administrations: Sequence[str], day: date) -> Supported:
        """What stands behind a line that rests on these administrations."""
        charted = self._visit.charted_reasons
        own = charted.own(self._visit.administrations[i] for i in administrations) if charted.any_own else ()
        kind = self._kinds.get(administrations[0], "other") if administrations else "other"
        known = self._known.get((own, kind, day))
        if known is None:
            known = self._known[(own, kind, day)] = self._worked_out(own, kind, day)
        return known

    def _worked_out(self, own: tuple[Reason, ...], kind: str, day: date) -> Supported:
        """The service's own reasons in order, else the encounter's; empty when nothing charted supports a service."""
        ordering = Ordering(self._visit, kind, self._in_visit)
        if own:
            standing = self._standing_on(own, day)
            found = ordering.of(standing, is_own=True)
            if found.codes or not standing.reasons:
                return found
        return ordering.of(self._standing_on(self._visit.charted_reasons.of_encounter, day), is_own=False)

    def _standing_on(self, reasons: tuple[Reason, ...], day: date) -> Standing:
        known = self._standing.get((reasons, day))
        if known is None:
            known = self._standing[(reasons, day)] = standing_on(day, reasons, self._tables)
        return known


def standing_on(day: date, reasons: Iterable[Reason], tables: DiagnosisTables) -> Standing:
    """The reasons without those that are not billable, with what must be said of the day and of mapped codes."""
    kept: list[Reason] = []
    facts: list[Fact] = []
    caveats: list[Caveat] = []
    for reason in reasons:
        found = tables.icd10cm.look_up(reason.code, day)
        if not stands(found):
            facts.append(_left_off(reason, day))
            continue
        if not (found.own_edition or caveats):
            caveats.append(edition_caveat(day, found.edition, tables))
        kept.append(reason)
    caveats += [mapped_caveat(reason) for reason in kept if reason.link]
    groups = NO_GROUPS.union(*[tables.groups_of(r.code) for r in kept])
    return Standing(kept, groups, _supported(kept, facts, caveats))


def _left_off(reason: Reason, day: date) -> Fact:
    words = "{} is not billable on {} and is left off the line"
    return Fact(words, (reason.code, day.isoformat()), (reason.reference,) if reason.reference else ())


def _supported(
    reasons: Iterable[Reason], facts: Iterable[Fact], caveats: Iterable[Caveat], cites: Iterable[str] = ()
) -> Supported:
    return Supported(
        tuple([r.code for r in reasons]),
        tuple(dict.fromkeys([r.reference for r in reasons if r.reference])),
        tuple(facts),
        tuple(caveats),
        tuple(dict.fromkeys(cites)),
    )


class Ordering:
    """Puts the diagnoses of one kind of line in order, collecting what was done to them."""

    def __init__(self, visit: "Visit", kind: str, kinds: frozenset[str]) -> None:
        self._visit, self._kind, self._kinds = visit, kind, kinds
        self._tables = visit.book.book.diagnoses
        self._facts: list[Fact] = []
        self._caveats: list[Caveat] = []
        self._cites: list[str] = []

    def of(self, standing: Standing, *, is_own: bool) -> Supported:
        """The reasons in order; `is_own` when the service names them itself, and then none is left out."""
        about = self._tables.rules_about(standing.groups, self._kind)
        rules = [rule for rule in about if self._in_this_visit(rule, standing.groups)]
        if not rules:
            return standing.plain
        reasons = self._in_order(standing.reasons, rules, is_own)
        plain = standing.plain
        return _supported(reasons, [*plain.facts, *self._facts], [*plain.caveats, *self._caveats], self._cites)

    def _in_order(self, reasons: list[Reason], rules: list[OrderRule], is_own: bool) -> list[Reason]:
        behind = NO_GROUPS.union(*[rule.on for rule in rules if rule.act == "never_first"])
        for rule in rules:
            if (rule.act == "leave_out" and is_own) or not self._in_this_line(rule, reasons):
                continue
            before, reasons = reasons, self._done(rule, reasons, behind)
            if reasons != before:
                self._facts.append(Fact("diagnoses: {}", (rule.says,)))
                self._cites += rule.cites
        return reasons

    def _in_this_visit(self, rule: OrderRule, groups: frozenset[str]) -> bool:
        if not (rule.visit <= self._kinds and rule.visit_lacks.isdisjoint(self._kinds)):
            return False
        if not (rule.charted or rule.charted_lacks or rule.chief):
            return True
        charted = groups | self._visit.charted_groups
        listed = self._visit.charted_reasons.of_encounter
        chief = self._tables.groups_of(listed[0].code) if listed else groups
        return (
            (not rule.charted or not rule.charted.isdisjoint(charted))
            and rule.charted_lacks.isdisjoint(charted)
            and (not rule.chief or not rule.chief.isdisjoint(chief))
        )

    def _in_this_line(self, rule: OrderRule, reasons: list[Reason]) -> bool:
        if rule.with_ and not any(self._is(r, rule.with_) for r in reasons):
            return False
        if rule.position is None:
            return True
        position, side = rule.position
        if self._visit.book.position(position) != side:
            return False
        others = [each.name for each in self._visit.book.book.positions[position].sides if each.name != side]
        self._caveats += [
            Caveat(position, side, other, "another diagnosis stands first", rule.cites) for other in others
        ]
        return True

    def _is(self, reason: Reason, groups: Iterable[str]) -> bool:
        return not self._tables.groups_of(reason.code).isdisjoint(groups)

    def _done(self, rule: OrderRule, reasons: list[Reason], behind: frozenset[str]) -> list[Reason]:
        """The diagnoses after the one thing a rule does."""
        if rule.act == "first":
            return sorted(reasons, key=lambda r: self._place(r, rule.on))
        if rule.act == "after":
            return self._after(reasons, rule.on, rule.follow)
        if rule.act == "never_first":
            return self._not_first(reasons, rule.on, behind)
        others = [r for r in reasons if not self._is(r, rule.on)]
        if rule.act == "never_alone":
            return reasons if others else []
        return others or reasons

    def _place(self, reason: Reason, groups: Sequence[str]) -> int:
        of_it = self._tables.groups_of(reason.code)
        return next((place for place, group in enumerate(groups) if group in of_it), len(groups))

    def _after(self, reasons: list[Reason], moved: Iterable[str], follow: Iterable[str]) -> list[Reason]:
        at = next((place for place, r in enumerate(reasons) if self._is(r, follow)), 0)
        early = [r for r in reasons[:at] if self._is(r, moved)]
        return [*(r for r in reasons[:at] if r not in early), *reasons[at : at + 1], *early, *reasons[at + 1 :]]

    def _not_first(self, reasons: list[Reason], moved: Iterable[str], behind: Iterable[str]) -> list[Reason]:
        leading = list(takewhile(lambda r: self._is(r, moved), reasons))
        rest = reasons[len(leading) :]
        if not leading or not rest:
            return reasons
        at = next((place for place, r in enumerate(rest) if not self._is(r, behind)), 0)
        return [rest[at], *leading, *rest[:at], *rest[at + 1 :]]


def kind_of(service: Service, category: Category, visit: "Visit") -> str:
    """What kind of line a service makes, in the words of `first_listed.toml`: by drug, not by the payer's class."""
    if visit.own_codes and (named := BY_OWN_CODE.get(visit.own_codes.get(service.id, ""))):
        return named
    drug = service.drug.injected_class if service.technique is INJECTION else service.drug.drug_class
    return BY_CLASS.get(drug) or ("hydration" if category is HYDRATION else "other")


def stands(found: DiagnosisCode) -> bool:
    """Whether a code may stand on a line: billable, or judged by another year's edition, which is no proof."""
    return found.billable or not found.own_edition


def edition_caveat(day: date, edition: str, tables: DiagnosisTables) -> Caveat:
    """A day that no edition of ICD-10-CM covers is judged by the nearest one."""
    effect = f"no ICD-10-CM edition of {day.isoformat()} is in the code book; a code may have begun or ended since"
    return Caveat("icd10cm-edition", f"fiscal year {edition}", "the day's own", effect, tables.icd10cm.cites(edition))


def mapped_caveat(reason: Reason) -> Caveat:
    """A code that stands for a SNOMED CT concept is a suggestion, with what it claims beyond the concept."""
    if reason.link is None:
        raise ValueError(f"{reason.code} was charted as ICD-10-CM and not mapped")
    link = reason.link
    effect = f"{reason.code} stands for SNOMED CT {link.snomed} ({link.label})"
    effect += f"; {link.note}" if link.note else ""
    return Caveat("diagnosis-mapped", reason.code, "the code a coder chooses", effect, (link.row.cites,))
