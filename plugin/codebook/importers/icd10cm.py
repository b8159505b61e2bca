"""The ICD-10-CM order file: every code of a fiscal year, billable or a heading, in fixed columns.

Source: https://www.cms.gov/medicare/coding-billing/icd-10-codes (icd10cm-order-YYYY.txt, and its April update).
"""

import re
from collections.abc import Iterator
from datetime import date

from plugin.codebook.importers.editions import MONTHS
from plugin.codebook.importers.site_tables import Row
from plugin.codebook.importers.source_file import SourceFile

# Fixed columns, counted from 0: order number, code, 0 heading or 1 billable, short title, long title.
ORDER, CODE, BILLABLE, SHORT, LONG = slice(0, 5), slice(6, 13), slice(14, 15), slice(16, 76), slice(77, None)
_CODE = re.compile(r"[A-Z][0-9A-Z]{2,6}")  # the second is a letter in QA00, of 2025
_NAME = re.compile(r"(?:(?P<month>[a-z]{3})[a-z]*[-_ ]*)?(?P<year>20\d\d)(?:[-_ ]*(?P<later>[a-z]{3})[a-z]*)?", re.I)
FISCAL_YEAR_MONTH = 10


def first_day(file: SourceFile, given: date | None) -> date:
    """The edition's first day: given, else 1 October before the year in the name, or the month that the name says."""
    if given:
        return given
    match = _NAME.search(re.sub(r"(?i)icd-?10-?cm|order|codes?|addenda", " ", file.path.stem))
    if match is None:
        raise file.wrong("its name doesn't say the fiscal year; say the first day with --date YYYY-10-01")
    year = int(match["year"])
    for month in filter(None, (match["month"], match["later"])):
        if month.lower() in MONTHS:
            number = MONTHS.index(month.lower()) + 1
            return date(year if number < FISCAL_YEAR_MONTH else year - 1, number, 1)
    return date(year - 1, FISCAL_YEAR_MONTH, 1)


def fiscal_year(day: date) -> int:
    """The fiscal year of a day: 2027 from 2026-10-01."""
    return day.year + (day.month >= FISCAL_YEAR_MONTH)


def read(file: SourceFile, year: int) -> Iterator[Row]:
    """A row for each code, with its point, in force until the end of the fiscal year."""
    ends = date(year, FISCAL_YEAR_MONTH - 1, 30).isoformat()
    order = 0
    for line in file.lines():
        text = line.rstrip("\r\n\x1a")
        if not text.strip():
            continue
        number, code, billable = text[ORDER], text[CODE].strip(), text[BILLABLE]
        if not number.isdecimal() or not _CODE.fullmatch(code) or billable not in ("0", "1"):
            raise file.wrong(f"{text[:24]!r} has no order number, code and 0 or 1 in their columns; download it again")
        if int(number) <= order:
            raise file.wrong(
                f"order number {number} comes after {order:05}; lines are missing, download it again", "order"
            )
        if not text[LONG].strip():
            raise file.wrong("the title is missing; the line is cut short, download the file again", "title")
        order = int(number)
        yield (
            code if len(code) == 3 else f"{code[:3]}.{code[3:]}",
            "yes" if billable == "1" else "no",
            text[LONG].strip(),
            "",
            ends,
        )
