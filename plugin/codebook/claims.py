"""The tables that a finished set of charges is held against: limits, parents, pairs, codes and modifiers.

The tables that CMS publishes are read row by row where they lie; a site's own edition stands over the product's rows.
A value whose source nobody has read is not `verified`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from plugin.codebook.errors import CodeBookError
from plugin.codebook.sorted_table import Cells, SortedTable, held_on
from plugin.codebook.tables import Folders, read_toml
from plugin.domain import CareSetting, Citation, Standing, TableRow

EDITS = "claim_edits.toml"
READ = frozenset({Standing.SOURCED, Standing.COPY})
ANY_PARENT = "CCCCC"  # the contractor says which
REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class UnitLimit:
    """The most units of a code; `indicator` 1 counts a line, 2 and 3 a day (2 absolute, 3 payable on appeal).

    `own_day` is False where the day has no edition and the nearest one was asked.
    """

    units: int
    indicator: str
    own_day: bool
    verified: bool
    row: TableRow


@dataclass(frozen=True, slots=True)
class AddOn:
    """The codes one of which an add-on code needs beside it, as the site's file says or by our own rows.

    `open_ended` where the contractor may name others.
    """

    parents: tuple[str, ...]
    open_ended: bool
    of_file: bool
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class CodePair:
    """Two codes of which the second is not paid beside the first, unless a modifier is allowed and given."""

    column_1: str
    column_2: str
    modifier_allowed: bool
    verified: bool
    row: TableRow


@dataclass(frozen=True, slots=True)
class ModifierUse:
    """Where a modifier belongs: kinds of line, settings, days; `says` is distinct, waste, route, discount or empty."""

    modifier: str
    says: str
    on: frozenset[str]
    settings: frozenset[CareSetting]
    first: date
    last: date
    row: TableRow


class ClaimTables:
    """What the scrubber reads."""

    def __init__(self, folders: Folders, citations: Mapping[str, Citation]) -> None:
        self._citations = citations
        self._limits = SortedTable("unit_limits.csv", folders)
        self._add_ons = SortedTable("add_on_parents.csv", folders)
        self._pairs = SortedTable("code_pairs.csv", folders)
        self._hcpcs = SortedTable("hcpcs_codes.csv", folders)
        self._prices = SortedTable("drug_prices.csv", folders)
        self._edits = read_toml(EDITS, folders)
        self._known_pairs: dict[tuple[str, str, str], tuple[Cells, ...]] = {}

    def limit(self, code: str, setting: CareSetting, day: date) -> UnitLimit | None:
        """The unit limit of a day, else of the edition nearest to it; None for a code without one."""
        iso = day.isoformat()
        site, own = self._limits.site(setting.value, code), self._limits.own(setting.value, code)
        if not (site or own):
            return None
        held = held_on(site, iso) or held_on(own, iso)
        row = held[-1] if held else min([*site, *own], key=lambda r: _days_away(r, day))
        return UnitLimit(int(row["units"]), row["indicator"], bool(held), self._verified(row), _row(self._limits, row))

    def add_on(self, code: str, day: date) -> AddOn | None:
        """The parents of an add-on code; None for a code that stands by itself."""
        site = self._add_ons.site(code)
        rows = held_on(site or self._add_ons.own(code), day.isoformat())
        if not rows:
            return None
        parents = tuple(dict.fromkeys(row["parent"] for row in rows if row["parent"] != ANY_PARENT))
        return AddOn(
            parents,
            any(row["type"] != "1" for row in rows),
            bool(site),
            tuple(_row(self._add_ons, row) for row in rows),
        )

    def pair(self, first: str, second: str, setting: CareSetting, day: date) -> CodePair | None:
        """The pair with `first` in column 1 that is in force on a day.

        The product's own pairs count only until the site has a file with pairs of that first code.
        """
        key = (setting.value, first, second)
        rows = self._known_pairs.get(key)
        if rows is None:
            if len(self._known_pairs) >= REMEMBERED:
                self._known_pairs.clear()
            rows = self._known_pairs[key] = tuple(self._pair_rows(*key))
        for row in held_on(list(rows), day.isoformat()):
            allowed = row["modifier_allowed"] == "yes"
            return CodePair(first, second, allowed, self._verified(row), _row(self._pairs, row))
        return None

    def _pair_rows(self, setting: str, first: str, second: str) -> list[Cells]:
        site = self._pairs.site(setting, first, second)
        return site or ([] if self._pairs.any_of_site(setting, first) else self._pairs.own(setting, first, second))

    def hcpcs(self, code: str, day: date) -> bool | None:
        """Whether the site's HCPCS file has a code on a day; None where no file was imported."""
        return bool(held_on(self._hcpcs.site(code), day.isoformat())) if self._hcpcs.of_site else None

    def priced(self, code: str, day: date) -> bool:
        """Whether the site's file of drug prices has a code on a day: Medicare pays that drug by itself."""
        return bool(held_on(self._prices.site(code), day.isoformat()))

    @cached_property
    def once(self) -> Mapping[str, tuple[str, TableRow]]:
        """Codes reported once: within a day or an encounter."""
        return {
            code: (entry["within"], TableRow(EDITS, f"once {code}", entry["cites"]))
            for code, entry in self._edits["once"].items()
        }

    @cached_property
    def alone(self) -> Mapping[str, TableRow]:
        """Codes reported only where nothing else was done that day."""
        return {code: TableRow(EDITS, f"alone {code}", entry["cites"]) for code, entry in self._edits["alone"].items()}

    @cached_property
    def modifiers(self) -> Mapping[str, ModifierUse]:
        """Where the modifiers of this family belong; one that is not here is not judged."""
        return {name: _modifier(name, entry) for name, entry in self._edits["modifiers"].items()}

    def verified(self, row: TableRow) -> bool:
        """Whether somebody has read the source of a row."""
        return self._citations[row.cites].standing in READ

    def _verified(self, row: Cells) -> bool:
        source = self._citations.get(row["cites"])
        return source is not None and source.standing in READ

    @property
    def all_rows(self) -> list[TableRow]:
        """The rows of the product's own table of edits, for the check of the tables."""
        uses = (use.row for use in self.modifiers.values())
        return [*(row for _, row in self.once.values()), *self.alone.values(), *uses]


def _row(table: SortedTable, row: Cells) -> TableRow:
    key = " ".join(row[name] for name in ("setting", "code", "parent", "column_1", "column_2") if row.get(name))
    return TableRow(table.name, key, row["cites"])


def _days_away(row: Cells, day: date) -> int:
    first = date.fromisoformat(row["valid_from"])
    last = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
    return max((first - day).days, (day - last).days)


def _modifier(name: str, entry: Mapping[str, Any]) -> ModifierUse:
    try:
        return ModifierUse(
            name,
            entry.get("says", ""),
            frozenset(entry["on"]),
            frozenset(CareSetting(setting) for setting in entry.get("settings", [s.value for s in CareSetting])),
            entry.get("from", date.min),
            entry.get("to", date.max),
            TableRow(EDITS, f"modifier {name}", entry["cites"]),
        )
    except (KeyError, ValueError) as wrong:
        raise CodeBookError(f"{EDITS} modifiers.{name}: {wrong}; mend that entry") from wrong
