"""Which diagnoses a drug's code is listed with, by whom, and how far that binds anybody.

A pattern is a code (`E86.0`), a code with all below it (`K50.-`, `T80.21-`), or a range of categories (`C81-C85`).
No match is a reason to look, never proof that something is not necessary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from plugin.codebook.errors import CodeBookError
from plugin.codebook.icd10cm import bare
from plugin.codebook.tables import Folders, read_csv
from plugin.domain import TableRow

TABLE = "indications.csv"
STANDINGS = ("article", "payer policy", "general knowledge")
CATEGORY = 3


@dataclass(frozen=True, slots=True)
class Indication:
    """One pattern of a drug's code; `condition` says under which it counts, empty where it does as it is."""

    code: str
    pattern: str
    group: str
    condition: str
    standing: str
    first: str
    last: str
    exact: bool
    row: TableRow

    def fits(self, diagnosis: str) -> bool:
        """Whether a bare ICD-10-CM code is one of the pattern's."""
        if self.exact:
            return diagnosis == self.first
        return self.first <= diagnosis[: len(self.first)] <= self.last


class Indications:
    """The table by drug code, read when first asked."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def of(self, code: str) -> tuple[Indication, ...]:
        """The patterns of a drug's code, none where nobody listed any."""
        return self._by_code.get(code, ())

    def fitting(self, code: str, diagnosis: str) -> tuple[Indication, ...]:
        """Those that a diagnosis fits, however it is written."""
        written = bare(diagnosis)
        return tuple(each for each in self.of(code) if each.fits(written))

    @cached_property
    def _by_code(self) -> Mapping[str, tuple[Indication, ...]]:
        found: dict[str, list[Indication]] = {}
        for line, row in read_csv(TABLE, self._folders):
            found.setdefault(row.get("code", ""), []).append(_indication(line, row))
        return {code: tuple(rows) for code, rows in found.items()}


def _indication(line: int, row: Mapping[str, str]) -> Indication:
    try:
        if row["standing"] not in STANDINGS:
            raise ValueError(f"standing {row['standing']!r} is none of {', '.join(STANDINGS)}")
        first, last, exact = _span(row["pattern"])
        source = TableRow(TABLE, f"{row['code']} {row['pattern']}", row["cites"])
        return Indication(
            row["code"], row["pattern"], row["group"], row["condition"], row["standing"], first, last, exact, source
        )
    except (KeyError, ValueError) as wrong:
        raise CodeBookError(f"{TABLE} line {line}: {wrong}; mend that field") from wrong


def _span(pattern: str) -> tuple[str, str, bool]:
    """First and last beginning of the codes that fit, and whether only the code itself does."""
    if pattern.endswith("-"):
        begins = bare(pattern.rstrip("-"))
        return begins, begins, False
    first, dash, last = pattern.partition("-")
    if dash and (len(first), len(last)) != (CATEGORY, CATEGORY):
        raise ValueError(f"the range {pattern!r} is not one of categories")
    return bare(first), bare(last) if dash else bare(first), not dash
