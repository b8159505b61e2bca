"""What can be checked of an overlay's imported tables: columns, dates, sources, overlaps and missing editions."""

import tempfile
from collections.abc import Iterator
from datetime import date
from itertools import groupby, islice, pairwise
from pathlib import Path

from plugin.codebook import tables
from plugin.codebook.errors import CodeBookError
from plugin.codebook.importers import editions
from plugin.codebook.importers.kinds import KINDS
from plugin.codebook.importers.layers import rows_of
from plugin.codebook.importers.site_tables import BOOKKEEPING, Row, SiteTable, by_name, names_of
from plugin.codebook.importers.sorting import in_order

SHOWN_OF_A_TABLE = 20
STALE_AFTER_DAYS = 400
# The longest time from one edition to the next, in days; what is published irregularly is not judged.
LONGEST_BETWEEN = {"asp-pricing": 95, "asp-ndc-hcpcs": 95, "mue": 95, "ptp": 95, "hcpcs": 370, "cpt-descriptors": 370}


def overlay_problems(overlay: Path, today: date) -> list[str]:
    """One sentence for each problem of the imported tables, naming table, row and remedy; empty when they are sound.

    A code that is missing for a while is no gap: the file has left it out. An edition that is missing is one.
    """
    try:
        cited = set(tables.read_citations(tables.Folders(overlay)))
    except CodeBookError as wrong:
        return [str(wrong)]
    found: list[str] = []
    for name in names_of(overlay):
        table = by_name(name)
        if table is not None:
            problems = _of_table(overlay / name, table, cited)
            found += islice(problems, SHOWN_OF_A_TABLE)
            left = sum(1 for _ in problems)
            found += [f"{overlay / name}: {left} more problems; mend those first"] if left else []
    return [*found, *_missing_editions(overlay, today)]


def _of_table(file: Path, table: SiteTable, cited: set[str]) -> Iterator[str]:
    width = len(table.key)
    try:
        with tempfile.TemporaryDirectory() as staging:
            yield from islice(_out_of_order(file, table), 1)
            numbered = ((*row, str(line)) for line, row in rows_of(file, table))
            ordered = in_order(numbered, lambda row: row[:width], Path(staging), "checked")
            for _, group in groupby(ordered, key=lambda row: row[:width]):
                yield from _of_key(file, list(group), width, cited)
    except CodeBookError as wrong:
        yield str(wrong)


def _out_of_order(file: Path, table: SiteTable) -> Iterator[str]:
    """Rows that come before the one above them: the table is searched by halving, and they would not be found."""
    width, above = len(table.key), tuple[str, ...]()
    for line, row in rows_of(file, table):
        if row[:width] < above:
            yield f"{file} line {line}: {' '.join(row[:width])} is not in the order of the rows; sort them by their key"
        above = row[:width]


def _of_key(file: Path, rows: list[Row], width: int, cited: set[str]) -> Iterator[str]:
    spans = []
    for row in rows:
        at = f"{file} line {row[-1]}"
        first_text, last_text, cites, _ = row[-len(BOOKKEEPING) - 1 : -1]
        if cites not in cited:
            yield f"{at}: there is no source {cites!r}; add it to sources.toml"
        try:
            first = date.fromisoformat(first_text)
            last = date.fromisoformat(last_text) if last_text else date.max
        except ValueError as wrong:
            yield f"{at}: {wrong}; write valid_from and valid_to as YYYY-MM-DD"
            continue
        if last < first:
            yield f"{at}: it ends on {last}, before it begins on {first}; mend one of the days"
        spans.append((first, last, at))
    for (_, last, _), (first, _, at) in pairwise(sorted(spans)):
        if last >= first:
            yield f"{at}: two rows of {' '.join(rows[0][:width])} hold on {first}; end the earlier one before it"


def _missing_editions(overlay: Path, today: date) -> Iterator[str]:
    """Editions further apart than they are published, and a newest one that is old: rows were carried on since."""
    for kind, longest in LONGEST_BETWEEN.items():
        for prefix in (kind, f"{kind}-facility", f"{kind}-office"):
            held = editions.held(overlay, prefix)
            if held and (today - held[-1]).days > STALE_AFTER_DAYS:
                yield f"{overlay}: the newest {KINDS[kind].title} ({prefix}) are of {held[-1]}; import the present ones"
            for before, after in pairwise(held):
                if (after - before).days > longest:
                    yield (
                        f"{overlay}: no edition of {KINDS[kind].title} ({prefix}) was imported between {before} and "
                        f"{after}, so the rows of {before} were carried on; import the one between, in any order"
                    )
