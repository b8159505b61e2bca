"""What `codebook show` says of a code: as an administration code, as a drug's, as a retired one, and as imported."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from plugin.codebook import CodeBook
from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.importers import rows_about
from plugin.codebook.tables import ProcedureCode

SHOWN_OF_A_TABLE = 10
CONTAINERS = {
    "single": "single-dose containers",
    "multi": "multi-dose containers",
    "either": "containers of both kinds",
}


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The lines to print, and whether any table knows the code on the day asked for."""

    lines: tuple[str, ...]
    known: bool


def shown_code(code: str, book: CodeBook, overlay: Path | None, day: date | None) -> ShownCode:
    """Every row about a code with its dates and sources; with a day, of drugs and imported tables only that day's."""
    procedures = [row for row in book.procedure_codes if row.code == code]
    drugs = [row for row in book.drug_codes if row.code == code]
    of_day = [row for row in drugs if day is None or row.holds(day)]
    retired = _retired(code, book)
    imported = _imported(code, overlay, day) if overlay else []
    held = [row for row in procedures if day is None or _holds(row, day)]
    lines = [line for row in procedures for line in _procedure(row, book)]
    lines += [line for row in of_day or drugs for line in _drug(row, book)]
    return ShownCode((*lines, *retired, *imported), bool(held or of_day or retired or imported))


def _procedure(row: ProcedureCode, book: CodeBook) -> Iterator[str]:
    settings = ", ".join(sorted(s.value for s in row.settings))
    yield f"{row.code} {row.label}"
    yield f"  {row.valid_from} to {row.valid_to or 'now'}; {settings}"
    yield f"  {_source(row.row.cites, book)}"


def _drug(row: DrugCode, book: CodeBook) -> Iterator[str]:
    yield f"{row.code} {row.label}"
    yield f"  drug {row.drug}; one unit is {'up to ' if row.up_to else ''}{row.amount} {row.unit}"
    yield f"  {row.valid_from or 'first day not known'} to {row.valid_to or 'now'}"
    if row.products:
        yield f"  chosen by the names {', '.join(row.products)}"
    if row.routes:
        yield f"  only by the routes {', '.join(sorted(route.value for route in row.routes))}"
    yield f"  {_source(row.row.cites, book)}"
    if row.container_row:
        yield f"  {CONTAINERS[row.container]}{_sizes(row.sizes, row.unit)}: {_source(row.container_row.cites, book)}"
    if row.note:
        yield f"  {row.note}"


def _sizes(sizes: tuple[Decimal, ...], unit: str) -> str:
    return f" of {', '.join(map(str, sizes))} {unit}" if sizes else ""


def _source(cites: str, book: CodeBook) -> str:
    source = book.citations[cites]
    return f"{source.title} <{source.locator}> ({source.standing.value})"


def _imported(code: str, overlay: Path, day: date | None) -> list[str]:
    """What the imported tables of an overlay say of a code, a few rows of each table."""
    lines = []
    for table, rows in groupby(rows_about(code, overlay), key=lambda found: found[0]):
        cells = [dict(zip(table.columns, row, strict=True)) for _, row in rows]
        held = [c for c in cells if day is None or c["valid_from"] <= str(day) <= (c["valid_to"] or "9999-12-31")]
        for row in held[:SHOWN_OF_A_TABLE]:
            said = "; ".join(f"{name} {row[name]}" for name in (*table.key, *table.values) if row[name])
            lines.append(f"{table.name}: {said}\n  {row['valid_from']} to {row['valid_to'] or 'now'}; {row['cites']}")
        if len(held) > SHOWN_OF_A_TABLE:
            lines.append(f"{table.name}: {len(held) - SHOWN_OF_A_TABLE} more rows")
    return lines


def _retired(code: str, book: CodeBook) -> list[str]:
    """What became of a code of the family's past."""
    past = book.retired.get(code)
    if past is None:
        return []
    ended = f"{code} ended {past.last_day}" if past.last_day else f"{code} has ended"
    names = [f"{new} ({label})" if (label := book.label(new)) else new for new in past.successors]
    now = f"it is {' or '.join(names)} now" if names else "it has no successor in this family"
    source = book.citations[past.row.cites]
    return [
        f"{ended}; {now}",
        *([f"  {past.note}"] if past.note else []),
        f"  {source.title} ({source.standing.value})",
    ]


def _holds(row: ProcedureCode, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)
