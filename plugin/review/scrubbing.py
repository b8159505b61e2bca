"""Scrub what stands before a person: the suggested charges, those as decided, and those already in the EHR.

Nothing here is done while an encounter is coded; whoever shows or decides asks for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from plugin.codebook import CodeBook
from plugin.domain import ClaimLine, CodedEncounter, Decision, Edit, Hint, Severity, SuggestedCharge, line_key
from plugin.domain.charge import ChargeKey
from plugin.rules.scrub import scrub
from plugin.rules.scrub.claim import Claim
from plugin.rules.scrub.hints import hints

TAKEN = frozenset({"accept", "edit"})


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was found against a set of charges; lines are named by `line_key`, charges of the EHR by their id."""

    edits: tuple[Edit, ...] = ()
    hints: tuple[Hint, ...] = ()

    def about(self, line: str) -> tuple[Edit, ...]:
        """The edits that concern a line."""
        return tuple(edit for edit in self.edits if line in edit.lines)

    def hard(self, line: str) -> tuple[Edit, ...]:
        """Those of them that would be refused."""
        return tuple(edit for edit in self.about(line) if edit.severity is Severity.HARD)


def scrub_lines(lines: Iterable[ClaimLine], coded: CodedEncounter, book: CodeBook) -> Scrubbed:
    """Hold lines of an encounter against the edits, and its drugs against their indications."""
    claim = Claim(tuple(lines), coded.setting, book, coded.chart)
    return Scrubbed(scrub(claim), hints(claim))


def scrub_suggested(coded: CodedEncounter, book: CodeBook) -> Scrubbed:
    """The charges as they are suggested."""
    return scrub_lines(map(ClaimLine.of_suggested, coded.charges), coded, book)


def scrub_existing(coded: CodedEncounter, book: CodeBook) -> Scrubbed:
    """The charges that stand in the EHR; one without a day of its own is of the encounter's."""
    found = [charge for charge in coded.chart.existing if charge.day or coded.day]
    lines = [ClaimLine.of_existing(charge, day) for charge in found if (day := charge.day or coded.day)]
    return scrub_lines(lines, coded, book)


def lines_as_decided(charges: Sequence[SuggestedCharge], decided: Mapping[ChargeKey, Decision]) -> list[ClaimLine]:
    """The lines as they would be charged: a person's values where there are some, and without what was dismissed."""
    lines = []
    for charge in charges:
        line, decision = ClaimLine.of_suggested(charge), decided.get(charge.key)
        if decision is not None and decision.action in TAKEN:
            line = line.edited(decision.units, decision.modifiers)
            line = replace(line, day=decision.day or line.day)
            line = replace(line, diagnoses=line.diagnoses if decision.diagnoses is None else decision.diagnoses)
        if decision is None or decision.action != "dismiss":
            lines.append(line)
    return lines


def introduced(before: Scrubbed, after: Scrubbed, charge: SuggestedCharge) -> tuple[Edit, ...]:
    """The edits about a charge that stand after a change and didn't before."""
    known = {(edit.id, edit.severity) for edit in before.about(line_key(charge))}
    return tuple(edit for edit in after.about(line_key(charge)) if (edit.id, edit.severity) not in known)
