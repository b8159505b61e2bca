"""Charted amounts in one unit for each kind of quantity: mass in mg, volume in mL, activity in U, and so on.

International, USP and arbitrary units are all U here: they are compared only within one drug.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from plugin.codebook.errors import CodeBookError
from plugin.codebook.tables import Folders
from plugin.domain import Quantity

REMEMBERED = 20_000
MOST_DIGITS = 30  # a charted number longer than this is no dose
BELOW_THE_LINE = frozenset(["kg", "m2", "h", "min", "d", "s"])
WRITTEN = r"(?<![\w.,])(?P<value>\d[\d,]*(?:\.\d+)?|\.\d+)\s*-?\s*(?P<unit>{})(?![\w²])"


class Spelled(NamedTuple):
    """What a spelling means: the unit of its kind, and how many of those one is."""

    unit: str
    factor: Decimal


class Measure(NamedTuple):
    """An exact amount in the unit of its kind; `per` is what it is for each of: "kg" or "m2" of body, "h", "min"."""

    value: Decimal
    unit: str
    per: tuple[str, ...] = ()


class Written(NamedTuple):
    """An amount in a text, and where it stands there."""

    measure: Measure
    begins: int
    ends: int


class UnitTable:
    """`units.csv`: UCUM codes and the spellings that charts use, in lower case; what a text says is remembered."""

    def __init__(self, spelled: Mapping[str, Spelled]) -> None:
        self._spelled = spelled
        self._known: dict[str, tuple[Written, ...]] = {}
        self._measured: dict[tuple[str, Decimal], Measure | None] = {}
        words = sorted((s for s in spelled if s[0].isalpha() or s[0] in "µμ"), key=len, reverse=True)
        self._written = re.compile(WRITTEN.format("|".join(re.escape(word) for word in words)), re.IGNORECASE)

    def measure(self, quantity: Quantity) -> Measure | None:
        """The amount in the unit of its kind; None for a unit the table doesn't have."""
        key = (quantity.unit, quantity.value)
        if key not in self._measured:
            if len(self._measured) >= REMEMBERED or not quantity.value.is_finite():
                self._measured.clear()
            self._measured[key] = self._measure(quantity)
        return self._measured[key]

    def _measure(self, quantity: Quantity) -> Measure | None:
        first, *below = [self._spelled.get(part.strip().lower()) for part in quantity.unit.split("/")]
        value = quantity.value
        if first is None or not value.is_finite() or len(value.as_tuple().digits) > MOST_DIGITS:
            return None
        per = tuple([one.unit for one in below if one is not None and one.unit in BELOW_THE_LINE])
        return Measure(value * first.factor, first.unit, per) if len(per) == len(below) else None

    def in_words(self, text: str) -> tuple[Written, ...]:
        """Every amount that a text names: `350 mg`, `1,000 units`, `2.5mL`, in its order."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[text] = tuple(self._in_words(text))
        return known

    def _in_words(self, text: str) -> Iterator[Written]:
        for match in self._written.finditer(text):
            measured = self.measure(Quantity(_number(match["value"]), match["unit"]))
            if measured is not None:
                yield Written(measured, match.start(), match.end())


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:  # such as "1,.": no number
        return Decimal("NaN")


def read_units(folders: Folders | None = None) -> UnitTable:
    """`units.csv`; CodeBookError names line and field of a wrong row."""
    spelled = {}
    for line, row in (folders or Folders()).csv("units.csv"):
        try:
            spelled[row["spelling"]] = Spelled(row["unit"], Decimal(row["factor"]))
        except (KeyError, InvalidOperation) as wrong:
            raise CodeBookError(f"units.csv line {line}: {wrong!r}; mend that field") from wrong
    return UnitTable(spelled)
