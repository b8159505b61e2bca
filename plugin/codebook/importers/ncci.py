"""The quarterly files of the National Correct Coding Initiative: unit limits, code pairs and add-on codes.

Source: https://www.cms.gov/medicare/coding-billing/national-correct-coding-initiative-ncci-edits
Practitioner files are the rows of the `office` setting, outpatient hospital files those of `facility`.
"""

import re
from collections.abc import Iterator

from plugin.codebook.importers.site_tables import Row
from plugin.codebook.importers.source_file import PREAMBLE_LINES, SourceFile, one_line, plain
from plugin.domain import CareSetting

OFFICE, FACILITY = CareSetting.OFFICE.value, CareSetting.FACILITY.value
PRACTITIONER_LIMIT, HOSPITAL_LIMIT = "practitioner services mue values", "outpatient hospital services mue values"

LIMITS = {
    "code": ("hcpcs cpt code", "hcpcs code", "cpt code", "code"),
    OFFICE: (PRACTITIONER_LIMIT, "practitioner mue values", "mue practitioner"),
    FACILITY: (HOSPITAL_LIMIT, "outpatient hospital mue values", "mue outpatient hospital"),
    "indicator": ("mue adjudication indicator", "mai"),
    "rationale": ("mue rationale",),
}
NOT_APPLICABLE = "9"  # a pair that was deleted on the day it began: it never held
CONTRACTOR_DEFINED = "CCCCC"
ADD_ON_HEADINGS = {
    "type": ("aoc edit type",),
    "add_on": ("add on code",),
    "add_on_ended": ("aoc deldt", "aoc deldt julian", "aoc del dt", "aoc del dt julian"),
    "parent": ("primary code",),
    "parent_ended": (
        "primary code deldt",
        "primary code deldt julian",
        "primary code del dt",
        "primary code del dt julian",
    ),
    "begun": ("aoc edit effdt", "aoc edit effdt julian", "aoc edit eff dt", "aoc edit eff dt julian"),
    "ended": ("aoc edit deldt", "aoc edit deldt julian", "aoc edit del dt", "aoc edit del dt julian"),
    "note": ("special instruction notes",),
}
# Fixed columns of the text file, counted from 0.
ADD_ON_COLUMNS = {
    "type": slice(0, 1),
    "add_on": slice(1, 6),
    "add_on_ended": slice(6, 13),
    "parent": slice(13, 18),
    "parent_ended": slice(18, 25),
    "begun": slice(25, 32),
    "ended": slice(32, 39),
    "note": slice(39, None),
}


def read_limits(file: SourceFile) -> Iterator[Row]:
    """MUE: the most units of a code; a file of both settings gives two rows for each code."""
    for row in file.rows_under(LIMITS, optional=(OFFICE, FACILITY, "rationale")):
        settings = [setting for setting in (OFFICE, FACILITY) if setting in row]
        if not settings:
            raise file.wrong(f"no column {PRACTITIONER_LIMIT} or {HOSPITAL_LIMIT}; is it the right file for this KIND?")
        for setting in settings:
            yield (
                setting,
                file.code(row["code"], "HCPCS/CPT Code"),
                _whole(file, row[setting], "MUE Values"),
                _one_of(file, row["indicator"][:1], "123", "MUE Adjudication Indicator"),
                one_line([row.get("rationale", "")]),
                "",
                "",
            )


def setting_of_pairs(file: SourceFile, given: str | None) -> str:
    """The setting a file of pairs is for: given, else from its name; CodeBookError when neither says it."""
    name = file.path.name.lower()
    if given:
        return given
    if "ccipra" in name or "practitioner" in name:
        return OFFICE
    if "ccioph" in name or "hospital" in name or "oph" in name:
        return FACILITY
    raise file.wrong(
        "its name doesn't say whose edits these are; say it with --setting office (practitioner) or facility"
    )


