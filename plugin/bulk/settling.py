"""What can be known of an export's lines when all of them are placed, found by DuckDB in the notes of them.

What names an encounter goes where that encounter is; what belongs to nobody goes to every partition that points to it.
DuckDB sees keys alone, and keeps to a limit of memory; the lines themselves are moved beside it.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from plugin.bulk.database import database, literal
from plugin.bulk.machine import Machine
from plugin.bulk.moving import move_lines
from plugin.bulk.notes import COLUMNS, SHARED_LINES, note_file
from plugin.bulk.parts import SHARED, Rows
from plugin.bulk.placing import HELD

ENCOUNTERS_AT_ONCE = 500_000
AT_ONCE = 2048


def settle(folder: Path, partitions: int, machine: Machine) -> None:
    """Bring to its partition what lies in another, and what is shared to all that point to it."""
    with database(machine) as connection:
        view_notes(connection, folder)
        _move_astray(connection, folder, partitions)
        _give_shared(connection, folder)


def view_notes(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make a view of each table, and table `adopted`: encounters without a patient, with the home of who names them."""
    for name, columns in COLUMNS.items():
        kinds = ", ".join("{}: '{}'".format(*column.split(" ")) for column in columns.split(", "))
        connection.execute(
            f"CREATE VIEW {name} AS FROM read_csv({literal(str(note_file(folder, name)))}, header = false, "
            f"auto_detect = false, delim = '\x1f', quote = '', escape = '', new_line = '\\n', columns = {{{kinds}}})"
        )
    connection.execute(
        "CREATE TABLE adopted AS "
        "SELECT encounter, encounter AS owner, min(owner) AS home, arg_min(part, owner) AS part FROM claims "
        "WHERE owner <> encounter AND encounter IN (SELECT encounter FROM homes WHERE owner = encounter) "
        "GROUP BY encounter"
    )


def streamed(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, a bounded number at a time."""
    cursor = connection.execute(query)
    while rows := cursor.fetchmany(AT_ONCE):
        yield from rows


def _move_astray(connection: duckdb.DuckDBPyConnection, folder: Path, partitions: int) -> None:
    """What names an encounter goes to that encounter's patient, where it does not lie already."""
    _find_astray(connection)
    rows = streamed(connection, "SELECT part, owner, encounter, home FROM astray ORDER BY part")
    for part, moves in groupby(rows, lambda row: row[0]):
        move_lines(folder, partitions, part, ((owner, encounter, home) for _, owner, encounter, home in moves))


def _find_astray(connection: duckdb.DuckDBPyConnection) -> None:
    """Who names an encounter of another patient: table `astray`.

    The encounters are taken a share at a time, so that a table of them fits in memory.
    """
    connection.execute("CREATE TABLE astray (part INTEGER, owner VARCHAR, encounter VARCHAR, home VARCHAR)")
    encounters = connection.execute("SELECT count(*) FROM homes").fetchall()[0][0]
    shares = encounters // ENCOUNTERS_AT_ONCE + 1
    for share in range(shares):
        connection.execute(f"CREATE OR REPLACE TABLE home AS {newest_homes(f'hash(encounter) % {shares} = {share}')}")
        connection.execute(
            "INSERT INTO astray SELECT named.part, named.owner, encounter, home.owner FROM "
            "(SELECT encounter, owner, part FROM claims UNION ALL SELECT encounter, owner, part FROM homes) AS named "
            f"JOIN home USING (encounter) WHERE named.owner <> home.owner AND hash(encounter) % {shares} = {share}"
        )
    connection.execute("DROP TABLE home")


def newest_homes(which: str) -> str:
    """The patient and partition of each of these encounters, by the newest of its copies as the readers choose it.

    One without a patient is with whoever names it, by table `adopted` of `view_notes`.
    """
    number = "CASE WHEN regexp_full_match(version, '[0-9]{1,18}') THEN CAST(version AS BIGINT) ELSE 0 END"
    newest = f"(coalesce(updated, ''), {number}, owner)"
    return (
        "SELECT encounter, coalesce(home, own.owner) AS owner, coalesce(adopted.part, own.part) AS part FROM "
        f"(SELECT encounter, arg_max(owner, {newest}) AS owner, arg_max(part, {newest}) AS part FROM homes "
        f"WHERE {which} GROUP BY encounter) AS own LEFT JOIN adopted USING (encounter, owner)"
    )


def _give_shared(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Medications, substances and devices go to every partition that points to one, and what these point to."""
    connection.execute(
        "CREATE TABLE wanted AS SELECT DISTINCT part, key FROM wants;"
        "INSERT INTO wanted SELECT DISTINCT wanted.part, unnest(string_split(pointed, ' ')) FROM wanted "
        "JOIN shared USING (key) WHERE pointed <> ''"
    )
    both = "SELECT DISTINCT part, key FROM wanted"
    query = f"SELECT part, key, kind, pointed, start, length FROM ({both}) JOIN shared USING (key)"
    rows, held = Rows(folder), 0
    with (folder / SHARED_LINES).open("rb") as file:
        for part, key, kind, pointed, start, length in streamed(connection, query):
            file.seek(start)
            rows.add(part, SHARED, [key.encode(), kind.encode(), (pointed or "").encode(), file.read(length)])
            held += length
            if held > HELD:
                rows.write()
                held = 0
    rows.write()
