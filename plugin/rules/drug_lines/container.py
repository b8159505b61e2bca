"""What a drug came in and what of it was discarded, as far as the chart says (dossier R32a).

The chart's own words come first, then the product's NDC, then the formulary, which only prefills a question.
"""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from plugin.codebook.packages import BILLING_UNIT, Package
from plugin.codebook.tables import DrugCode
from plugin.codebook.units import UnitTable
from plugin.domain import Fact
from plugin.rules.drug_lines.amount import one_unit
from plugin.rules.drug_lines.given import Share
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, says

KIND = "vial-size-or-waste"
SINGLE, MULTI = "single", "multi"
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
MOST_CONTAINERS = 200


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


def container_of(share: Share, code: DrugCode, visit: Visit) -> Container:
    """The container of a share and its waste, from words, NDC and formulary in that order."""
    units = visit.book.book.units
    wanted = one_unit(code, units).unit
    notes = _said(share, visit)
    sizes, opened = _sizes_in(notes, wanted, units)
    of_product = () if sizes else _of_product(share, code, visit)
    kind = _kind(notes) or (_of_table(code) if sizes or of_product else "")
    facts = [Fact("charted: {}", (text,), share.service.ids) for text in notes if _says_something(text, wanted, units)]
    if of_product:
        held = " or ".join(dict.fromkeys(f"{float(s):g} {wanted}" for s in of_product))
        facts.append(Fact("by its NDC one container holds {}", (held,), share.service.ids))
    return Container(
        kind=kind,
        sizes=sizes or of_product,
        opened=opened,
        discarded=_discarded(notes, wanted, units),
        rest=says(REST_DISCARDED, notes),
        charted=bool(sizes or of_product or _kind(notes)),
        facts=tuple(facts),
    )


def usual_sizes(code: DrugCode, visit: Visit) -> tuple[Fraction, ...]:
    """What single-dose containers of this code hold by the formulary: only for the prefilled answers of a question."""
    one = one_unit(code, visit.book.book.units)
    return tuple([Fraction(size) * Fraction(one.value) / Fraction(code.amount) for size in code.sizes])


def least_waste(dose: Fraction, sizes: Sequence[Fraction]) -> tuple[Fraction, tuple[Fraction, ...]] | None:
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
    """What somebody stated, else the words of the drug and of its notes that say no denial."""
    stated = visit.stated(KIND, share.about)
    if stated:
        return [stated]
    charted = [text for a in share.service.administrations for text in (share.charted.text, *a.notes)]
    return [text for text in dict.fromkeys(charted) if text and not says(DENIED, [text])]


def _kind(notes: Iterable[str]) -> str:
    single, multi = says(IN_A_SINGLE_DOSE, notes), says(IN_A_MULTI_DOSE, notes)
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
    found = [_held(package, code, units) for package in packages]
    return tuple(dict.fromkeys(found))


def _held(package: Package, code: DrugCode, units: UnitTable) -> Fraction:
    """What one item of a package holds, in the kind of unit of its code."""
    one = one_unit(code, units)
    if package.unit == BILLING_UNIT:
        return Fraction(package.amount) * Fraction(one.value)
    return Fraction(package.amount) * Fraction(one.value) / Fraction(code.amount)


def _sizes_in(notes: Iterable[str], unit: str, units: UnitTable) -> tuple[tuple[Fraction, ...], int | None]:
    """The sizes of containers that texts name, and how many of them were opened where they say so."""
    found: list[tuple[Fraction, int | None]] = []
    for text in notes:
        for written in units.in_words(text):
            before = text[: written.begins]
            if written.measure.unit != unit or not (HOLDS.match(text, written.ends) or LABELLED.search(before)):
                continue
            times = TIMES.search(before)
            count = (SPELLED.get(times["n"].lower()) or int(times["n"])) if times else None
            found.append((Fraction(written.measure.value), count))
    counts = {count for _, count in found}
    return tuple(dict.fromkeys(size for size, _ in found)), counts.pop() if len(counts) == 1 and found else None


def _discarded(notes: Iterable[str], unit: str, units: UnitTable) -> Fraction | None:
    """The charted waste; None where none is charted, or where two amounts contradict each other."""
    found: set[Fraction] = set()
    for text in notes:
        if says(NOTHING_DISCARDED, [text]):
            found.add(Fraction(0))
        for written in units.in_words(text):
            after = DISCARDED_AFTER.match(text, written.ends)
            if written.measure.unit == unit and (after or DISCARDED_BEFORE.search(text[: written.begins])):
                found.add(Fraction(written.measure.value))
    return found.pop() if len(found) == 1 else None


def _says_something(text: str, unit: str, units: UnitTable) -> bool:
    return (
        bool(_kind([text]))
        or says(REST_DISCARDED, [text])
        or _discarded([text], unit, units) is not None
        or bool(_sizes_in([text], unit, units)[0])
    )
