"""What differs between two days of the code book, or between two overlays."""

import csv
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from plugin.codebook import tables
from plugin.codebook.importers.editions import entries
from plugin.codebook.importers.layers import paired, standing
from plugin.codebook.importers.site_tables import BOOKKEEPING, Row, SiteTable, by_name
from plugin.codebook.importers.sorting import in_order

# What a row of any table is about; every other column but the bookkeeping is what it says.
KEY_COLUMNS = (
    *("setting", "system", "code", "ndc", "drug", "flag", "category", "role", "technique"),
    *("parent", "column_1", "column_2"),
)
NOT_COMPARED = {*BOOKKEEPING, "checked_on"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that was added, ended or changed; `columns` gives each differing column with both its values."""

    table: str
    key: str
    what: str
    columns: tuple[tuple[str, str, str], ...] = ()


def differences_of_days(first: date, second: date, overlay: Path | None = None) -> Iterator[Difference]:
    """What the tables say on the second day and not on the first, over every table that has dates."""
    tables.Folders(overlay)  # refuses a folder that is none, or holds tables nobody knows
    for name in _table_names(overlay):
        table = _shape(name, overlay)
        if table is None or not _dated(name, overlay):
            continue
        for _, group in _grouped(table, _layers(name, overlay)):
            rows = standing(table, group)
            before, after = _on(rows, first.isoformat()), _on(rows, second.isoformat())
            yield from _differing(table, before, after)
    yield from _limits(first, second, tables.Folders(overlay))


def differences_of_overlays(first: Path, second: Path) -> Iterator[Difference]:
    """What the second overlay says and the first doesn't, row by row; a row's key includes the day it begins."""
    for folder in (first, second):
        tables.Folders(folder)  # refuses a folder that is none, or holds tables nobody knows
    for name in sorted({*_names(first), *_names(second)}):
        if name.endswith(".toml"):
            yield from _entries(name, first, second)
            continue
        table = _shape(name, first) if (first / name).is_file() else _shape(name, second)
        if table is None:
            continue
        yield from _differing_rows(
            SiteTable(name, (*table.key, "valid_from"), (*table.values, "valid_to")), first, second
        )


def _differing_rows(table: SiteTable, first: Path, second: Path) -> Iterator[Difference]:
    def key(row: Row) -> Row:
        return row[: len(table.key)]

    with tempfile.TemporaryDirectory() as staging:
        left = in_order(_read(table, first / table.name), key, Path(staging), "first")
        right = in_order(_read(table, second / table.name), key, Path(staging), "second")
        for _, before, after in paired(left, right, key):
            yield from _differing(table, before[-1] if before else None, after[-1] if after else None)


def _differing(table: SiteTable, before: Row | None, after: Row | None) -> Iterator[Difference]:
    row = before or after
    if row is None:
        return
    key = " ".join(cell for cell in row[: len(table.key)] if cell)
    if before is None or after is None:
        yield Difference(table.name, key, "added" if before is None else "ended")
        return
    width = len(table.key)
    columns = tuple(
        (column, old, new)
        for column, old, new in zip(table.values, before[width:], after[width:], strict=False)
        if old != new
    )
    if columns:
        yield Difference(table.name, key, "changed", columns)


def _on(rows: list[Row], day: str) -> Row | None:
    """The row in force on a day; days without a beginning or an end are open."""
    held = [row for row in rows if row[-4] <= day and (not row[-3] or day <= row[-3])]
    return held[-1] if held else None


def _grouped(table: SiteTable, files: list[Any]) -> Iterator[tuple[Row, list[Row]]]:
    width = len(table.key)
    with tempfile.TemporaryDirectory() as staging:
        rows = (row for file in files for row in _read(table, file))
        ordered = in_order(rows, lambda row: row[:width], Path(staging), "compared")
        for key, group in groupby(ordered, key=lambda row: row[:width]):
            yield key, list(group)


def _layers(name: str, overlay: Path | None) -> list[Any]:
    """The files that count for a table: the site's, and the product's own where it doesn't just stand in for that."""
    known, site = by_name(name), overlay / name if overlay else None
    stands_alone = known is not None and known.stand_in and site is not None and site.is_file()
    return [*([] if stands_alone else [tables.DATA / name]), *([site] if site else [])]


def _read(table: SiteTable, file: Any) -> Iterator[Row]:
    """The rows of a table of any columns in the order of a site table's; empty where a column is missing."""
    if not file.is_file():
        return
    with io.TextIOWrapper(file.open("rb"), encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            yield tuple(row.get(column) or "" for column in table.columns)


def _shape(name: str, overlay: Path | None) -> SiteTable | None:
    """What of a table's columns is key and what is value; None for a table without either."""
    header = _header(name, overlay)
    key = tuple(column for column in KEY_COLUMNS if column in header)
    values = tuple(column for column in header if column not in key and column not in NOT_COMPARED)
    return SiteTable(name, key, values) if key else None


def _header(name: str, overlay: Path | None) -> list[str]:
    places = ([overlay / name] if overlay else []) + [tables.DATA / name]
    for file in places:
        if file.is_file():
            with io.TextIOWrapper(file.open("rb"), encoding="utf-8", newline="") as opened:
                return next(csv.reader(opened), [])
    return []


def _dated(name: str, overlay: Path | None) -> bool:
    return "valid_from" in _header(name, overlay)


def _table_names(overlay: Path | None) -> list[str]:
    own = {entry.name for entry in tables.DATA.iterdir() if entry.name.endswith(".csv")}
    return sorted(own | {name for name in (_names(overlay) if overlay else ()) if name.endswith(".csv")})


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.suffix in (".csv", ".toml")]


def _limits(first: date, second: date, folders: tables.Folders) -> Iterator[Difference]:
    """Numbers of `time_limits.toml` that are not the same on both days."""
    for name, limits in tables.read_limits(folders).items():
        before, after = (
            next(
                (str(v.value) for v in limits if v.valid_from <= day and (v.valid_to is None or day <= v.valid_to)), ""
            )
            for day in (first, second)
        )
        if before != after:
            what = "added" if not before else "changed" if after else "ended"
            yield Difference("time_limits.toml", name, what, (("is", before, after),) if before and after else ())


def _entries(name: str, first: Path, second: Path) -> Iterator[Difference]:
    """Entries of a table in TOML that only one overlay has, or that differ."""
    before, after = (entries(folder / name) for folder in (first, second))
    for key in sorted({*before, *after}):
        if key not in before or key not in after:
            yield Difference(name, key, "added" if key in after else "ended")
        elif before[key] != after[key]:
            yield Difference(name, key, "changed")
