"""What a charted text says of a drug's container and of its waste (dossier R32a).

A denial ("not discarded") makes a text unread: it is never read the other way.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from plugin.codebook.units import UnitTable
from plugin.rules.wording import Words, mentions

IN_A_MULTI_DOSE = Words(r"\bmulti(ple)?[- ]?(dose|use)\b|\bMDV\b")
IN_A_SINGLE_DOSE = Words(
    r"\bsingle[- ]?(dose|use)\b|\bSDV\b|\bpre-?filled (syringe|pen)\b|\bpre-?mix(ed)?\b|\bduplex\b"
)
DENIED = Words(r"\b(not|never|n't|un|isn't|wasn't) ?(single|multi\w*|discarded|wasted)|\bnot yet\b")
NOTHING_DISCARDED = Words(
    r"\b(nothing|none|no (drug|waste|amount|remainder)) (was |were )?(discarded|wasted|left)"
    r"|\bno (drug )?(waste|wastage|discard)\b"
    r"|\b(zero|0) ?(mg|mcg|g|units?|ml)? ?(of )?(waste|wastage|discarded|wasted)\b"
    r"|\b(entire|whole|full) (vials?|contents) (was |were )?(given|used)"
)
REST_DISCARDED = Words(
    r"\b(remainder|remaining( drug| amount)?|rest|leftover|residual)( was| were)? (discarded|wasted)"
)
DISCARDED_AFTER = re.compile(r"\s*(?:of \w+ )?(?:was |were |is )?(?:discarded|wasted|waste\b|wastage)", re.IGNORECASE)
DISCARDED_BEFORE = re.compile(r"(?:discarded|wasted|waste|wastage|amount discarded|jw)\s*[:=]?\s*$", re.IGNORECASE)
NAMED = r"(?:vials?|syringes?|amp(?:u|o)?ules?|pens?|containers?|pre-?mix(?:ed)?|sdv|mdv)\b"
HOLDS = re.compile(
    r"[\s-]*(?:/\s*[\d.]+\s*ml\s*)?(?:single|multi(?:ple)?)?[- ]?(?:dose|use)?\s*" + NAMED, re.IGNORECASE
)
LABELLED = re.compile(NAMED + r"\s+(?:labell?ed|of)\s+(?:as\s+)?$", re.IGNORECASE)
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
TIMES = re.compile(rf"\b(?P<n>\d{{1,2}}|{'|'.join(NUMBERS)})\s*x?\s*$", re.IGNORECASE)
SPELLED = {word: number for number, word in enumerate(NUMBERS, start=1)}
REMEMBERED = 65_536


class Note(NamedTuple):
    """One text read: whether it names a single-dose or a multi-dose container, what those hold, and what was discarded.

    `sizes` are pairs of what one container holds and how many were opened (None where it doesn't say); `discarded` the
    amounts charted as waste, 0 for nothing; `rest` that all that was left over went. All in the unit asked for.
    """

    single: bool = False
    multi: bool = False
    sizes: tuple[tuple[Fraction, int | None], ...] = ()
    discarded: frozenset[Fraction] = frozenset()
    rest: bool = False

    @property
    def says_something(self) -> bool:
        """Whether there is anything in it to show as evidence."""
        return self.single != self.multi or self.rest or bool(self.sizes) or bool(self.discarded)


SILENT = Note()


@lru_cache(maxsize=REMEMBERED)
def read_note(text: str, unit: str, units: UnitTable) -> Note:
    """What a text says of container and waste, amounts in that unit; the same texts come again and again."""
    if not text or mentions(DENIED, text):
        return SILENT
    sizes, discarded = [], set[Fraction]()
    for measure, begins, ends in units.in_words(text):
        if measure.unit != unit:
            continue
        before, amount = text[:begins], Fraction(measure.value)
        if HOLDS.match(text, ends) or LABELLED.search(before):
            sizes.append((amount, _opened(before)))
        if DISCARDED_AFTER.match(text, ends) or DISCARDED_BEFORE.search(before):
            discarded.add(amount)
    if mentions(NOTHING_DISCARDED, text):
        discarded.add(Fraction(0))
    return Note(
        single=mentions(IN_A_SINGLE_DOSE, text),
        multi=mentions(IN_A_MULTI_DOSE, text),
        sizes=tuple(sizes),
        discarded=frozenset(discarded),
        rest=mentions(REST_DISCARDED, text),
    )


def _opened(before: str) -> int | None:
    """The number that stands before a container's size."""
    times = TIMES.search(before)
    return (SPELLED.get(times["n"].lower()) or int(times["n"])) if times else None
