"""The findings of all partitions in one order, in the format asked for."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from plugin.bulk.columns import COLUMNS, ORDER
from plugin.bulk.database import database, literal
from plugin.bulk.machine import Machine
from plugin.bulk.whole_file import whole_file
from plugin.ehr.plain_cells import plain_cell

AT_ONCE = 4096


def view_findings(connection: duckdb.DuckDBPyConnection, findings: Sequence[Path]) -> None:
    """Make the view `findings` of the partitions' files."""
    there = [literal(str(path)) for path in findings if path.stat().st_size]
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in COLUMNS.items())
    if there:
        source = f"SELECT * FROM read_json([{', '.join(there)}], format = 'newline_delimited', columns = {{{columns}}})"
    else:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in COLUMNS.items())
        source = f"SELECT {nothing} WHERE false"
    connection.execute(f"CREATE VIEW findings AS {source}")


def quoted(name: str) -> str:
    """A column's name, since `group` is a word of SQL."""
    return f'"{name}"'


def ordered() -> str:
    """All findings in the order that no run changes."""
    order = ", ".join(quoted(name) for name in ORDER)
    return f"SELECT {', '.join(quoted(name) for name in COLUMNS)} FROM findings ORDER BY {order}"


def rows(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """The findings one by one, as values that JSON holds."""
    cursor = connection.execute(ordered())
    while several := cursor.fetchmany(AT_ONCE):
        for row in several:
            yield {name: _plain(value) for name, value in zip(COLUMNS, row, strict=True)}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | list):
        return value
    number = str(value)
    if hasattr(value, "year"):
        return number
    return int(value) if value == int(value) else float(value)


def write_jsonl(findings: Sequence[Path], output: Path, machine: Machine) -> None:
    """One JSON object a line."""
    with database(machine) as connection, whole_file(output) as file:
        view_findings(connection, findings)
        for row in rows(connection):
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def write_csv(findings: Sequence[Path], output: Path, machine: Machine) -> None:
    """A header and one row each; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    with database(machine) as connection, whole_file(output) as file:
        view_findings(connection, findings)
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows([harmless(value) for value in row.values()] for row in rows(connection))
        text.detach()


def harmless(value: Any) -> Any:
    """A cell as text that no spreadsheet runs; numbers stay numbers."""
    if isinstance(value, list):
        value = " ".join(str(item) for item in value)
    return plain_cell(value) if isinstance(value, str) else value


def write_parquet(findings: Sequence[Path], output: Path, machine: Machine) -> None:
    """The columns with their types."""
    with database(machine) as connection:
        view_findings(connection, findings)
        connection.execute(f"COPY ({ordered()}) TO {literal(str(output))} (FORMAT parquet)")
    output.chmod(0o600)
