"""The lines of an export parted among patients, out of core, by DuckDB.

Each patient's resources end up in one of many partition files, whole, as they were written.
An administration that names an encounter goes where that encounter is; one that names none goes with its patient.
Nothing of a chart is decided here: the readers of `fhir_mappings` place, as they do for a single file.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from plugin.bulk import columns
from plugin.bulk.columns import literal
from plugin.bulk.files import LONGEST_LINE, Problem, copy_readable, unreadable_lines
from plugin.bulk.machine import Machine, database
from plugin.bulk.parts import OWN, SHARED, append_rows
from plugin.bulk.progress import Report, counted, untold, watched

NO_PARTITION, NOBODYS = -1, -2
BYTES_A_PARTITION = 24 << 20
MOST_PARTITIONS = 4096
MOST_PROBLEMS = 1000
AT_ONCE = 2048
ENCOUNTERS_AT_ONCE = 500_000


@dataclass(frozen=True, slots=True)
class Assembled:
    """Resources by type, how many partitions there are, and what was not read."""

    counts: dict[str, int]
    partitions: int
    problems: list[Problem]


def _between_bounds(files: list[Path], folder: Path) -> tuple[list[Path], list[Problem]]:
    """Copies of the files without the lines that can't be read, and those lines."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    copies, problems = [], []
    for number, path in enumerate(files):
        copies.append(folder / f"{number}.ndjson")
        problems += copy_readable(path, copies[-1], MOST_PROBLEMS)
    return copies, problems


