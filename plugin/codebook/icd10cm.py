"""ICD-10-CM by fiscal year: whether a code is valid and billable on a day, and which codes stand below it.

Each edition is one text of nine characters a code, searched by halving; it is read when a code is first looked up.
A day without an edition of its own is judged by the nearest one, and the answer says so.
A site's imported year (`icd10cm_YYYY.csv`) is an edition too, laid over ours where we have that year.
Source of the product's editions: the tabular list of the CDC (`sources_diagnoses.toml`), by `make codebook-tables`.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

from plugin.codebook.errors import CodeBookError

WIDTH = 9  # the code without its dot, filled to seven; 1 where billable; the end of the line
LONGEST = 7
SITE_TABLE = re.compile(r"icd10cm_(\d{4})\.csv")
FORM = re.compile(r"[A-Z][0-9A-Z]{2,6}")
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class DiagnosisCode:
    """What an edition says of a code.

    `code` is written with its dot; `children` are the codes right below it, empty for a billable or unknown code;
    `own_edition` is False when the day has none and the nearest was asked.
    """

    code: str
    valid: bool
    billable: bool
    children: tuple[str, ...]
    edition: str
    own_edition: bool


class Files(Protocol):
    """Where tables lie: `plugin.codebook.tables.Folders`."""

    def bytes(self, name: str) -> bytes: ...
    def csv(self, name: str) -> list[tuple[int, dict[str, str]]]: ...
    def of_site(self, pattern: str) -> list[str]: ...


def bare(code: str) -> str:
    """A code as charted, without dot, blanks and small letters."""
    return code.replace(".", "").strip().upper()


def dotted(code: str) -> str:
    """A bare code with its dot."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


class Edition:
    """The codes of one fiscal year; `first` and `last` are its days, `cites` its source where it is ours."""

    def __init__(self, name: str, first: date, last: date, read: Callable[[], bytes], cites: tuple[str, ...]) -> None:
        self.name, self.first, self.last, self.cites = name, first, last, cites
        self._read = read

    def days_away(self, day: date) -> int:
        """0 within the edition's days, else the days to its nearer end."""
        return max((self.first - day).days, (day - self.last).days, 0)

    def standing(self, code: str) -> bool | None:
        """Whether a bare code is billable; None for a code the edition does not have."""
        at = self._place(code)
        found = self._text[at : at + LONGEST].decode("ascii").rstrip()
        return self._text[at + LONGEST : at + WIDTH] == b"1\n" if found == code else None

    def children(self, code: str) -> tuple[str, ...]:
        """The bare codes right below a code."""
        found: list[str] = []
        for below in self._below(code):
            if not (found and below.startswith(found[-1])):
                found.append(below)
        return tuple(found)

    def _below(self, code: str) -> Iterator[str]:
        at = self._place(code) + WIDTH
        while at < len(self._text):
            below = self._text[at : at + LONGEST].decode("ascii").rstrip()
            if not below.startswith(code):
                return
            yield below
            at += WIDTH

    def _place(self, code: str) -> int:
        """Where the first code stands that does not come before this one."""
        text, wanted = self._text, code.ljust(LONGEST).encode("ascii")
        low, high = 0, len(text) // WIDTH
        while low < high:
            middle = (low + high) // 2
            if text[middle * WIDTH : middle * WIDTH + LONGEST] < wanted:
                low = middle + 1
            else:
                high = middle
        return low * WIDTH

    def records(self) -> dict[str, bool]:
        """Every bare code, and whether it is billable."""
        lines = self._text.decode("ascii").splitlines()
        return {line[:LONGEST].rstrip(): line[LONGEST] == "1" for line in lines}

    @cached_property
    def _text(self) -> bytes:
        return self._read()


class Icd10cm:
    """All editions of the code book; answers are remembered, as the tables never change."""

    def __init__(self, editions: Mapping[str, Mapping[str, object]], files: Files) -> None:
        ours = {name: _edition(name, entry, files) for name, entry in sorted(editions.items())}
        sites = {name: _of_site(name, ours.get(name), files) for name in _site_years(files)}
        self._editions = {**ours, **sites}
        self._known: dict[tuple[str, str, bool], DiagnosisCode] = {}
        self._nearest: dict[date, tuple[Edition, bool]] = {}

    def look_up(self, code: str, day: date) -> DiagnosisCode:
        """What the edition of a day, else the nearest, says of a code however it is written."""
        edition, own = self._nearest.get(day) or self._nearest_to(day)
        known = self._known.get((code, edition.name, own))
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[(code, edition.name, own)] = _said_of(bare(code), edition, own)
        return known

    def _nearest_to(self, day: date) -> tuple[Edition, bool]:
        """The edition of a day, else the nearest, and whether it is the day's own."""
        if len(self._nearest) >= REMEMBERED:
            self._nearest.clear()
        edition = min(self._editions.values(), key=lambda each: each.days_away(day))
        found = self._nearest[day] = (edition, edition.days_away(day) == 0)
        return found

    def cites(self, edition: str) -> tuple[str, ...]:
        """The source of an edition; none for one that a site imported."""
        return self._editions[edition].cites


def _said_of(code: str, edition: Edition, own: bool) -> DiagnosisCode:
    billable = edition.standing(code) if FORM.fullmatch(code) else None
    if billable is None:
        return DiagnosisCode(dotted(code), False, False, (), edition.name, own)
    children = () if billable else tuple(dotted(below) for below in edition.children(code))
    return DiagnosisCode(dotted(code), True, billable, children, edition.name, own)


def _edition(name: str, entry: Mapping[str, object], files: Files) -> Edition:
    first, last, file = entry.get("from"), entry.get("to"), entry.get("file")
    if not (isinstance(first, date) and isinstance(last, date) and isinstance(file, str)):
        raise CodeBookError(f"icd10cm_editions.toml {name}: needs file, from and to; mend that entry")
    return Edition(name, first, last, lambda: _unpacked(file, files), (str(entry.get("cites", "")),))


def _unpacked(file: str, files: Files) -> bytes:
    try:
        text = gzip.decompress(files.bytes(file))
    except (OSError, EOFError, zlib.error) as wrong:
        raise CodeBookError(f"{file}: {wrong}; run `make codebook-tables`") from wrong
    if not text or len(text) % WIDTH or text[WIDTH - 1 :: WIDTH].strip(b"\n"):
        raise CodeBookError(f"{file}: not {WIDTH} characters a line throughout; run `make codebook-tables`")
    return text


def _site_years(files: Files) -> list[str]:
    return [found[1] for name in files.of_site("icd10cm_*.csv") if (found := SITE_TABLE.fullmatch(name))]


def _of_site(year: str, ours: Edition | None, files: Files) -> Edition:
    """A fiscal year that a site imported; it begins on October 1 of the year before."""
    first, last = date(int(year) - 1, 10, 1), date(int(year), 9, 30)
    return Edition(year, first, last, lambda: _site_text(year, ours, files), ours.cites if ours else ())


def _site_text(year: str, ours: Edition | None, files: Files) -> bytes:
    billable = ours.records() if ours else {}
    rows = sorted(files.csv(f"icd10cm_{year}.csv"), key=lambda numbered: numbered[1].get("valid_from", ""))
    for line, row in rows:
        code = bare(row.get("code", ""))
        if not FORM.fullmatch(code):
            raise CodeBookError(f"icd10cm_{year}.csv line {line}: code {code!r} is none; import the order file again")
        billable[code] = row.get("billable") == "yes"
    return "".join(sorted(f"{code:<{LONGEST}}{int(is_it)}\n" for code, is_it in billable.items())).encode("ascii")
