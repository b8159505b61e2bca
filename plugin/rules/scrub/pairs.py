"""Codes that are not paid beside one another."""

from collections.abc import Iterator
from itertools import permutations

from plugin.codebook.claims import CodePair
from plugin.domain import ClaimLine, Fact
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, hard_if
from plugin.rules.scrub.claim import Claim, by_code


@edit(
    "CODE-PAIR",
    title="A code is not paid beside another, or only with a modifier",
    cites=("decided-scrubbing",),
    in_force=since("1996-01-01"),
    yields_to=("REPORTED-ALONE",),
)
def code_pair(claim: Claim) -> Iterator[Found]:
    """By day and setting; the pairs written from memory warn until a site imports its file (dossier R29, A20).

    Two initial services are SECOND-INITIAL's, which knows about sites and visits.
    """
    for day, lines in claim.by_day.items():
        codes = by_code(lines)
        initial = claim.book.as_of(day).initial_codes()
        for first, second in permutations(codes, 2):
            if first in initial and second in initial:
                continue
            pair = claim.book.claims.pair(first, second, claim.setting, day)
            bare = [line for line in codes[second] if not claim.is_distinct(line)]
            if pair is None or (pair.modifier_allowed and (not bare or _marked(codes[first], claim))):
                continue
            yield _found(pair, (*codes[first], *(bare or codes[second])))


def _marked(lines: list[ClaimLine], claim: Claim) -> bool:
    return all(claim.is_distinct(line) for line in lines)


def _found(pair: CodePair, lines: tuple[ClaimLine, ...]) -> Found:
    allowed = pair.modifier_allowed
    words = "{} is not paid beside {} without a modifier" if allowed else "{} is never paid beside {}"
    mend = (
        Fact("add 59 to {} where it was a separate service of its own, else take it off", (pair.column_2,))
        if allowed
        else Fact("take {} off; no modifier is allowed", (pair.column_2,))
    )
    return Found(lines, Fact(words, (pair.column_2, pair.column_1)), mend, hard_if(pair.verified), (pair.row,))
