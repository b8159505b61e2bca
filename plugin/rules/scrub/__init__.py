"""THE SCRUBBER: what a finished set of charges is held against, as an ordered list.

Each edit is a small pure function in a file of its own idea, with its id, title, sources and days in force.
It looks at the lines alone, and at the chart where there is one, so that suggested, edited and existing charges are
all judged alike. `scrub` runs the list; it says what is wrong, how far that goes, and how to mend it.
"""

from collections.abc import Iterable

from plugin.domain import ClaimLine, Edit, Severity
from plugin.rules.scrub.add_ons import add_on_without_parent
from plugin.rules.scrub.base import ClaimEdit, Found
from plugin.rules.scrub.claim import Claim
from plugin.rules.scrub.code_setting import code_not_in_setting
from plugin.rules.scrub.codes_in_force import code_not_in_force
from plugin.rules.scrub.diagnoses import diagnosis_missing, diagnosis_never_first, diagnosis_not_valid
from plugin.rules.scrub.discount import discount_contradictory
from plugin.rules.scrub.drug_and_service import administration_without_drug, drug_without_administration
from plugin.rules.scrub.initial import second_initial, second_initial_undocumented
from plugin.rules.scrub.modifiers import modifier_not_for_line
from plugin.rules.scrub.once import reported_alone, reported_once
from plugin.rules.scrub.pairs import code_pair
from plugin.rules.scrub.routes import route_contradictory
from plugin.rules.scrub.unit_limits import unit_limit, units_not_whole
from plugin.rules.scrub.waste import waste_contradictory, waste_missing

EDITS: tuple[ClaimEdit, ...] = (
    code_not_in_force,
    code_not_in_setting,
    units_not_whole,
    second_initial,
    second_initial_undocumented,
    add_on_without_parent,
    reported_once,
    reported_alone,
    unit_limit,
    code_pair,
    modifier_not_for_line,
    waste_contradictory,
    waste_missing,
    route_contradictory,
    discount_contradictory,
    drug_without_administration,
    administration_without_drug,
    diagnosis_missing,
    diagnosis_not_valid,
    diagnosis_never_first,
)
EDITS_BY_ID = {edit.id: edit for edit in EDITS}


def scrub(claim: Claim) -> tuple[Edit, ...]:
    """Everything the edits have against a set of charges: hard ones first, then in the order of the list."""
    spoken: dict[str, set[ClaimLine]] = {}
    found: list[Edit] = []
    for each in EDITS:
        spoken[each.id] = set()
        silent = set[ClaimLine]().union(*(spoken[other] for other in each.yields_to))
        for one in each.look(claim):
            if any(each.in_force.hold(line.day) for line in one.lines) and not silent.intersection(one.lines):
                spoken[each.id].update(one.lines)
                found.append(_edit(each, one))
    return tuple(sorted(found, key=lambda edit: edit.severity is not Severity.HARD))


def _edit(each: ClaimEdit, found: Found) -> Edit:
    return Edit(
        id=each.id,
        severity=found.severity,
        lines=tuple(line.key for line in found.lines),
        text=found.text,
        mend=found.mend,
        rows=found.rows,
        citations=_once([*each.cites, *(row.cites for row in found.rows)]),
    )


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
