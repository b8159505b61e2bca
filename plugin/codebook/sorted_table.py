"""A table whose rows stand in the order of their key, searched by halving: a site's may be far too long to hold.

The product's own rows are read whole, a site's stay in their file. Both begin with the columns of their key.
"""

import csv
import mmap
from collections.abc import Iterator
from pathlib import Path

from plugin.codebook import tables
from plugin.codebook.errors import CodeBookError

NEW_LINE = b"\n"
Cells = dict[str, str]


class Lines:
    """The lines of one table under its header, in bytes; what a file says is as it was when it was opened."""

    def __init__(self, text: bytes | mmap.mmap, name: str) -> None:
        self._text = text
        self._first = text.find(NEW_LINE) + 1
        if not self._first:
            raise CodeBookError(f"{name}: the first line with the columns is missing; import the file again")
        self.columns = bytes(text[: self._first]).decode("utf-8").strip().split(",")

    def beginning(self, *key: str) -> Iterator[Cells]:
        """The rows whose first cells are these."""
        wanted = "".join(f"{cell}," for cell in key).encode("utf-8")
        at = self._place(wanted)
        while self._text[at : at + len(wanted)] == wanted:
            end = self._end(at)
            yield self._cells(bytes(self._text[at:end]))
            at = end

    def _cells(self, line: bytes) -> Cells:
        return dict(zip(self.columns, next(csv.reader([line.decode("utf-8")])), strict=False))

    def _place(self, wanted: bytes) -> int:
        """Where the first line stands that does not come before this one."""
        low, high = self._first, len(self._text)
        while low < high:
            middle = (low + high) // 2
            start = max(self._text.rfind(NEW_LINE, low, middle) + 1, low)
            if self._text[start : start + len(wanted)] < wanted:
                low = self._end(start)
            else:
                high = start
        return low

    def _end(self, start: int) -> int:
        return self._text.find(NEW_LINE, start) + 1 or len(self._text)


class SortedTable:
    """One table: the product's own rows, which stand in for a file that the site has not imported, and the site's."""

    def __init__(self, name: str, folders: tables.Folders) -> None:
        self.name = name
        self._own = Lines((tables.DATA / name).read_bytes(), name)
        site = folders.site_file(name)
        self._site = _opened(site) if site else None
        if self._site and self._site.columns != self._own.columns:
            columns = ",".join(self._own.columns)
            raise CodeBookError(f"{site}: the columns are not {columns}; import the file again")

    @property
    def of_site(self) -> bool:
        """Whether a site has rows of its own."""
        return self._site is not None

    def own(self, *key: str) -> list[Cells]:
        """The product's own rows that begin so."""
        return list(self._own.beginning(*key))

    def site(self, *key: str) -> list[Cells]:
        """The site's rows that begin so."""
        return list(self._site.beginning(*key)) if self._site else []

    def any_of_site(self, *key: str) -> bool:
        """Whether the site has a row that begins so."""
        return self._site is not None and next(self._site.beginning(*key), None) is not None


def _opened(path: Path) -> Lines:
    try:
        with path.open("rb") as file:
            return Lines(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), str(path))
    except (OSError, ValueError) as wrong:
        raise CodeBookError(f"{path}: {wrong}; import the file again") from wrong


def held_on(rows: list[Cells], day: str) -> list[Cells]:
    """Those in force on an ISO day."""
    return [row for row in rows if row["valid_from"] <= day and (not row["valid_to"] or day <= row["valid_to"])]