def read_pairs(file: SourceFile, setting: str) -> Iterator[Row]:
    """PTP: column 2 is not paid beside column 1, unless a modifier is allowed and given."""
    in_header = True
    begun = False
    for row in file.cells(file.delimiter()):
        if in_header:
            begun = begun or [plain(cell) for cell in row[:2]] in (["column 1", "column 2"], ["column1", "column2"])
            in_header = not (begun and row and re.fullmatch(r"[0-9A-Z]{5}", row[0]))
            if in_header and file.line > PREAMBLE_LINES:
                break
        if in_header or not any(row):
            continue
        if len(row) < 6:
            raise file.wrong(f"{len(row)} of 6 columns are there; the row is cut short, download the file again")
        if told := _pair(file, setting, row):
            yield told
    if in_header:
        raise file.wrong("no header with Column 1 and Column 2; is it the right file for this KIND?", line=0)


def _pair(file: SourceFile, setting: str, row: list[str]) -> Row | None:
    first, last = file.day(row[3], "Effective Date"), file.day(row[4], "Deletion Date")
    if not first:
        raise file.wrong("the date is missing; download the file again", "Effective Date")
    modifier = _one_of(file, row[5], "019", "Modifier")
    if modifier == NOT_APPLICABLE or (last and last < first):
        file.left_out += 1
        return None
    return (
        setting,
        file.code(row[0], "Column 1"),
        file.code(row[1], "Column 2"),
        "yes" if modifier == "1" else "no",
        one_line(row[6:7]),
        first,
        last,
    )


def read_add_ons(file: SourceFile) -> Iterator[Row]:
    """Add-on codes and the codes one of which must stand beside them, from fixed columns or under headings."""
    rows = file.rows_under(ADD_ON_HEADINGS, optional=("note",)) if _has_headings(file) else _fixed(file)
    for row in rows:
        ends = [file.day_of_year(row[name], name.upper()) for name in ("add_on_ended", "parent_ended", "ended")]
        first, last = file.day_of_year(row["begun"], "AOC_Edit_EffDT"), min(filter(None, ends), default="")
        if not first:
            raise file.wrong("the date is missing; download the file again", "AOC_Edit_EffDT")
        if last and last < first:
            file.left_out += 1
            continue
        parent = row["parent"].upper()
        yield (
            file.code(row["add_on"], "Add-On_Code"),
            parent if parent == CONTRACTOR_DEFINED else file.code(parent, "Primary_Code"),
            _one_of(file, row["type"], "123", "AOC_Edit_Type"),
            one_line([row.get("note", "")]),
            first,
            last,
        )


def _has_headings(file: SourceFile) -> bool:
    return (
        "add on code" in plain(file.head.decode("utf-8", "replace").replace(",", " ")) and b"Primary_Code" in file.head
    )


def _fixed(file: SourceFile) -> Iterator[dict[str, str]]:
    """The fixed columns; lines before the first edit are a notice."""
    begun = False
    for line in file.lines():
        text = line.rstrip("\r\n\x1a")
        begun = begun or bool(re.match(r"[123][0-9A-Z]{5}.{7}[0-9A-Z]{5}.{7}\d{7}", text))
        if not text.strip() or (not begun and file.line <= PREAMBLE_LINES):
            continue
        if not begun:
            break
        if len(text) < ADD_ON_COLUMNS["begun"].stop:
            raise file.wrong(f"{len(text)} of 39 columns are there; the line is cut short, download the file again")
        yield {name: text[place].strip() for name, place in ADD_ON_COLUMNS.items()}
    if not begun:
        raise file.wrong("no add-on edit in the fixed columns; is it the right file for this KIND?", line=0)


def _one_of(file: SourceFile, text: str, allowed: str, field: str) -> str:
    if len(text) != 1 or text not in allowed:
        raise file.wrong(f"{text!r} is none of {', '.join(allowed)}; mend the row or download the file again", field)
    return text


def _whole(file: SourceFile, text: str, field: str) -> str:
    if not text.isdecimal():
        raise file.wrong(f"{text!r} is no whole number; mend the row or download the file again", field)
    return text
