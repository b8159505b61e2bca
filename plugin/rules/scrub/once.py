"""Codes that are reported once, and codes that are reported alone."""

from collections.abc import Iterator

from plugin.domain import ClaimLine, Fact
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, hard_if
from plugin.rules.scrub.claim import ADMINISTRATION, VISIT, Claim, by_code

ENCOUNTER = "encounter"


@edit(
    "REPORTED-ONCE",
    title="A code that is reported once is charged more often",
    cites=("decided-scrubbing",),
    in_force=since("2000-01-01"),
)
def reported_once(claim: Claim) -> Iterator[Found]:
    """Within a day or an encounter, however many bags, units or drugs there were (dossier R14, R25a)."""
    for code, lines in by_code(claim.lines).items():
        if code not in claim.book.claims.once:
            continue
        within, row = claim.book.claims.once[code]
        groups = [lines] if within == ENCOUNTER else [[x for x in lines if x.day == d] for d in claim.by_day]
        for group in groups:
            if sum(line.units for line in group) > 1:
                text = Fact("{} is reported once in {} {}", (code, "an" if within == ENCOUNTER else "a", within))
                yield Found(tuple(group), text, Fact("leave one unit of it"), rows=(row,))


@edit(
    "REPORTED-ALONE",
    title="A code that stands alone is charged beside other services of the day",
    cites=("decided-scrubbing",),
    in_force=since("2006-01-01"),
)
def reported_alone(claim: Claim) -> Iterator[Found]:
    """A port's flush or a draw from it, beside anything given or a visit (dossier R24, addendum A10)."""
    for lines in claim.by_day.values():
        for line in lines:
            row = claim.book.claims.alone.get(line.code)
            others = [other for other in lines if row and _counts(other, claim)]
            if row is None or not others:
                continue
            text = Fact("{} is reported only where nothing else was done; here stands {}", (line.code, others[0].code))
            known = claim.book.claims.verified(row)
            yield Found((line,), text, Fact("take {} off", (line.code,)), hard_if(known), (row,))


def _counts(other: ClaimLine, claim: Claim) -> bool:
    """Clearing a clotted catheter and what itself stands alone are no service it would be part of."""
    return other.code not in claim.book.claims.alone and claim.kind(other) in (ADMINISTRATION, VISIT)
