"""The lines of an export parted among patients, out of core, by DuckDB.

Each patient's resources end up in one of many partition files, whole, as they were written.
An administration that names an encounter goes where that encounter is; one that names none goes with its patient.
Nothing of a chart is decided here: the readers of `fhir_mappings` place, as they do for a single file.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from fhir_mappings.paths import READ_IN_BULK
from plugin.bulk import columns
from plugin.bulk.columns import literal
from plugin.bulk.errors import BulkError
from plugin.bulk.files import LONGEST_LINE, Problem, copy_readable, unreadable_lines

NO_PARTITION, NOBODYS = -1, -2
BYTES_A_PARTITION = 24 << 20
MOST_PARTITIONS = 4096
MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run may use: threads, and the memory DuckDB keeps to before it writes to `temp`."""

    threads: int
    memory_mb: int
    temp: Path


@dataclass(frozen=True, slots=True)
class Assembled:
    """Resources by type, how many partitions there are, and what was not read."""

    counts: dict[str, int]
    partitions: int
    problems: list[Problem]


@contextmanager
def database(machine: Machine) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of this run alone; running out of disk or memory becomes a BulkError that says so."""
    machine.temp.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(
            "SET TimeZone = 'UTC'; SET preserve_insertion_order = false; SET enable_progress_bar = false"
        )
        connection.execute(f"SET threads = {machine.threads}; SET memory_limit = '{machine.memory_mb}MB'")
        connection.execute(f"SET temp_directory = {literal(str(machine.temp))}")
        yield connection
    except (duckdb.OutOfMemoryException, MemoryError):
        raise BulkError("out of memory: allow more with --memory, or use fewer --workers") from None
    except duckdb.IOException as wrong:
        if "space" in str(wrong).lower():
            raise BulkError(f"{machine.temp}: the disk is full; free space or name another with --work") from None
        raise BulkError(f"a file could not be read or written: {str(wrong).splitlines()[0]}") from None
    finally:
        connection.close()


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


def assemble(files: list[Path], folder: Path, partitions: int, machine: Machine) -> Assembled:
    """Part the lines of the files among `partitions` folders below `folder`, which is made anew."""
    try:
        return _assemble(files, folder, partitions, machine)
    except duckdb.InvalidInputException:  # a line beyond its bounds stops the whole: copy what stands between them
        copies, problems = _between_bounds(files, machine.temp / "copies")
        assembled = _assemble(copies, folder, partitions, machine)
        shutil.rmtree(machine.temp / "copies")
        return replace(assembled, problems=[*problems, *assembled.problems])


def _assemble(files: list[Path], folder: Path, partitions: int, machine: Machine) -> Assembled:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    with database(machine) as connection:
        connection.execute(f"SET partitioned_write_max_open_files = {partitions + 8}")
        connection.execute(_part_lines(files, folder, partitions))
        counts = _count(connection, folder)
        _move_linked(connection, folder, partitions)
        _share(connection, folder)
        problems = _unread(connection, folder)
    return Assembled(counts, partitions, problems)


def _part_lines(files: list[Path], folder: Path, partitions: int) -> str:
    names = ", ".join(literal(str(path)) for path in files)
    lines = (
        f"SELECT json, filename, {columns.values_of('json')} AS v FROM read_ndjson_objects([{names}], "
        f"ignore_errors = true, filename = true, maximum_object_size = {LONGEST_LINE})"
    )
    parted = (
        f"SELECT {columns.value('resourceType')} AS kind, {columns.own_key()} AS key, "
        f"{columns.field_of('patient')} AS patient, {columns.field_of('encounter')} AS encounter, "
        f"{columns.pointed('json')} AS pointed, CASE WHEN {columns.is_read()} THEN json END AS json, filename "
        f"FROM ({lines})"
    )
    owned = (
        "SELECT kind, key, encounter, pointed, json, CASE WHEN json IS NULL THEN filename END AS filename, "
        "coalesce(patient, encounter, key, '') AS owner, patient IS NULL AS homeless, "
        f"CASE WHEN json IS NULL THEN {NO_PARTITION} WHEN {columns.is_shared()} THEN {NOBODYS} "
        f"ELSE hash(coalesce(patient, encounter, key, '')) % {partitions} END AS part FROM ({parted})"
    )
    return _copy(owned, folder, "line")


def _copy(query: str, folder: Path, name: str) -> str:
    return (
        f"COPY ({query}) TO {literal(str(folder))} (FORMAT parquet, PARTITION_BY (part), COMPRESSION snappy, "
        f"ROW_GROUP_SIZE 8192, APPEND, FILENAME_PATTERN '{name}_{{uuid}}')"
    )


def files_of(folder: Path, part: int | str = "*", name: str = "line") -> str:
    """The Parquet files of a partition as a SQL string."""
    return literal(str(folder / f"part={part}" / f"{name}_*.parquet"))


def _any(folder: Path, part: int | str = "*", name: str = "line") -> bool:
    return any(folder.glob(f"part={part}/{name}_*.parquet"))


def _count(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    rows = connection.execute(f"SELECT kind, count(*) FROM {files_of(folder)} WHERE kind IS NOT NULL GROUP BY kind")
    return dict(sorted(rows.fetchall()))


def _move_linked(connection: duckdb.DuckDBPyConnection, folder: Path, partitions: int) -> None:
    """What names an encounter goes to that encounter's patient, where it does not lie already.

    A condition that names its own patient stays: it may be a problem of theirs.
    """
    if not _any(folder):
        return
    newest = "(json_extract_string(json, '$.meta.lastUpdated'), json_extract_string(json, '$.meta.versionId'), owner)"
    connection.execute(
        "CREATE TABLE homes AS SELECT key, CASE WHEN min(owner) = max(owner) THEN min(owner) "
        f"ELSE arg_max(owner, {newest}) END AS owner FROM {files_of(folder)} "
        "WHERE kind = 'Encounter' AND key IS NOT NULL GROUP BY key"
    )
    astray = (
        f"FROM {files_of(folder)} AS line JOIN homes ON line.encounter = homes.key WHERE line.owner <> homes.owner "
        "AND (line.kind <> 'Condition' OR line.homeless)"
    )
    connection.execute(f"CREATE TABLE astray AS SELECT line.key, line.owner {astray}")
    if connection.execute("SELECT count(*) FROM astray").fetchall() == [(0,)]:
        return
    moved = (
        "SELECT line.kind, line.key, line.encounter, line.pointed, line.json, line.filename, homes.owner AS owner, "
        f"line.homeless, hash(homes.owner) % {partitions} AS part {astray}"
    )
    connection.execute(_copy(moved, folder, "moved"))
    gone = literal(str(folder / "astray.parquet"))
    connection.execute(f"COPY (SELECT key, owner FROM astray) TO {gone} (FORMAT parquet)")


def _share(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Medications, substances and devices go to every partition that points to one, and what these point to."""
    if not _any(folder, NOBODYS):
        return
    own = f"(SELECT key, json, pointed FROM {files_of(folder, NOBODYS)} WHERE key IS NOT NULL)"
    wanted = (
        f"SELECT DISTINCT part, unnest(pointed) AS key FROM read_parquet({files_of(folder)}, hive_partitioning = true) "
        f"WHERE part >= 0"
    )
    connection.execute(f"CREATE TABLE wanted AS {wanted}")
    connection.execute(
        f"INSERT INTO wanted SELECT DISTINCT part, unnest(pointed) FROM wanted JOIN {own} USING (key) "
        "WHERE len(pointed) > 0"
    )
    found = f"SELECT DISTINCT part, key, json, pointed FROM wanted JOIN {own} USING (key)"
    connection.execute(_copy(found, folder, "shared"))


def _unread(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Problem]:
    """The lines that hold no resource, looked up by number in the files that have such lines."""
    if not _any(folder, NO_PARTITION):
        return []
    rows = connection.execute(
        f"SELECT filename, count(*) FROM {files_of(folder, NO_PARTITION)} WHERE kind IS NULL GROUP BY filename"
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


def left_out(counts: dict[str, int]) -> Counter[str]:
    """Resources of types that no chart is made of."""
    return Counter({kind: count for kind, count in counts.items() if kind not in READ_IN_BULK})
