"""A site's own file of charges (CSV), parted among the patients' partitions."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from plugin.bulk.database import database, literal
from plugin.bulk.errors import BulkError
from plugin.bulk.files import Problem
from plugin.bulk.machine import Machine
from plugin.bulk.parts import Rows
from plugin.bulk.settling import newest_homes, streamed, view_notes

NEEDED = {"encounter", "code"}
ROWS_AT_ONCE = 100_000
KNOWN = ("encounter", "code", "modifiers", "date", "units")
DATED = "(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}([T ].*)?"
"""A day, as databases write it also with a time."""


def add_charges(path: Path, folder: Path, machine: Machine, kind: str) -> list[Problem]:
    """Write the rows beside the encounters they name; gives the rows that name none, or can't be read.

    Columns, in small letters or capitals: encounter (an id, or Encounter/id), code, and where there are any modifiers
    (parted by spaces or commas), date (YYYY-MM-DD) and units (1 where none stand).
    BulkError when the file or its columns can't be used, or it holds no charge.
    """
    with database(machine) as connection:
        _load(connection, path)
        view_notes(connection, folder)
        connection.execute(f"CREATE TABLE home AS {newest_homes('encounter IN (SELECT key FROM charges)')}")
        rows = (
            "SELECT part, owner, CAST(to_json({encounter: c.key, code: c.code, "
            "modifiers: list_filter(string_split_regex(coalesce(c.modifiers, ''), '[ ,;]+'), lambda m: m <> ''), "
            "date: c.day, units: c.units}) AS VARCHAR) FROM charges c JOIN home ON key = encounter WHERE wrong IS NULL"
        )
        _give(streamed(connection, rows), folder, kind)
        wrong = connection.execute(
            "SELECT line, coalesce(wrong, 'an encounter the export does not hold') FROM charges "
            "WHERE wrong IS NOT NULL OR key NOT IN (SELECT encounter FROM home) ORDER BY line LIMIT 1000"
        )
        return [Problem(f"{path}: line {line}", why, "this charge was not compared") for line, why in wrong.fetchall()]


def _give(charges: Iterator[tuple[int, str, str]], folder: Path, kind: str) -> None:
    """Each charge to its patient's partition."""
    rows = Rows(folder)
    for number, (part, owner, charge) in enumerate(charges, 1):
        rows.add(part, kind, [owner.encode(), charge.encode()])
        if number % ROWS_AT_ONCE == 0:
            rows.write()
    rows.write()


def _load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        connection.execute(
            f"CREATE TABLE given AS SELECT * FROM read_csv({literal(str(path))}, header = true, all_varchar = true, "
            "null_padding = true, parallel = false)"
        )
    except duckdb.Error:
        raise BulkError(f"{path}: can't be read as CSV; it needs a header with {', '.join(KNOWN)}") from None
    names = {row[0].lower() for row in connection.execute("SELECT column_name FROM (DESCRIBE given)").fetchall()}
    if not names >= NEEDED:
        raise BulkError(f"{path}: no column {' and no column '.join(sorted(NEEDED - names))}; it needs a header")
    if connection.execute("SELECT 1 FROM given LIMIT 1").fetchone() is None:
        raise BulkError(f"{path}: no charge in it; without --charges the documentation alone is audited")
    columns = ", ".join(f"trim({name}) AS {name}" if name in names else f"NULL AS {name}" for name in KNOWN)
    connection.execute(
        "CREATE TABLE charges AS SELECT line, upper(code) AS code, upper(modifiers) AS modifiers, "
        "CASE WHEN contains(encounter, '/') THEN encounter ELSE 'Encounter/' || encounter END AS key, "
        "left(nullif(date, ''), 10) AS day, coalesce(nullif(units, ''), '1') AS units, CASE "
        "WHEN nullif(encounter, '') IS NULL OR nullif(code, '') IS NULL THEN 'no encounter or no code' "
        f"WHEN nullif(date, '') IS NOT NULL AND (NOT regexp_full_match(date, '{DATED}') "
        "OR TRY_CAST(left(date, 10) AS DATE) IS NULL) THEN 'no date like 2026-03-02' "
        "WHEN TRY_CAST(coalesce(nullif(units, ''), '1') AS DECIMAL(18, 3)) IS NULL THEN 'no number of units' END "
        f"AS wrong FROM (SELECT row_number() OVER () + 1 AS line, {columns} FROM given)"
    )
