"""What a charted text says of a drug's container and of its waste (dossier R32a).

A denial ("not discarded") makes a text unread: it is never read the other way.
"""

from fractions import Fraction
from functools import lru_cache
from re import Match
from typing import NamedTuple

from plugin.codebook.units import UnitTable
from plugin.rules.drug_lines.container_words import (
    DENIED,
    DISCARDED_AFTER,
    DISCARDED_BEFORE,
    HOLDS,
    IN_A_MULTI_DOSE,
    IN_A_SINGLE_DOSE,
    LABELLED,
    NOTHING_DISCARDED,
    REST_DISCARDED,
    SPELLED,
    TIMES,
    TIMES_AFTER,
)
from plugin.rules.wording import mentions

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
        held, labelled = HOLDS.match(text, ends), LABELLED.search(before)
        if held or labelled:
            times = TIMES.search(before[: labelled.start()] if labelled else before)
            sizes.append((amount, _number(times or (TIMES_AFTER.match(text, held.end()) if held else None))))
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


def _number(times: Match[str] | None) -> int | None:
    """How many containers of a size were opened, in digits or spelled."""
    return (SPELLED.get(times["n"].lower()) or int(times["n"])) if times else None
