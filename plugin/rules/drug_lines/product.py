"""Which code a drug has on its day: by what the chart says of the product, by dialysis or bag size, or a question."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from msgspec.structs import replace

from plugin.codebook import View
from plugin.codebook.dosages import code_of
from plugin.codebook.drug_codes import chosen
from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.packages import Package
from plugin.domain import Drug, DrugClass
from plugin.rules.drug_lines.amount import one_unit, plain
from plugin.rules.drug_lines.given import Share
from plugin.rules.visit import Visit

KIND = "drug-code-ambiguous"
KIDNEY = ("N17", "N18.5", "N18.6", "N18.9", "N19", "I12.0", "I13.11", "I13.2", "Z99.2")
ON_DIALYSIS = "Z99.2"


def candidates(share: Share, visit: Visit) -> tuple[DrugCode, ...]:
    """The one code, or those that remain possible; empty where the drug has none on that day."""
    book = visit.book.on(share.day)
    packages = [package for term in share.charted.terms if term.system == "ndc" for package in book.packages(term.code)]
    codes = book.drug_codes(share.drug)
    others = _other_codes(codes, packages, book)
    stated = visit.stated(KIND, share.about) if visit.chart.stated else ""
    if stated and (told := tuple([code for code in (*codes, *others) if code.code == stated])):
        return told
    left = others or _chosen(_with_dose(share, codes), share.drug, codes, share.service.route, tuple(packages))
    if len(left) > 1:
        left = _by_dialysis(left, visit)
    if len(left) > 1 and _is_by_bag(left, share):
        left = _by_bag(left, share, visit)
    return left


_chosen = lru_cache(maxsize=8192)(chosen)  # the same names come again and again


def _other_codes(codes: Sequence[DrugCode], packages: Sequence[Package], book: View) -> tuple[DrugCode, ...]:
    """What a product number is billed with, where that is none of the drug's own codes: the number knows better."""
    packed = dict.fromkeys(package.code for package in packages)
    if not packed or any(code.code in packed for code in codes):
        return ()
    known = {code.code: code for name in packed for code in book.codes_named(name)}
    alone = {p.code: code for p in packages if (code := code_of(p, book.book.units)) is not None}
    return tuple((alone | known).values())


def _with_dose(share: Share, codes: Sequence[DrugCode]) -> Drug:
    """As charted, with the dose behind the name: a few brands have a code for some of their strengths only."""
    if len(codes) < 2:
        return share.charted
    doses = {a.dose for a in share.service.administrations if a.dose is not None and a.dose.value}
    if len(doses) != 1 or share.mixed:
        return share.charted
    dose = doses.pop()
    return replace(share.charted, text=f"{share.charted.text} {plain(dose.value)} {dose.unit}")


def _by_dialysis(codes: Sequence[DrugCode], visit: Visit) -> tuple[DrugCode, ...]:
    """Of pairs for dialysis patients: on dialysis by diagnosis, or no failing kidney charted; else both remain."""
    if not any(code.esrd for code in codes):
        return tuple(codes)
    charted = visit.diagnosis_codes
    if visit.at_dialysis or ON_DIALYSIS in charted:
        return tuple([code for code in codes if code.esrd])
    if any(code.startswith(KIDNEY) for code in charted):
        return tuple(codes)
    return tuple([code for code in codes if not code.esrd])


def _is_by_bag(codes: Sequence[DrugCode], share: Share) -> bool:
    """Fluids, and the derivatives of plasma whose codes differ by nothing but their volume (addendum A15)."""
    of_plasma = all(code.code.startswith("P9") and code.unit == "mL" for code in codes)
    return of_plasma or share.service.drug.drug_class is DrugClass.HYDRATION_FLUID


def _by_bag(codes: Sequence[DrugCode], share: Share, visit: Visit) -> tuple[DrugCode, ...]:
    """Fluids are coded by the bag (dossier R32f): the one named, else the largest that the charted volumes fill."""
    units = visit.book.book.units
    sizes = {code: Fraction(one_unit(code, units).value) for code in codes}
    named = {Fraction(w.measure.value) for w in units.in_words(share.charted.text) if w.measure.unit == "mL"}
    fitting = tuple([code for code, size in sizes.items() if size in named])
    if len(named) == 1 and (fitting or share.service.drug.drug_class is DrugClass.HYDRATION_FLUID):
        return fitting or tuple(codes)
    charted = [units.measure(a.dose) for a in share.service.administrations if a.dose is not None and a.dose.value]
    volumes = [Fraction(v.value) for v in charted if v is not None and v.unit == "mL" and not v.per]
    for code, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if volumes and len(volumes) == len(charted) and not any(volume % size for volume in volumes):
            return (code,)
    return tuple(codes)
