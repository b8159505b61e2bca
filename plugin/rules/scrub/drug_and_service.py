"""A drug without its administration, and an administration without its drug."""

from collections.abc import Iterator, Sequence

from plugin.domain import Category, ClaimLine, Fact, Severity
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, shown
from plugin.rules.scrub.claim import ADMINISTRATION, DRUG, FLUIDS, Claim

# Services without a drug that is charged by its own line: fluids, blood, the care of a line, the filling of a pump.
WITHOUT_DRUG = frozenset({"96523", "96521", "96522", "36430", "M0224"})
BY_DRUG = frozenset({Category.CHEMOTHERAPY, Category.HORMONAL, Category.THERAPEUTIC})


@edit(
    "DRUG-WITHOUT-ADMINISTRATION",
    title="A drug is charged and nothing that gave it",
    cites=("decided-scrubbing",),
    in_force=since("2000-01-01"),
)
def drug_without_administration(claim: Claim) -> Iterator[Found]:
    """By day, and by administration where the lines name theirs; a warning, for it may be charged elsewhere."""
    for lines in claim.by_day.values():
        given = claim.of_kind(ADMINISTRATION, lines)
        drugs = [x for x in claim.of_kind(DRUG, lines) if not FLUIDS.fullmatch(x.code)]
        alone = _unmatched(drugs, given)
        if alone:
            text = Fact("{}: no administration is charged with it", (_names(alone),))
            mend = Fact("charge the administration, or look why none was earned")
            yield Found(tuple(alone), text, mend, Severity.WARN)


@edit(
    "ADMINISTRATION-WITHOUT-DRUG",
    title="An administration is charged and no drug",
    cites=("patient-supplied-drug",),
    in_force=since("2000-01-01"),
)
def administration_without_drug(claim: Claim) -> Iterator[Found]:
    """Only where drugs are charged in this set; a drug that cost nothing has a line too (addendum R35)."""
    here = bool(claim.of_kind(DRUG)) if claim.drug_lines_here is None else claim.drug_lines_here
    for lines in claim.by_day.values() if here else ():
        drugs = claim.of_kind(DRUG, lines)
        given = [x for x in claim.of_kind(ADMINISTRATION, lines) if _of_a_drug(x, claim)]
        alone = _unmatched(given, drugs)
        if alone:
            text = Fact("{}: no drug is charged with it", (_names(alone),))
            mend = Fact("charge the drug, at a nominal charge where it was free of cost")
            yield Found(tuple(alone), text, mend, Severity.WARN)


def _of_a_drug(line: ClaimLine, claim: Claim) -> bool:
    families = {row.family[0] for row in claim.book.rows_of_code(line.code)}
    return bool(families & BY_DRUG) and line.code not in WITHOUT_DRUG


def _unmatched(lines: Sequence[ClaimLine], others: Sequence[ClaimLine]) -> list[ClaimLine]:
    """The lines that none of the others goes with; where one side names no administrations any of them does."""
    if any(not other.administrations for other in others):
        return []
    known = {a for other in others for a in other.administrations}
    return [line for line in lines if not (known.intersection(line.administrations or known))]


def _names(lines: Sequence[ClaimLine]) -> str:
    return ", ".join(dict.fromkeys(map(shown, lines)))
