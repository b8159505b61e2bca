"""Codes that a setting doesn't have."""

from collections.abc import Iterator

from plugin.domain import CareSetting, Fact, TableRow
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit
from plugin.rules.scrub.claim import Claim


@edit(
    "CODE-NOT-IN-SETTING",
    title="A code is charged in a setting that can't report it",
    cites=("c-codes-hospital-only",),
    in_force=since("2000-01-01"),
)
def code_not_in_setting(claim: Claim) -> Iterator[Found]:
    """The repeat push and every C code are the hospital's alone (dossier R15, section 9)."""
    mend = Fact("take the line off: in this setting it is not reported")
    for line in claim.lines:
        rows = claim.book.rows_of_code(line.code)
        of_hospital = line.code.startswith("C") and claim.setting is CareSetting.OFFICE
        if of_hospital or (rows and not any(claim.setting in row.settings for row in rows)):
            text = Fact("{} is not reported in the {} setting", (line.code, claim.setting.value))
            yield Found((line,), text, mend, rows=tuple[TableRow, ...](row.row for row in rows))
