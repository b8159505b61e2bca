"""Diagnoses of a line: there, valid and billable on its day, and able to stand first."""

from collections.abc import Iterator

from plugin.domain import ClaimLine, Fact, Severity, TableRow
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, hard_if, shown
from plugin.rules.scrub.claim import ADMINISTRATION, DRUG, Claim

ICD10 = since("2015-10-01")
EDITIONS = "icd10cm_editions.toml"
NEVER_FIRST = "long-term-drug"
CHILDREN_NAMED = 6


@edit(
    "DIAGNOSIS-MISSING",
    title="A line has no diagnosis",
    cites=("aapc-diagnosis-per-line",),
    in_force=ICD10,
)
def diagnosis_missing(claim: Claim) -> Iterator[Found]:
    """A warning: the question needs-diagnosis stands beside it until somebody charts one (dossier R34)."""
    bare = tuple(x for x in claim.lines if x.diagnoses == () and claim.kind(x) in (ADMINISTRATION, DRUG))
    if bare:
        codes = ", ".join(dict.fromkeys(shown(line) for line in bare))
        mend = Fact("have the diagnosis charted that the service was given for")
        yield Found(bare, Fact("{}: no diagnosis supports it", (codes,)), mend, Severity.WARN)


@edit(
    "DIAGNOSIS-NOT-VALID",
    title="A diagnosis code is not valid or not billable on the day",
    cites=("icd10-guidelines",),
    in_force=ICD10,
)
def diagnosis_not_valid(claim: Claim) -> Iterator[Found]:
    """By the fiscal year of the day; a day without an edition of its own is judged by the nearest and only warned."""
    icd10cm = claim.book.diagnoses.icd10cm
    for day, lines in claim.by_day.items():
        for code in dict.fromkeys(code for line in lines for code in line.diagnoses or ()):
            known = icd10cm.look_up(code, day)
            if known.billable:
                continue
            on = tuple(line for line in lines if code in (line.diagnoses or ()))
            words = "{} is a heading and not billable" if known.valid else "{} is no ICD-10-CM code"
            nearest = "" if known.own_edition else f" in the edition of {known.edition}, the nearest to that day"
            rows = tuple(TableRow(EDITIONS, known.edition, cites) for cites in icd10cm.cites(known.edition))
            yield Found(
                on,
                Fact(words + " on {}{}", (code, str(day), nearest)),
                _choose(known.children),
                hard_if(known.own_edition),
                rows,
            )


def _choose(children: tuple[str, ...]) -> Fact:
    if not children:
        return Fact("charge the code that was valid on that day")
    more = " and others" if len(children) > CHILDREN_NAMED else ""
    return Fact("choose the documented one of {}{}", (", ".join(children[:CHILDREN_NAMED]), more))


@edit(
    "DIAGNOSIS-NEVER-FIRST",
    title="A status code stands first among the diagnoses of a line",
    cites=("icd10-long-term-drugs",),
    in_force=ICD10,
)
def diagnosis_never_first(claim: Claim) -> Iterator[Found]:
    """Z79.- says what a patient takes, never why an infusion was given (addendum section 4)."""
    for line in claim.lines:
        if line.diagnoses and NEVER_FIRST in claim.book.diagnoses.groups_of(line.diagnoses[0]):
            yield Found(
                (line,),
                Fact("{} stands first on {}: it is a status", (line.diagnoses[0], shown(line))),
                _reorder(line),
                Severity.WARN,
            )


def _reorder(line: ClaimLine) -> Fact:
    others = (line.diagnoses or ())[1:]
    if others:
        return Fact("put {} before it", (others[0],))
    return Fact("have the disease charted that the drug was given for")
