"""The quarterly HCPCS Level II file (ANWEB), as fixed columns or as the spreadsheet saved as CSV.

Source: https://www.cms.gov/medicare/coding-billing/healthcare-common-procedure-system/quarterly-update
A code is one record, its long description goes on in continuation records; modifiers (two characters) are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from plugin.codebook.importers.site_tables import Row
from plugin.codebook.importers.source_file import SourceFile, one_line

HEADINGS = {
    "code": ("hcpc", "hcpcs code", "hcpcs"),
    "long": ("long description",),
    "short": ("short description",),
    "coverage": ("cov", "coverage"),
    "added": ("add dt", "add date"),
    "ended": ("term dt", "term date"),
    "record": ("recid",),
}
# Where the fixed columns stand, counted from 0: record layout that comes with the file.
CODE, RECORD, LONG, SHORT = slice(0, 5), slice(10, 11), slice(11, 91), slice(91, 119)
COVERAGE, ADDED, ENDED, WIDTH = slice(229, 230), slice(268, 276), slice(284, 292), 293
PROCEDURE, PROCEDURE_GOES_ON, MODIFIER, MODIFIER_GOES_ON = "3", "4", "7", "8"


@dataclass(slots=True)
class _Code:
    """A code while its continuation records are still being read."""

    code: str
    long: list[str]
    short: str
    coverage: str
    added: str
    ended: str
    lines: list[int] = field(default_factory=list)

    def row(self) -> Row:
        return (self.code, one_line(self.long), one_line([self.short]), self.coverage, self.added, self.ended)


def read(file: SourceFile) -> Iterator[Row]:
    """A row for each code, in force from the day it was added to the day it was terminated."""
    records = _from_columns(file) if _is_fixed(file) else _from_headings(file)
    waiting: _Code | None = None
    for record, code in records:
        if record in (MODIFIER, MODIFIER_GOES_ON):
            continue
        if record == PROCEDURE_GOES_ON:
            if waiting is None or waiting.code != code.code:
                raise file.wrong(f"the description of {code.code} goes on before it began; download the file again")
            waiting.long += code.long
            continue
        if waiting:
            yield waiting.row()
        waiting = code
    if waiting:
        yield waiting.row()


def _is_fixed(file: SourceFile) -> bool:
    """Fixed columns: some early line is as long as a record and has the number of a record where it belongs."""
    lines = file.head.decode("cp1252", "replace").splitlines()
    return any(len(line) >= WIDTH and line[5:10].isdigit() and line[RECORD] in "3478" for line in lines)


def _from_columns(file: SourceFile) -> Iterator[tuple[str, _Code]]:
    begun = False
    for line in file.lines():
        text = line.rstrip("\r\n\x1a")
        record = text[RECORD]
        begun = begun or text[5:10].isdigit()
        if not text.strip() or not begun:
            continue
        if record not in ("3", "4", "7", "8"):
            raise file.wrong(f"record kind {record!r} is none of 3, 4, 7, 8; download the file again", "RECID")
        if record in (MODIFIER, MODIFIER_GOES_ON):
            yield record, _Code("", [], "", "", "", "")
            continue
        if record == PROCEDURE and len(text) < WIDTH:
            raise file.wrong(f"{len(text)} of {WIDTH} columns are there; the record is cut short, download it again")
        yield (
            record,
            _Code(
                file.code(text[CODE], "HCPC"),
                [text[LONG]],
                text[SHORT].strip(),
                text[COVERAGE].strip(),
                file.day(text[ADDED].strip(), "ADD DT"),
                file.day(text[ENDED].strip(), "TERM DT"),
            ),
        )


def _from_headings(file: SourceFile) -> Iterator[tuple[str, _Code]]:
    for row in file.rows_under(HEADINGS, optional=("coverage", "record")):
        record = row.get("record") or (MODIFIER if len(row["code"]) == 2 else PROCEDURE)
        if record in (MODIFIER, MODIFIER_GOES_ON):
            yield record, _Code("", [], "", "", "", "")
            continue
        yield (
            record,
            _Code(
                file.code(row["code"], "HCPC"),
                [row["long"]],
                row["short"],
                row.get("coverage", ""),
                file.day(row["added"], "ADD DT"),
                file.day(row["ended"], "TERM DT"),
            ),
        )
