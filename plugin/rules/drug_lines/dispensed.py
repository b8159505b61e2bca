"""All that was given of one product on one day: its code, amount and waste, as far as the chart tells them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property

from plugin.codebook.drug_rows import DrugCode
from plugin.domain import DrugClass, TableRow
from plugin.rules.drug_lines.amount import Amount, Unclear, added, amount_of, exact, one_unit
from plugin.rules.drug_lines.container import container_of
from plugin.rules.drug_lines.given import Share, shares
from plugin.rules.drug_lines.product import candidates
from plugin.rules.drug_lines.source import is_free
from plugin.rules.drug_lines.waste import Discarded, Unsaid, waste_of
from plugin.rules.visit import Visit


@dataclass(frozen=True, slots=True)
class Measured:
    """One share with its amount and its waste."""

    share: Share
    amount: Amount
    waste: Discarded | Unsaid


@dataclass
class Dispensed:
    """One product on one day; what follows from its shares is worked out once, when all are there.

    `codes` is the one code, the candidates where the chart doesn't decide, or empty where the drug has none.
    `measured` are the shares whose amount is known, `unclear` the others with their question; `free` says that the
    product cost the biller nothing. `rows` are the table rows that were read for it.
    """

    drug: str
    day: date
    codes: tuple[DrugCode, ...]
    free: bool
    measured: list[Measured] = field(default_factory=list)
    unclear: list[tuple[Share, Unclear]] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    rows: dict[TableRow, None] = field(default_factory=dict)

    @property
    def code(self) -> DrugCode | None:
        """The code where there is just one."""
        return self.codes[0] if len(self.codes) == 1 else None

    @property
    def is_fluid(self) -> bool:
        """A fluid for hydration, coded by the bag."""
        return self.shares[0].service.drug.drug_class is DrugClass.HYDRATION_FLUID

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The administrations whose amount is known."""
        return ids_of(m.share for m in self.measured)

    def units(self, code: DrugCode, visit: Visit) -> int:
        """Whole units of the sum, rounded up (dossier R32); of each dose under `up_to_units` = per_administration."""
        one = exact(one_unit(code, visit.book.book.units).value)
        if code.up_to and len(self.measured) > 1 and visit.book.position("up_to_units") == "per_administration":
            return sum(-(-m.amount.value // one) for m in self.measured)
        return -(-self.total // one)  # rounded up

    @cached_property
    def total(self) -> Fraction:
        """The amount of all measured shares, in the kind of unit of the code."""
        return added([m.amount.value for m in self.measured])

    @cached_property
    def unsaid(self) -> list[tuple[Share, Unsaid]]:
        """The shares whose container or waste the chart doesn't tell."""
        return [(m.share, m.waste) for m in self.measured if isinstance(m.waste, Unsaid)]

    @cached_property
    def discarded(self) -> Fraction | None:
        """The waste of the day; None where the product has no waste line, or where some of it isn't known yet."""
        known = [m.waste.amount for m in self.measured if isinstance(m.waste, Discarded)]
        amounts = [amount for amount in known if amount is not None]
        return added(amounts) if amounts and not self.unsaid else None

    def wasted_units(self, visit: Visit) -> int | None:
        """Whole units of the waste, rounded down; None where nothing can be said of waste."""
        if self.discarded is None or self.code is None:
            return None
        return self.discarded // exact(one_unit(self.code, visit.book.book.units).value)


def ids_of(of: Iterable[Share]) -> tuple[str, ...]:
    """The administrations of shares, each once."""
    return tuple(dict.fromkeys(i for share in of for i in share.service.ids))


def dispensed(visit: Visit, only: Collection[str] | None = None) -> list[Dispensed]:
    """Every product given in a visit by day, in order of time; or those of some drugs."""
    return by_product([share for share in shares(visit) if only is None or share.drug in only], visit)


def by_product(given: Iterable[Share], visit: Visit) -> list[Dispensed]:
    """Shares put together by product and day, each measured."""
    found: dict[tuple[object, ...], Dispensed] = {}
    read = visit.book.rows
    for share in given:
        read.clear()
        codes = candidates(share, visit)
        free = is_free(share, visit)
        key = (share.drug, share.day, tuple(code.code for code in codes), free)
        product = found.get(key)
        if product is None:
            product = found[key] = Dispensed(share.drug, share.day, codes, free)
        product.shares.append(share)
        _measure(product, share, visit)
        product.rows.update(dict.fromkeys(read))
    return list(found.values())


def _measure(product: Dispensed, share: Share, visit: Visit) -> None:
    code = product.code
    if code is None:
        return
    container = container_of(share, code, visit)
    size = container.sizes[0] if len(container.sizes) == 1 else None
    amount = amount_of(share, code, size, visit)
    if isinstance(amount, Unclear):
        product.unclear.append((share, amount))
        return
    product.measured.append(Measured(share, amount, waste_of(share, code, amount, container, visit)))
