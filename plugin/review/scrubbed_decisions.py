"""What the scrubber has against decisions before they are recorded.

An edit that makes a charge one that would be refused is refused here. A charge that would be refused as it is suggested
can be accepted deliberately, with a reason.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from plugin.domain import ClaimLine, CodedEncounter, Decision, Edit, Severity, SuggestedCharge, line_key
from plugin.domain.charge import ChargeKey
from plugin.review.ports import Decided, same_suggestion
from plugin.review.scrubbing import TAKEN, Scrubbed, introduced, lines_as_decided

Scrub = Callable[[Sequence[ClaimLine]], Scrubbed]
Complaint = tuple[str, str]


def decisions_in_force(standing: Iterable[Decided], charges: Sequence[SuggestedCharge]) -> dict[ChargeKey, Decision]:
    """What was decided on charges that are still suggested as they were."""
    suggested = {charge.key: charge for charge in charges}
    return {
        decided.decision.key: decided.decision
        for decided in standing
        if (charge := suggested.get(decided.decision.key)) and same_suggestion(decided.backing.charge, charge)
    }


def complaint(
    new: Sequence[Decision], before: Mapping[ChargeKey, Decision], coded: CodedEncounter, scrub: Scrub
) -> Complaint | None:
    """The field of the form and the words to refuse decisions with, None when they can be recorded."""
    now = {**before, **{decision.key: decision for decision in new}}
    was, becomes = (scrub(lines_as_decided(coded.charges, decided)) for decided in (before, now))
    charges = {charge.key: charge for charge in coded.charges}
    for decision in new:
        charge = charges.get(decision.key)
        if charge is None or decision.action not in TAKEN:
            continue
        made = [edit for edit in introduced(was, becomes, charge) if edit.severity is Severity.HARD]
        if decision.action == "edit" and made:
            field = "units" if decision.units != charge.units else "modifiers"
            return field, f"With these values the charge would be refused. {_said(made[0])}"
        hard = becomes.hard(line_key(charge))
        if hard and not decision.reason:
            return "reason", f"This charge would be refused. {_said(hard[0])} To accept it all the same, say why."
    return None


def _said(edit: Edit) -> str:
    mend = edit.mend.text()
    return f"{edit.text.text()}; {mend}."
