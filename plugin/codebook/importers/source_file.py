"""A public file as it was downloaded: its lines, its header, and what is wrong with it by line and field."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from plugin.codebook.errors import CodeBookError

Progress = Callable[[Literal["reading", "writing"], int, int], object]
"""Called now and then with the step, the rows it is through, and about how many there are; 0 where nobody knows."""

PREAMBLE_LINES = 80
ROWS_BETWEEN_REPORTS = 2000
_CODE = re.compile(r"[0-9A-Z]\d{3}[0-9A-Z]")
_DAY_FORMS = (
    (re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T]00:00:00)?"), (1, 2, 3)),
    (re.compile(r"(\d{4})(\d\d)(\d\d)"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})"), (3, 1, 2)),
)


def no_progress(step: str, rows: int, of: int) -> None:
    """Nobody wants to hear of it."""


class SourceFile:
    """One downloaded file, read line by line; every complaint is a CodeBookError that names file, line and remedy."""

    def __init__(self, path: Path, progress: Progress = no_progress) -> None:
        self.path = path
        self.line = 0
        self.left_out = 0  # rows that were never in force
        self._progress = progress
        try:
            self._size = path.stat().st_size
            with path.open("rb") as file:
                self.head = file.read(8192)
                file.seek(max(0, self._size - 1))
                end = file.read()
        except OSError as wrong:
            raise CodeBookError(f"{path}: {wrong.strerror}; check the path and your rights to it") from None
        self._check_form(end)

    def _check_form(self, end: bytes) -> None:
        if self.head[:2] == b"PK":
            raise self.wrong("this is a ZIP or an Excel workbook; unpack it, or save its sheet as CSV")
        if b"\0" in self.head:
            raise self.wrong("this is no text file; take the CSV or TXT form of it")
        if not self._size:
            raise self.wrong("the file is empty; download it again")
        if end not in (b"\n", b"\r", b"\x1a"):
            raise self.wrong(
                "the last line has no end, so the file may be cut short; download it again, "
                "or add an empty line at its end if it is whole"
            )

    def wrong(self, what: str, field: str = "", line: int | None = None) -> CodeBookError:
        """The complaint about this file, at the line being read, another or none (0), and at a field."""
        number = self.line if line is None else line
        at = f" line {number}" if number else ""
        return CodeBookError(f"{self.path}{at}{f', {field}' if field else ''}: {what}; nothing was imported")

    def lines(self) -> Iterator[str]:
        """The lines as text: UTF-8, else the Windows code page that older files have."""
        read = number = 0
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                self.line = number
                read += len(raw)
                if number % ROWS_BETWEEN_REPORTS == 0:
                    self._progress("reading", number, number * self._size // read)
                text = _decoded(raw)
                yield text.removeprefix("\ufeff") if number == 1 else text
        self._progress("reading", number, number)

    def cells(self, delimiter: str = ",") -> Iterator[list[str]]:
        """The rows of a delimited file, each cell without the blanks around it."""
        try:
            for row in csv.reader(self.lines(), delimiter=delimiter, strict=True):
                yield [cell.strip() for cell in row]
        except csv.Error as wrong:
            raise self.wrong(
                f"{wrong}; a quotation mark is missing or the file is cut short, download it again"
            ) from None

    def rows_under(
        self, wanted: dict[str, tuple[str, ...]], optional: tuple[str, ...] = ()
    ) -> Iterator[dict[str, str]]:
        """The rows under the header, by our own column names.

        `wanted` gives for each of our names the headings it has gone by; the header is the first row with all of them.
        """
        rows = self.cells(self.delimiter())
        columns, width = self._header(rows, wanted, optional)
        for row in rows:
            if not any(row):
                continue
            if len(row) < width:
                raise self.wrong(
                    f"{len(row)} of {width} columns are there; the row is cut short, download the file again"
                )
            yield {name: row[place] for name, place in columns.items()}

    def _header(
        self, rows: Iterator[list[str]], wanted: dict[str, tuple[str, ...]], optional: tuple[str, ...]
    ) -> tuple[dict[str, int], int]:
        for row in rows:
            headings = [plain(cell) for cell in row]
            found = {
                ours: headings.index(known) for ours, names in wanted.items() for known in names if known in headings
            }
            if set(wanted) - set(optional) <= set(found):
                return found, max(found.values()) + 1
            if self.line > PREAMBLE_LINES:
                break
        missing = ", ".join(names[0] for ours, names in wanted.items() if ours not in optional)
        raise self.wrong(f"no header with the columns {missing}; is it the right file for this KIND?", line=0)

    def delimiter(self) -> str:
        """Tab where the beginning of the file has more tabs than commas, else comma."""
        return "\t" if self.head.count(b"\t") > self.head.count(b",") else ","

    def code(self, text: str, field: str) -> str:
        """A CPT or HCPCS code in capitals."""
        code = text.upper()
        if not _CODE.fullmatch(code):
            raise self.wrong(f"{text!r} is no code of five characters; mend the row or download the file again", field)
        return code

    def number(self, text: str, field: str, empty: bool = False) -> str:
        """A number of zero or more as it is written, without thousands commas and dollar signs."""
        plain_number = text.replace(",", "").removeprefix("$")
        if empty and plain_number.upper() in ("", "N/A"):
            return ""
        try:
            good = Decimal(plain_number).is_finite() and Decimal(plain_number) >= 0
        except InvalidOperation:
            good = False
        if not good:
            raise self.wrong(f"{text!r} is no number; mend the row or download the file again", field)
        return plain_number

    def day(self, text: str, field: str) -> str:
        """A day as ISO 8601; empty stays empty."""
        if not text or text == "*":
            return ""
        for form, (year, month, day) in _DAY_FORMS:
            if match := form.fullmatch(text):
                try:
                    return date(int(match[year]), int(match[month]), int(match[day])).isoformat()
                except ValueError:
                    break
        raise self.wrong(f"{text!r} is no date; mend the row or download the file again", field)

    def day_of_year(self, text: str, field: str) -> str:
        """A day written as year and day of the year (2013091 is 2013-04-01); empty stays empty."""
        if not text:
            return ""
        if re.fullmatch(r"\d{7}", text) and 1 <= int(text[4:]) <= 366:
            found = date.fromordinal(date(int(text[:4]), 1, 1).toordinal() + int(text[4:]) - 1)
            if found.year == int(text[:4]):
                return found.isoformat()
        raise self.wrong(f"{text!r} is no year with a day of the year; download the file again", field)


def plain(heading: str) -> str:
    """A heading without case, marks and line breaks: `HCPCS/ CPT Code` and `hcpcs_cpt_code` are one."""
    return " ".join(re.sub(r"[^a-z0-9%]+", " ", heading.lower()).split())


def one_line(cells: Sequence[str]) -> str:
    """Pieces of a text as one line with single blanks."""
    return " ".join(" ".join(cells).split())


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
