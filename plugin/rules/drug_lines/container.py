"""What a drug came in and what of it was discarded, as far as the chart says (dossier R32a).

The chart's own words come first, then the product's NDC, then the formulary, which only prefills a question.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.packages import BILLING_UNIT, Package
from plugin.codebook.units import UnitTable
from plugin.domain import Fact
from plugin.rules.drug_lines.amount import one_unit, plain
from plugin.rules.drug_lines.given import Share
from plugin.rules.drug_lines.notes import Note, read_note
from plugin.rules.visit import Visit

KIND = "vial-size-or-waste"
SINGLE, MULTI = "single", "multi"
MOST_CONTAINERS = 200
COUNTED_BY_ACTIVITY = "F2"  # a package of a clotting factor is one unit there, whatever its vial holds


class Container(NamedTuple):
    """What the chart says: `kind` single, multi or empty; the `sizes` one may hold and how many were opened.

    `discarded` is the charted waste, None where nothing is said; `rest` that all that was left went to waste.
    All amounts in the kind of unit of the code; `charted` tells whether the chart itself names the container.
    """

    kind: str
    sizes: tuple[Fraction, ...]
    opened: int | None
    discarded: Fraction | None
    rest: bool
    charted: bool
    facts: tuple[Fact, ...]


class Said(NamedTuple):
    """What texts say of containers and waste, as in `Container`; `texts` are those that say something."""

    kind: str
    sizes: tuple[Fraction, ...]
    opened: int | None
    discarded: Fraction | None
    rest: bool
    texts: tuple[str, ...]


def container_of(share: Share, code: DrugCode, visit: Visit) -> Container:
    """The container of a share and its waste, from words, NDC and formulary in that order."""
    units = visit.book.book.units
    unit = one_unit(code, units).unit
    said = _read(tuple(_said(share, visit)), unit, units)
    of_product = () if said.sizes else _of_product(share, code, visit)
    facts = [Fact("charted: {}", (text,), share.service.ids) for text in said.texts]
    if of_product:
        held = " or ".join([f"{plain(size)} {unit}" for size in of_product])
        facts.append(Fact("by its NDC one container holds {}", (held,), share.service.ids))
    return Container(
        kind=said.kind or (_of_table(code) if said.sizes or of_product else ""),
        sizes=said.sizes or of_product,
        opened=said.opened,
        discarded=said.discarded,
        rest=said.rest,
        charted=bool(said.sizes or of_product or said.kind),
        facts=tuple(facts),
    )


@lru_cache(maxsize=8192)
def _read(texts: tuple[str, ...], unit: str, units: UnitTable) -> Said:
    """Texts read together; `opened` and `discarded` where they agree on one."""
    read = {text: read_note(text, unit, units) for text in texts}
    notes = list(read.values())
    opened = {count for note in notes for _, count in note.sizes}
    discarded = frozenset[Fraction]().union(*[note.discarded for note in notes])
    return Said(
        kind=_kind(notes),
        sizes=tuple(dict.fromkeys([size for note in notes for size, _ in note.sizes])),
        opened=next(iter(opened)) if len(opened) == 1 else None,
        discarded=next(iter(discarded)) if len(discarded) == 1 else None,
        rest=any(note.rest for note in notes),
        texts=tuple([text for text, note in read.items() if note.says_something]),
    )


@lru_cache(maxsize=4096)
def usual_sizes(code: DrugCode, units: UnitTable) -> tuple[Fraction, ...]:
    """What single-dose containers of this code hold by the formulary: only for the prefilled answers of a question."""
    one = one_unit(code, units)
    return tuple([Fraction(size) * Fraction(one.value) / Fraction(code.amount) for size in code.sizes])


@lru_cache(maxsize=65_536)
def least_waste(dose: Fraction, sizes: tuple[Fraction, ...]) -> tuple[Fraction, tuple[Fraction, ...]] | None:
    """The least that must be left over, and the containers that leave it, the fewest of them; None without sizes.

    Single-dose containers only: "use the mix of vials that wastes least" (dossier R32a).
    """
    usable = sorted({size for size in sizes if size > 0}, reverse=True)
    if not usable or dose <= 0 or dose / usable[0] > MOST_CONTAINERS:
        return None
    best: tuple[Fraction, int, tuple[Fraction, ...]] | None = None
    reached: dict[Fraction, tuple[Fraction, ...]] = {Fraction(0): ()}
    while reached and len(reached) < 5_000:
        further: dict[Fraction, tuple[Fraction, ...]] = {}
        for held, mix in reached.items():
            for size in usable:
                if mix and size > mix[-1]:
                    continue
                total, more = held + size, (*mix, size)
                if total >= dose:
                    found = (total - dose, len(more), more)
                    best = found if best is None or found[:2] < best[:2] else best
                elif total not in further:
                    further[total] = more
        reached = further
        if best is not None and best[0] == 0:
            break
    return (best[0], best[2]) if best else None


def _said(share: Share, visit: Visit) -> list[str]:
    """What somebody stated, else the words of the drug and of its notes."""
    stated = visit.stated(KIND, share.about) if visit.chart.stated else ""
    return (
        [stated] if stated else [share.charted.text, *[note for a in share.service.administrations for note in a.notes]]
    )


def _kind(notes: Iterable[Note]) -> str:
    single, multi = any(note.single for note in notes), any(note.multi for note in notes)
    return "" if single == multi else SINGLE if single else MULTI


def _of_table(code: DrugCode) -> str:
    return code.container if code.container in (SINGLE, MULTI) else ""


def _of_product(share: Share, code: DrugCode, visit: Visit) -> tuple[Fraction, ...]:
    """What one container holds by the charted NDC, in the kind of unit of the code."""
    units = visit.book.book.units
    packages = [
        package
        for term in share.charted.terms
        if term.system == "ndc"
        for package in visit.book.on(share.day).packages(term.code)
        if package.code == code.code
    ]
    found = [held_by(package, code, units) for package in packages if package.ndc_unit != COUNTED_BY_ACTIVITY]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def held_by(package: Package, code: DrugCode, units: UnitTable) -> Fraction:
    """What one item of a package holds, in the kind of unit of its code."""
    one = one_unit(code, units)
    if package.unit == BILLING_UNIT:
        return Fraction(package.amount) * Fraction(one.value)
    return Fraction(package.amount) * Fraction(one.value) / Fraction(code.amount)
