"""Modifiers that don't belong on a line, in a setting or on a day."""

from collections.abc import Iterator

from plugin.codebook.claims import ModifierUse
from plugin.domain import ClaimLine, Fact
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, hard_if, shown
from plugin.rules.scrub.claim import Claim


@edit(
    "MODIFIER-NOT-FOR-LINE",
    title="A modifier doesn't belong on that code, in that setting or on that day",
    cites=("decided-scrubbing",),
    in_force=since("2000-01-01"),
)
def modifier_not_for_line(claim: Claim) -> Iterator[Found]:
    """Only the modifiers of this family are judged; any other may be right for reasons unknown here."""
    for line in claim.lines:
        for modifier in line.modifiers:
            use = claim.book.claims.modifiers.get(modifier)
            if use and (why := _why_not(use, line, claim)):
                text = Fact("{}: {} {}", (shown(line), modifier, why))
                mend = Fact("take {} off", (modifier,))
                yield Found((line,), text, mend, hard_if(claim.book.claims.verified(use.row)), (use.row,))


def _why_not(use: ModifierUse, line: ClaimLine, claim: Claim) -> str:
    if claim.kind(line) not in use.on:
        return f"belongs on a line of the kind {' or '.join(sorted(use.on))}"
    if claim.setting not in use.settings:
        return f"is not used in the {claim.setting.value} setting"
    if line.day < use.first:
        return f"did not exist before {use.first}"
    return f"ended on {use.last}" if line.day > use.last else ""
