"""Which day an edition of a file begins, and which editions an overlay already holds."""

import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

from plugin.codebook.errors import CodeBookError
from plugin.codebook.importers.source_file import SourceFile

SOURCES = "sources.toml"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_FIRST_NCCI_YEAR = 1994  # version 32.0 is the first quarter of 2026


def _quarter(year: str, quarter: str) -> date:
    return date(int(year), 3 * int(quarter) - 2, 1)


def _month(year: str, month: str, day: str = "1") -> date:
    return date(int(year), MONTHS.index(month[:3]) + 1, int(day))


Reader = Callable[[re.Match[str]], date]
_IN_THE_TEXT: tuple[tuple[str, Reader], ...] = (
    (rf"effective\s+{_MONTH}\s+(\d{{1,2}}),?\s+(20\d\d)", lambda m: _month(m[3], m[1], m[2])),
)
_IN_THE_NAME: tuple[tuple[str, Reader], ...] = (
    (r"(20\d\d)-(\d\d)-(\d\d)", lambda m: date(int(m[1]), int(m[2]), int(m[3]))),
    (r"(?<!\d)(\d\d)[-_]?(\d\d)[-_]?(20\d\d)(?!\d)", lambda m: date(int(m[3]), int(m[1]), int(m[2]))),
    (r"(20\d\d)[-_ ]?q([1-4])", lambda m: _quarter(m[1], m[2])),
    (r"q([1-4])[-_ ]?(20\d\d)", lambda m: _quarter(m[2], m[1])),
    (rf"(?<![a-z]){_MONTH}[-_ ]*(20\d\d)", lambda m: _month(m[2], m[1])),
    (rf"(20\d\d)[-_ ]*{_MONTH}", lambda m: _month(m[1], m[2])),
    (r"cci(?:pra|oph)[-_ ]?v(\d\d)([0-3])r", lambda m: _quarter(str(_FIRST_NCCI_YEAR + int(m[1])), str(int(m[2]) + 1))),
)
_YEAR = ((r"(?<!\d)(20\d\d)(?!\d)", lambda m: date(int(m[1]), 1, 1)),)


def first_day(file: SourceFile, given: date | None, yearly: bool = False) -> date:
    """The first day of the file's edition: given, else said in its first lines, else in its name.

    CodeBookError when none of them says it. `yearly`: a year alone in the name means its first day.
    """
    if given is not None:
        return given
    head = file.head.decode("utf-8", "replace").lower()
    name = file.path.stem.lower()
    found = _first(_IN_THE_TEXT, head) or _first(_IN_THE_NAME, name) or (_first(_YEAR, name) if yearly else None)
    if found is None:
        raise file.wrong("neither the file nor its name says from which day it holds; say it with --date YYYY-MM-DD")
    return found


def _first(forms: tuple[tuple[str, Reader], ...], text: str) -> date | None:
    for form, read in forms:
        if match := re.search(form, text):
            try:
                return read(match)
            except ValueError:
                continue
    return None


def held(overlay: Path, prefix: str) -> list[date]:
    """The first days of the editions whose sources an overlay names with that prefix, in order."""
    ids = [key.removeprefix(f"{prefix}-") for key in sources(overlay) if key.startswith(f"{prefix}-")]
    return sorted(day for text in ids if (day := _as_day(text)))


def _as_day(text: str) -> date | None:
    """The day that the rest of an id is; None for an id of another kind of source."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def sources(overlay: Path) -> dict[str, object]:
    """The overlay's own sources by id."""
    return entries(overlay / SOURCES)


def entries(file: Path) -> dict[str, object]:
    """The entries of a table in TOML, none where there is no such file; CodeBookError when it can't be read."""
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise CodeBookError(f"{file}: {wrong}; mend the file") from wrong
