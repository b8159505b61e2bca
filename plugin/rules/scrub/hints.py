"""Soft hints of medical necessity: a drug whose diagnoses are on no list of its indications.

A hint never blocks and decides nothing. A line with a match has none; a match that counts on a condition only is named
with it. How far a list binds anybody stands beside the hint: an article of a Medicare contractor, a payer's policy, or
general knowledge.
"""

from collections.abc import Iterable

from plugin.codebook.indications import Indication
from plugin.domain import ClaimLine, Fact, Hint
from plugin.rules.scrub.claim import Claim


def hints(claim: Claim) -> tuple[Hint, ...]:
    """A hint for each drug line with diagnoses none of which is listed for it without a condition."""
    found = []
    for line in claim.lines:
        listed = claim.book.indications.of(line.code)
        if not (listed and line.diagnoses):
            continue
        fitting = [(code, x) for code in line.diagnoses for x in claim.book.indications.fitting(line.code, code)]
        if all(x.condition for _, x in fitting):
            found.append(_hint(line, fitting, listed))
    return tuple(found)


def _hint(line: ClaimLine, fitting: list[tuple[str, Indication]], listed: tuple[Indication, ...]) -> Hint:
    if fitting:
        code, on_condition = fitting[0]
        text = Fact("{} is listed for {} on a condition: {}", (code, line.code, on_condition.condition))
        return Hint(line.key, text, on_condition.standing, (on_condition.row.cites,))
    text = Fact("{}: no listed indication among its diagnoses {}", (line.code, ", ".join(line.diagnoses or ())))
    standings = _once(each.standing for each in listed)
    return Hint(line.key, text, ", ".join(standings), _once(each.row.cites for each in listed))


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
