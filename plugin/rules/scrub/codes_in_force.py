"""Codes that did not exist on the day: retired, not yet valid, or unknown to the site's HCPCS file."""

from collections.abc import Iterator

from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.tables import ProcedureCode
from plugin.domain import ClaimLine, Fact
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, hard_if
from plugin.rules.scrub.claim import Claim

TAKE_OFF = Fact("take the line off, or charge the code that was in force on that day")


@edit(
    "CODE-NOT-IN-FORCE",
    title="A code is charged on a day on which it did not exist",
    cites=("decided-scrubbing",),
    in_force=since("2000-01-01"),
)
def code_not_in_force(claim: Claim) -> Iterator[Found]:
    """Each line by the tables of its own day; a retirement that nobody has verified only warns (dossier 12)."""
    for line in claim.lines:
        if rows := claim.book.rows_of_code(line.code):
            yield from _of_family(line, rows)
        elif line.code in claim.book.retired:
            yield from _retired(line, claim)
        elif line.system == "HCPCS":
            yield from _of_hcpcs(line, claim)


def _of_family(line: ClaimLine, rows: tuple[ProcedureCode, ...]) -> Iterator[Found]:
    if any(row.valid_from <= line.day and (row.valid_to is None or line.day <= row.valid_to) for row in rows):
        return
    first = min(row.valid_from for row in rows)
    words = "{} did not exist yet on {}" if line.day < first else "{} was no longer valid on {}"
    yield Found((line,), Fact(words, (line.code, str(line.day))), TAKE_OFF, rows=tuple(row.row for row in rows))


def _of_hcpcs(line: ClaimLine, claim: Claim) -> Iterator[Found]:
    """By the site's HCPCS file where it has one, else by the table of drugs."""
    in_file, rows = claim.book.claims.hcpcs(line.code, line.day), claim.book.rows_of_drug_code(line.code)
    if in_file or (in_file is None and (not rows or any(row.holds(line.day) for row in rows))):
        return
    where = "the table of drugs" if in_file is None else "the site's HCPCS file"
    known = in_file is False or all(claim.book.claims.verified(row.row) for row in rows)
    text = Fact("{} is not in force on {} by {}", (line.code, str(line.day), where))
    yield Found((line,), text, _successor(line, rows, claim), hard_if(known), tuple(row.row for row in rows))


def _successor(line: ClaimLine, rows: tuple[DrugCode, ...], claim: Claim) -> Fact:
    drugs = {row.drug for row in rows}
    now = [row.code for row in claim.book.drug_codes if row.drug in drugs and row.holds(line.day)]
    return Fact("that day the drug has {}; charge the one of the product given", (", ".join(now),)) if now else TAKE_OFF


def _retired(line: ClaimLine, claim: Claim) -> Iterator[Found]:
    past = claim.book.retired[line.code]
    if past.last_day is not None and line.day <= past.last_day:
        return
    ended = Fact("{} ended on {}", (line.code, str(past.last_day))) if past.last_day else Fact("{} ended", (line.code,))
    now = " or ".join(past.successors)
    mend = Fact("charge {} instead, by what the chart says", (now,)) if now else TAKE_OFF
    known = past.last_day is not None and claim.book.claims.verified(past.row)
    yield Found((line,), ended, mend, hard_if(known), (past.row,))