def partitions_for(size: int, workers: int) -> int:
    """How many partitions so many bytes need, at least two for each worker."""
    return min(max(size // BYTES_A_PARTITION + 1, 2 * workers), MOST_PARTITIONS)


def assemble(
    files: list[Path],
    folder: Path,
    partitions: int,
    machine: Machine,
    *,
    measures: bool = False,
    told: Report = untold,
) -> Assembled:
    """Part the lines of the files among `partitions` files in `folder`, which is made anew.

    `measures`: of Observations the weights and surfaces are taken, too.
    """
    try:
        return _assemble(files, folder, partitions, machine, measures, told)
    except duckdb.InvalidInputException:  # a line beyond its bounds stops the whole: copy what stands between them
        copies, problems = _between_bounds(files, machine.temp / "copies")
        assembled = _assemble(copies, folder, partitions, machine, measures, told)
        shutil.rmtree(machine.temp / "copies")
        return replace(assembled, problems=[*problems, *assembled.problems])


def _assemble(
    files: list[Path], folder: Path, partitions: int, machine: Machine, measures: bool, told: Report
) -> Assembled:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    with database(machine) as connection:
        with watched(connection, told):
            _stage(connection, _placed_lines(files, partitions, measures), folder)
        counts = _count(connection)
        _find_astray(connection, counts.get("Encounter", 0))
        _view_lines(connection, partitions)
        rows = streamed(connection, f"SELECT part, {row_of('owner')} FROM lines")
        append_rows(counted(rows, _lines(connection), told), folder, OWN, machine.threads)
        append_rows(streamed(connection, _shared(connection)), folder, SHARED, machine.threads)
        problems = _unread(connection)
    return Assembled(counts, partitions, problems)


def staged_file(folder: Path) -> Path:
    """The placed lines of an export, as they stand while it is assembled."""
    return folder / "staged.parquet"


def staged(folder: Path) -> str:
    """The same as a SQL string."""
    return literal(str(staged_file(folder)))


def _stage(connection: duckdb.DuckDBPyConnection, query: str, folder: Path) -> None:
    """Read each line once, and write it with what places it, in the order in which it is read."""
    connection.execute(f"COPY ({query}) TO {staged(folder)} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 8192)")
    connection.execute(f"CREATE VIEW staged AS FROM read_parquet({staged(folder)}, file_row_number = true)")


def _placed_lines(files: list[Path], partitions: int, measures: bool) -> str:
    names = ", ".join(literal(str(path)) for path in files)
    lines = (
        f"SELECT json, filename, {columns.values_of('json')} AS v FROM read_ndjson_objects([{names}], "
        f"ignore_errors = true, filename = true, maximum_object_size = {LONGEST_LINE})"
    )
    read = columns.is_read("json", measures=measures)
    parted = (
        f"SELECT {columns.value('resourceType')} AS kind, {columns.own_key()} AS key, "
        f"{columns.field_of('patient')} AS patient, {columns.field_of('encounter')} AS encounter, "
        f"{columns.pointed('json')} AS pointed, CASE WHEN {read} THEN json END AS json, filename "
        f"FROM ({lines})"
    )
    owner = "coalesce(patient, encounter, key, '')"
    return (
        "SELECT kind, key, encounter, pointed, json, CASE WHEN json IS NULL THEN filename END AS filename, "
        f"{owner} AS owner, patient IS NULL AS homeless, "
        f"CASE WHEN json IS NULL THEN {NO_PARTITION} WHEN {columns.is_shared()} THEN {NOBODYS} "
        f"ELSE {_part_of(owner, partitions)} END AS part FROM ({parted})"
    )


def streamed(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[int, str]]:
    """The rows (partition, text) of a query, a bounded number at a time."""
    cursor = connection.execute(query)
    while rows := cursor.fetchmany(AT_ONCE):
        yield from rows


def _part_of(owner: str, partitions: int) -> str:
    return f"CAST(hash({owner}) % {partitions} AS INTEGER)"


def row_of(first: str) -> str:
    """A row of a partition file: owner (of a shared resource its key), type, keys pointed to, JSON."""
    tidy = f"translate({first}, chr(9) || chr(10), '  ')"
    return f"concat_ws(chr(9), {tidy}, kind, array_to_string(pointed, ' '), CAST(json AS VARCHAR))"


def _count(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = connection.execute("SELECT kind, count(*) FROM staged WHERE kind IS NOT NULL GROUP BY kind")
    return dict(sorted(rows.fetchall()))


def _lines(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute("SELECT count(*) FROM staged WHERE part >= 0").fetchall()[0][0])


def _find_astray(connection: duckdb.DuckDBPyConnection, encounters: int) -> None:
    """What names an encounter goes to that encounter's patient, where it does not lie already: table `astray`.

    A condition that names its own patient stays: it may be a problem of theirs.
    The encounters are taken a share at a time, so that a table of them fits in memory.
    """
    connection.execute("CREATE TABLE astray (number BIGINT, owner VARCHAR)")
    newest = "(json_extract_string(json, '$.meta.lastUpdated'), json_extract_string(json, '$.meta.versionId'), owner)"
    shares = encounters // ENCOUNTERS_AT_ONCE + 1
    for share in range(shares):
        connection.execute(
            "CREATE OR REPLACE TABLE homes AS SELECT key, CASE WHEN min(owner) = max(owner) THEN min(owner) "
            f"ELSE arg_max(owner, {newest}) END AS owner FROM staged "
            f"WHERE kind = 'Encounter' AND key IS NOT NULL AND hash(key) % {shares} = {share} GROUP BY key"
        )
        connection.execute(
            "INSERT INTO astray SELECT line.file_row_number, homes.owner FROM staged AS line "
            "JOIN homes ON line.encounter = homes.key WHERE line.owner <> homes.owner AND line.part >= 0 "
            f"AND hash(line.encounter) % {shares} = {share} AND (line.kind <> 'Condition' OR line.homeless)"
        )
    connection.execute("DROP TABLE homes")


def _view_lines(connection: duckdb.DuckDBPyConnection, partitions: int) -> None:
    """The lines of charts where they belong: view `lines`."""
    connection.execute(
        "CREATE VIEW lines AS SELECT kind, key, pointed, json, coalesce(astray.owner, line.owner) AS owner, "
        f"CASE WHEN astray.owner IS NULL THEN part ELSE {_part_of('astray.owner', partitions)} END AS part "
        "FROM staged AS line LEFT JOIN astray ON line.file_row_number = astray.number WHERE part >= 0"
    )


def _shared(connection: duckdb.DuckDBPyConnection) -> str:
    """Medications, substances and devices go to every partition that points to one, and what these point to."""
    connection.execute(
        f"CREATE VIEW shared AS FROM staged WHERE part = {NOBODYS} AND key IS NOT NULL;"
        "CREATE TABLE wanted AS SELECT DISTINCT part, unnest(pointed) AS key FROM lines WHERE len(pointed) > 0;"
        "INSERT INTO wanted SELECT DISTINCT wanted.part, unnest(pointed) FROM wanted JOIN shared USING (key) "
        "WHERE len(pointed) > 0"
    )
    both = "SELECT DISTINCT part, key FROM wanted"
    return f"SELECT wanted.part, {row_of('key')} FROM ({both}) AS wanted JOIN shared USING (key)"


def _unread(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """The lines that hold no resource, looked up by number in the files that have such lines."""
    rows = connection.execute(
        f"SELECT filename, count(*) FROM staged WHERE part = {NO_PARTITION} AND kind IS NULL GROUP BY filename"
    )
    problems: list[Problem] = []
    for name, count in sorted(rows.fetchall()):
        found = list(_some(Path(name)))
        problems += found
        if len(found) < min(count, MOST_PROBLEMS):
            problems.append(Problem(name, f"{count} lines that hold no resource", "these lines were not read"))
    return problems


def _some(path: Path) -> Iterator[Problem]:
    for number, problem in enumerate(unreadable_lines(path)):
        if number >= MOST_PROBLEMS:
            yield Problem(str(path), f"more than {MOST_PROBLEMS} such lines", "the further ones were not read either")
            return
        yield problem
