"""ICD-10-CM by fiscal year: whether a code is valid and billable on a day, and which codes stand below it.

Each edition is one text of nine characters a code, searched by halving; it is read when a code is first looked up.
A day without an edition of its own is judged by the nearest one, and the answer says so.
Source of the product's editions: the tabular list of the CDC (`sources_diagnoses.toml`), by `make codebook-tables`.
"""

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

from plugin.codebook.errors import CodeBookError

WIDTH = 9  # the code without its dot, filled to seven; 1 where billable; the end of the line
LONGEST = 7
FORM = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
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


def bare(code: str) -> str:
    """A code as charted, without dot, blanks and small letters."""
    return code.replace(".", "").strip().upper()


def dotted(code: str) -> str:
    """A bare code with its dot."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


class Edition:
    """The codes of one fiscal year; `first` and `last` are its days."""

    def __init__(self, name: str, file: str, first: date, last: date, files: Files) -> None:
        self.name, self.first, self.last = name, first, last
        self._file, self._files = file, files

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

    @cached_property
    def _text(self) -> bytes:
        try:
            text = gzip.decompress(self._files.bytes(self._file))
        except (OSError, EOFError) as wrong:
            raise CodeBookError(f"{self._file}: {wrong}; make the table again") from wrong
        if not text or len(text) % WIDTH or text[WIDTH - 1 :: WIDTH].strip(b"\n"):
            raise CodeBookError(f"{self._file}: not {WIDTH} characters a line throughout; make the table again")
        return text


class Icd10cm:
    """All editions of the code book; answers are remembered, as the tables never change."""

    def __init__(self, editions: Mapping[str, Mapping[str, object]], files: Files) -> None:
        self._editions = [_edition(name, entry, files) for name, entry in sorted(editions.items())]
        self._known: dict[tuple[str, date], DiagnosisCode] = {}

    def look_up(self, code: str, day: date) -> DiagnosisCode:
        """What the edition of a day, else the nearest, says of a code however it is written."""
        known = self._known.get((code, day))
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[(code, day)] = self._look_up(bare(code), day)
        return known

    def _look_up(self, code: str, day: date) -> DiagnosisCode:
        edition = min(self._editions, key=lambda each: each.days_away(day))
        own = edition.days_away(day) == 0
        billable = edition.standing(code) if FORM.fullmatch(code) else None
        if billable is None:
            return DiagnosisCode(dotted(code), False, False, (), edition.name, own)
        children = () if billable else tuple(dotted(below) for below in edition.children(code))
        return DiagnosisCode(dotted(code), True, billable, children, edition.name, own)


def _edition(name: str, entry: Mapping[str, object], files: Files) -> Edition:
    first, last, file = entry.get("from"), entry.get("to"), entry.get("file")
    if not (isinstance(first, date) and isinstance(last, date) and isinstance(file, str)):
        raise CodeBookError(f"icd10cm_editions.toml {name}: needs file, from and to; mend that entry")
    return Edition(name, file, first, last, files)
