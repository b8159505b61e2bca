"""One partition of an assembled export: patient after patient, and a result written whole or not at all."""

import gc
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from plugin.bulk.auditing import Auditor, Line
from plugin.bulk.findings import Tally
from plugin.bulk.parts import CHARGED, OWN, SHARED, read_rows

Patient = tuple[str, list[Line]]
Shared = defaultdict[str, list[tuple[Line, str]]]
"""By key the copies of a resource of nobody in particular, each with the keys it points to."""


def audit_partition(folder: Path, part: int, auditor: Auditor) -> Iterator[int]:
    """Audit partition `part` below `folder` into `part.jsonl` and `part.json`; the second is there when all is.

    Gives the number of encounters of patient after patient, when they are done.
    """
    auditor.tally = Tally()
    findings, summary = result_files(folder, part)
    with uncollected(), whole_file(findings) as file:
        for _, lines in patients(folder, part):
            before = auditor.tally.encounters
            for row in auditor.audit(lines):
                file.write(msgspec.json.encode(row) + b"\n")
            yield auditor.tally.encounters - before
    with whole_file(summary) as file:
        file.write(json.dumps(asdict(auditor.tally)).encode())


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for cycles of garbage meanwhile: charts come and go by the thousand, and are no cycles.

    What is young is looked through at the end; the tables and the code, which stay, are not.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect(0)


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


def patients(folder: Path, part: int) -> Iterator[Patient]:
    """Each patient's lines, with those of nobody in particular that they point to."""
    shared = _shared(folder, part)
    owners: defaultdict[str, list[tuple[Line, str]]] = defaultdict(list)
    for name in (OWN, CHARGED):
        for owner, kind, pointed, text in read_rows(folder, part, name):
            owners[owner].append(((kind, text), pointed))
    for owner in sorted(owners):
        rows = owners.pop(owner)
        wanted = _reached({key for _, pointed in rows if pointed for key in pointed.split(" ")}, shared)
        yield owner, [line for line, _ in rows] + [line for key in sorted(wanted) for line, _ in shared[key]]


def _shared(folder: Path, part: int) -> Shared:
    shared: Shared = defaultdict(list)
    for key, kind, pointed, text in read_rows(folder, part, SHARED):
        shared[key].append(((kind, text), pointed))
    return shared


def _reached(keys: set[str], shared: Shared) -> set[str]:
    """The shared resources pointed to, and those they point to."""
    found = {key for key in keys if key in shared}
    further = {key for one in found for _, pointed in shared[one] for key in pointed.split(" ") if key in shared}
    return found | further
