"""What a rule says: suggest, decline, ask, or not applicable; never a bare absence.

Hundreds of these are made for an encounter, so they are msgspec structs (decision 18): as frozen as a dataclass and a
tenth of its cost to make. A value holds values and never comes round to itself, so the garbage collector passes it by.
"""

from collections.abc import Callable
from datetime import date

from msgspec import Struct

from plugin.domain.chart import Chart, Quantity
from plugin.domain.interval import Clock, Stretch

Words = str | int | Clock


class Fact(Struct, frozen=True, gc=False):
    """A sentence kept as template and values, put into words only when somebody reads it, with what it rests on."""

    template: str
    values: tuple[Words, ...] = ()
    references: tuple[str, ...] = ()

    def text(self) -> str:
        """The sentence."""
        return self.template.format(*self.values)


class Caveat(Struct, frozen=True, gc=False):
    """A mark on an outcome: under another side of a contested point, or another answer, it would differ."""

    position: str
    took: str
    other: str
    effect: str
    sources: tuple[str, ...] = ()


class Product(Struct, frozen=True, gc=False):
    """The package that a drug line names to a payer, and how much of it the line is for.

    `ndc` in eleven digits (5-4-2 without hyphens), empty where the chart has none or several; `quantity` in the
    package's billing unit (UN, ML, GR, F2 or ME), None where nothing tells it. `because` says how it was found, or why
    it is missing.
    """

    ndc: str
    quantity: Quantity | None
    because: Fact


class Suggest(Struct, frozen=True, gc=False):
    """A code with units: `claims` are the stretches that earned it, in order; `unit_claims` splits them by unit.

    `code` is looked up in the code book, which knows its system; `modifiers` in claim order;
    `administrations` in order of time; `day` is the calendar day of the charge.
    A line for a drug claims no minutes; `product` is what of it was used, None on other lines.
    """

    code: str
    units: int
    day: date
    administrations: tuple[str, ...]
    claims: tuple[Stretch, ...]
    because: tuple[Fact, ...]
    unit_claims: tuple[tuple[Stretch, ...], ...] = ()
    modifiers: tuple[str, ...] = ()
    tier: int = 1
    product: Product | None = None


class Decline(Struct, frozen=True, gc=False):
    """Considered and not coded: `code` is what it would have been, None where nothing was considered for billing."""

    code: str | None
    administrations: tuple[str, ...]
    claims: tuple[Stretch, ...]
    because: tuple[Fact, ...]


class Answer(Struct, frozen=True, gc=False):
    """One possible answer to a question: what it is called, and the chart as it would then stand.

    An `example` is made up, to see whether any answer would change a line; nobody is offered it.
    """

    text: str
    apply: Callable[[Chart], Chart]
    example: bool = False


class Ask(Struct, frozen=True, gc=False):
    """The chart does not say: `kind` from the closed list of queries, the question, and answers to try out.

    A question none of whose answers changes a code or a unit is not shown, unless it is `always` shown;
    a `silent` one holds minutes that wait for another question and is never shown itself.
    """

    kind: str
    administrations: tuple[str, ...]
    claims: tuple[Stretch, ...]
    question: Fact
    answers: tuple[Answer, ...] = ()
    always: bool = False
    silent: bool = False


class NotApplicable(Struct, frozen=True, gc=False):
    """The rule looked and has nothing to say here."""


class Notice(Struct, frozen=True, gc=False):
    """Something the reader must know that asks nothing and decides nothing."""

    kind: str
    administrations: tuple[str, ...]
    text: Fact


Outcome = Suggest | Decline | Ask | NotApplicable


class TableRow(Struct, frozen=True, gc=False, cache_hash=True):
    """A code-book row that was read: table, key, and the id of its citation."""

    table: str
    key: str
    cites: str


class Ruling(Struct, frozen=True, gc=False):
    """An outcome with its trace: the rules that had a say (the one that spoke first) and the table rows it read."""

    outcome: Suggest | Decline | Ask | Notice
    rules: tuple[str, ...]
    rows: tuple[TableRow, ...] = ()
