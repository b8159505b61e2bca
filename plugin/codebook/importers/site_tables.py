"""The tables that importers fill in a site's own overlay, column by column.

Every table also ends with `valid_from`, `valid_to` (empty: still in force), `cites` (an id of sources.toml) and
`file_date` (the first day of the edition of the file that says so). Rows stand in the order of their key, each on one
line: long tables are searched where they lie (`plugin.codebook.sorted_table`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from plugin.codebook import tables
from plugin.codebook.errors import CodeBookError

BOOKKEEPING = ("valid_from", "valid_to", "cites", "file_date")
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteTable:
    """A table: what a row is about (its key), and what it says of it.

    `stand_in`: the product's own rows stand in for a file that the site has not imported yet, and aren't laid under it.
    """

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    stand_in: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in their order."""
        return (*self.key, *self.values, *BOOKKEEPING)

    @property
    def by_setting(self) -> bool:
        """Whether each care setting has its own rows, which another setting's file doesn't end."""
        return self.key[0] == "setting"


DRUG_PRICES = SiteTable("drug_prices.csv", ("code",), ("dosage", "payment_limit_usd", "coinsurance_percent", "note"))
DRUG_CROSSWALK_UNITS = SiteTable(
    "drug_crosswalk_units.csv",
    ("ndc", "code"),
    ("drug_name", "dosage", "package_size", "package_quantity", "units_per_item", "units_per_package"),
)
HCPCS_CODES = SiteTable("hcpcs_codes.csv", ("code",), ("long_description", "short_description", "coverage"))
UNIT_LIMITS = SiteTable("unit_limits.csv", ("setting", "code"), ("units", "indicator", "rationale"), stand_in=True)
CODE_PAIRS = SiteTable(
    "code_pairs.csv", ("setting", "column_1", "column_2"), ("modifier_allowed", "rationale"), stand_in=True
)
ADD_ON_PARENTS = SiteTable("add_on_parents.csv", ("code", "parent"), ("type", "note"), stand_in=True)
DESCRIPTORS = SiteTable("descriptors.csv", ("code",), ("descriptor",))
_ICD10CM = re.compile(r"icd10cm_\d{4}\.csv")

FIXED = (DRUG_PRICES, DRUG_CROSSWALK_UNITS, HCPCS_CODES, UNIT_LIMITS, CODE_PAIRS, ADD_ON_PARENTS, DESCRIPTORS)


def icd10cm(fiscal_year: int) -> SiteTable:
    """The table of one fiscal year of ICD-10-CM."""
    return SiteTable(f"icd10cm_{fiscal_year}.csv", ("code",), ("billable", "title"))


def by_name(name: str) -> SiteTable | None:
    """The table of that file name, None for a table that no importer fills."""
    if _ICD10CM.fullmatch(name):
        return icd10cm(int(name[8:12]))
    return next((table for table in FIXED if table.name == name), None)


def check_header(file: Traversable, found: Sequence[str], table: SiteTable) -> None:
    """CodeBookError for a table whose columns are not those it should have."""
    if tuple(found) != table.columns:
        raise CodeBookError(f"{file}: the columns are not {','.join(table.columns)}; mend the first line")


def accepted(table: SiteTable) -> None:
    """CodeBookError for a table that an overlay may not hold because the product has none of that name."""
    if not (tables.DATA / table.name).is_file():
        raise CodeBookError(f"{table.name}: this version of the code book has no such table; use a newer version")


def names_of(folder: Traversable) -> Iterator[str]:
    """The names of the imported tables that a folder holds, in order."""
    yield from sorted(entry.name for entry in folder.iterdir() if by_name(entry.name))
