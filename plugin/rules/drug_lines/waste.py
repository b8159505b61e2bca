"""Waste of single-dose containers: what is discarded, or what must be asked (dossier R32a, addendum A4)."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from plugin.codebook.drug_rows import DrugCode
from plugin.domain import DrugClass, Fact
from plugin.rules.drug_lines.amount import Amount, one_unit, plain
from plugin.rules.drug_lines.container import MULTI, Container, least_waste, usual_sizes
from plugin.rules.drug_lines.given import Share
from plugin.rules.visit import Visit

MULTI_DOSE, FROM_MULTI_DOSE = "a multi-dose container", "from a multi-dose container"
NO_WASTE_LINE = frozenset([DrugClass.HYDRATION_FLUID, DrugClass.BLOOD])


class Discarded(NamedTuple):
    """The waste of one share: its amount, and why; `amount` is None where the drug has no waste line (multi-dose)."""

    amount: Fraction | None
    facts: tuple[Fact, ...]


class Unsaid(NamedTuple):
    """The chart doesn't say: possible answers by name, as one would write them, the likeliest first."""

    answers: Mapping[str, str]


def waste_of(share: Share, code: DrugCode, given: Amount, container: Container, visit: Visit) -> Discarded | Unsaid:
    """What of the opened containers was discarded; overfill never counts, so never more than they are labelled with."""
    if container.kind == MULTI or share.service.drug.drug_class in NO_WASTE_LINE or share.mixed:
        return Discarded(None, container.facts)
    unit = one_unit(code, visit.book.book.units).unit
    if not container.charted and code.container == MULTI:
        if container.discarded:
            return Unsaid(_single_or_multi(container.discarded, unit))
        by_table = Fact("by the formulary it comes in multi-dose containers", (), share.service.ids)
        return Discarded(None, (by_table,))
    left = _left_over(given.value, container)
    if container.discarded is not None:
        most = container.discarded if left is None else min(container.discarded, left)
        return Discarded(most, container.facts)
    if left is not None and (container.rest or left == 0):
        return Discarded(left, container.facts)
    sizes = container.sizes or usual_sizes(code, visit.book.book.units)
    return Unsaid(_possible(given.value, sizes, unit))


def _left_over(dose: Fraction, container: Container) -> Fraction | None:
    """What the opened containers held beyond the dose; of the mix that wastes least where their number isn't said."""
    if len(container.sizes) == 1 and container.opened is not None:
        held = container.sizes[0] * container.opened
        return held - dose if held >= dose else None
    least = least_waste(dose, container.sizes)
    return least[0] if least else None


def _single_or_multi(discarded: Fraction, unit: str) -> Mapping[str, str]:
    """Waste is charted of what usually comes in multi-dose containers."""
    single = f"from a single-dose container, {_went(discarded, unit)}"
    return {"a single-dose container": single, MULTI_DOSE: FROM_MULTI_DOSE}


@lru_cache(maxsize=65_536)
def _possible(dose: Fraction, sizes: tuple[Fraction, ...], unit: str) -> Mapping[str, str]:
    least = least_waste(dose, sizes)
    answers = (
        {"the containers that waste least": f"{_listed(least[1], unit)}, {_went(least[0], unit)}"} if least else {}
    )
    if not least or least[0]:
        answers["nothing discarded"] = "nothing discarded"
    return {**answers, MULTI_DOSE: FROM_MULTI_DOSE}


def _listed(mix: Sequence[Fraction], unit: str) -> str:
    counted = {size: mix.count(size) for size in mix}
    return " and ".join(f"{n} x {plain(size)} {unit} single-dose container" for size, n in counted.items())


def _went(amount: Fraction, unit: str) -> str:
    return f"{plain(amount)} {unit} discarded" if amount else "nothing discarded"
