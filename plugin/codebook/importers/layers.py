"""The rows of a table as they stand: the product's own, a site's overlay over them; and two tables side by side."""

import csv
import io
from collections.abc import Callable, Iterator
from importlib.resources.abc import Traversable
from itertools import groupby
from pathlib import Path

from plugin.codebook import tables
from plugin.codebook.errors import CodeBookError
from plugin.codebook.importers.site_tables import BOOKKEEPING, Row, SiteTable, by_name, check_header, names_of

Grouped = tuple[Row, list[Row], list[Row]]


def rows_of(file: Traversable, table: SiteTable) -> Iterator[tuple[int, Row]]:
    """The rows of one file of a table, with their lines; CodeBookError names file and line of a wrong one."""
    with io.TextIOWrapper(file.open("rb"), encoding="utf-8", newline="") as opened:
        reader = csv.reader(opened, strict=True)
        try:
            check_header(file, next(reader, []), table)
            for row in filter(None, reader):  # a blank line that a person left is no row
                if len(row) != len(table.columns):
                    raise CodeBookError(
                        f"{file} line {reader.line_num}: {len(row)} of {len(table.columns)} columns; mend the line"
                    )
                yield reader.line_num, tuple(row)
        except (csv.Error, UnicodeDecodeError) as wrong:
            raise CodeBookError(f"{file} line {reader.line_num}: {wrong}; mend the line") from wrong


def products_own(table: SiteTable) -> dict[Row, Row]:
    """The product's own rows by key and first day; few, so they are held in memory. None where they only stand in."""
    if table.stand_in:
        return {}
    file = tables.DATA / table.name
    return {identity(table, row): row for _, row in rows_of(file, table)} if file.is_file() else {}


def layered(table: SiteTable, overlay: Path | None, own: dict[Row, Row]) -> Iterator[Row]:
    """The product's own rows and then the overlay's, in no order; `standing` says which of two counts."""
    yield from own.values()
    if overlay is not None and (overlay / table.name).is_file():
        for _, row in rows_of(overlay / table.name, table):
            yield row


def standing(table: SiteTable, group: list[Row]) -> list[Row]:
    """Of the layered rows of one key those that count: the overlay's stands in the place of ours of the same day."""
    counts = {identity(table, row): row for row in group}
    return [counts[key] for key in sorted(counts)]


def identity(table: SiteTable, row: Row) -> Row:
    """What tells a row from every other: its key and its first day."""
    return (*row[: len(table.key)], row[-len(BOOKKEEPING)])


def rows_about(code: str, overlay: Path) -> Iterator[tuple[SiteTable, Row]]:
    """The rows of an overlay's imported tables that have a code in their key."""
    for name in names_of(overlay):
        table = by_name(name)
        if table is not None:
            yield from ((table, row) for _, row in rows_of(overlay / name, table) if code in row[: len(table.key)])


def paired(left: Iterator[Row], right: Iterator[Row], by: Callable[[Row], Row]) -> Iterator[Grouped]:
    """Two tables, each in the order of `by`, side by side: each key with its rows on both sides."""
    lefts, rights = groupby(left, by), groupby(right, by)
    one, other = next(lefts, None), next(rights, None)
    while one or other:
        key = min(group[0] for group in (one, other) if group)
        ours = list(one[1]) if one and one[0] == key else []
        theirs = list(other[1]) if other and other[0] == key else []
        yield key, ours, theirs
        one = next(lefts, None) if one and one[0] == key else one
        other = next(rights, None) if other and other[0] == key else other
