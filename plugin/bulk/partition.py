"""One partition of an assembled export: patient after patient, and a result written whole or not at all."""

import gc
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from plugin.bulk.assembly import Machine, database, files_of
from plugin.bulk.auditing import Auditor, Line
from plugin.bulk.columns import literal
from plugin.bulk.findings import Tally

AT_ONCE = 2048
Patient = tuple[str, list[Line]]


def audit_partition(
    folder: Path, part: int, auditor: Auditor, machine: Machine, done: Callable[[int], None] = lambda count: None
) -> None:
    """Audit partition `part` below `folder` into `part.jsonl` and `part.json`; the second is there when all is."""
    auditor.tally = Tally()
    findings, summary = result_files(folder, part)
    with uncollected(), database(machine) as connection, whole_file(findings) as file:
        for _, lines in patients(connection, folder, part):
            before = auditor.tally.encounters
            for row in auditor.audit(lines):
                file.write(msgspec.json.encode(row) + b"\n")
            done(auditor.tally.encounters - before)
    with whole_file(summary) as file:
        file.write(json.dumps(asdict(auditor.tally)).encode())


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for cycles of garbage meanwhile: charts come and go by the thousand, and are no cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


def result_files(folder: Path, part: int) -> tuple[Path, Path]:
    """Where a partition's findings and its summary stand."""
    results = folder / "results"
    results.mkdir(mode=0o700, exist_ok=True)
    return results / f"{part}.jsonl", results / f"{part}.json"


class whole_file:  # noqa: N801 - used as a statement, as open is
    """A file that only its owner reads, and that is there whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path, self._beside = path, path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> Any:
        self._file = os.fdopen(os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        return self._file

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            with self._file:
                if kind is None:
                    self._file.flush()
                    os.fsync(self._file.fileno())
            if kind is None:
                self._beside.replace(self._path)
        finally:
            self._beside.unlink(missing_ok=True)


def patients(connection: duckdb.DuckDBPyConnection, folder: Path, part: int) -> Iterator[Patient]:
    """Each patient's lines, with those of nobody in particular that they point to."""
    shared = _shared(connection, folder, part)
    for owner, of_patient in _by_owner(connection, _lines(folder, part)):
        wanted = _reached({key for row in of_patient for key in row[3] or ()}, shared)
        resources = [(kind, text) for _, kind, text, _ in of_patient]
        yield owner, resources + [(key.split("/")[0], shared[key][0]) for key in sorted(wanted)]


def _lines(folder: Path, part: int) -> str:
    own = f"part={part}"
    there = [name for name in ("line", "moved", "charge") if any((folder / own).glob(f"{name}_*.parquet"))]
    if not there:
        return "SELECT '' AS owner, '' AS kind, '' AS json, NULL AS pointed WHERE false"
    names = ", ".join(files_of(folder, part, name) for name in there)
    astray = folder / "astray.parquet"
    gone = f"SELECT key, owner FROM read_parquet({literal(str(astray))})"
    stays = f"WHERE (key, owner) NOT IN ({gone})" if astray.exists() else ""
    return (
        "SELECT owner, kind, json, CASE WHEN len(pointed) > 0 THEN pointed END AS pointed FROM "
        f"read_parquet([{names}], union_by_name = true, hive_partitioning = false) {stays}"
    )


def _by_owner(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[str, list[Any]]]:
    """The rows of each owner, the first column; the whole partition is held, which is cheaper than sorting its text."""
    cursor = connection.execute(query)
    owners: dict[str, list[Any]] = {}
    while rows := cursor.fetchmany(AT_ONCE):
        for row in rows:
            owners.setdefault(row[0], []).append(row)
    for owner in sorted(owners):
        yield owner, owners.pop(owner)


def _shared(connection: duckdb.DuckDBPyConnection, folder: Path, part: int) -> dict[str, tuple[str, list[str]]]:
    if not any((folder / f"part={part}").glob("shared_*.parquet")):
        return {}
    rows = connection.execute(f"SELECT key, json, pointed FROM {files_of(folder, part, 'shared')}").fetchall()
    return {key: (text, pointed) for key, text, pointed in rows}


def _reached(keys: set[str], shared: dict[str, tuple[str, list[str]]]) -> set[str]:
    """The shared resources pointed to, and those they point to."""
    found = {key for key in keys if key in shared}
    further = {key for one in found for key in shared[one][1] if key in shared}
    return found | further
