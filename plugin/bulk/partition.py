"""One partition of an assembled export: patient after patient, and a result written whole or not at all."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from plugin.bulk.auditing import Auditor
from plugin.bulk.findings import Tally
from plugin.bulk.lines import Line
from plugin.bulk.parts import SHARED, WANTED, part_file, read_rows
from plugin.bulk.settings import AuditSettings
from plugin.bulk.whole_file import whole_file

SECONDS_BETWEEN = 0.25
Patient = tuple[str, list[Line]]
Shared = defaultdict[bytes, list[tuple[Line, bytes]]]
"""By key the copies of a resource of nobody in particular, each with the keys it points to."""


@dataclass(frozen=True, slots=True)
class Step:
    """Encounters done since the last step; `part` is the partition that this ends."""

    encounters: int
    part: int | None = None


class PartAudits:
    """Audits one partition below `folder` after another, by tables that are loaded once."""

    def __init__(self, folder: Path, settings: AuditSettings) -> None:
        self.folder, self.auditor = folder, Auditor(settings)

    def __call__(self, part: int) -> Iterator[Step]:
        """A step now and then, and one at the end."""
        untold, last = 0, time.monotonic()
        for encounters in audit_partition(self.folder, part, self.auditor):
            untold += encounters
            if time.monotonic() - last > SECONDS_BETWEEN:
                yield Step(untold)
                untold, last = 0, time.monotonic()
        yield Step(untold, part)


def audit_partition(folder: Path, part: int, auditor: Auditor) -> Iterator[int]:
    """Audit partition `part` below `folder` into `part.jsonl` and `part.json`; the second is there when all is.

    Gives the number of encounters of patient after patient, when they are done.
    """
    auditor.tally = Tally()
    findings, summary = result_files(folder, part)
    with whole_file(findings) as file:
        for _, lines in patients(folder, part):
            before = auditor.tally.encounters
            for row in auditor.audit(lines):
                file.write(msgspec.json.encode(row) + b"\n")
            yield auditor.tally.encounters - before
    with whole_file(summary) as file:
        file.write(json.dumps(asdict(auditor.tally)).encode())


def result_files(folder: Path, part: int) -> tuple[Path, Path]:
    """Where a partition's findings and its summary stand."""
    results = folder / "results"
    results.mkdir(mode=0o700, exist_ok=True)
    return results / f"{part}.jsonl", results / f"{part}.json"


def patients(folder: Path, part: int) -> Iterator[Patient]:
    """Each patient's lines, with those of nobody in particular that they point to."""
    lines: defaultdict[bytes, list[Line]] = defaultdict(list)
    wanted: defaultdict[bytes, set[bytes]] = defaultdict(set)
    shared: Shared = defaultdict(list)
    for kind, rows in read_rows(part_file(folder, part)):
        if kind == WANTED:
            for owner, *keys in rows:
                wanted[owner].update(keys)
        elif kind == SHARED:
            for key, of_kind, pointed, line in rows:
                shared[key].append(((of_kind.decode(), line), pointed))
        else:
            for owner, *several in rows:
                lines[owner] += [(kind, line) for line in several]
    for owner in sorted(lines):
        reached = sorted(_reached(wanted[owner], shared)) if owner in wanted else ()
        yield owner.decode(), lines.pop(owner) + [line for key in reached for line, _ in shared[key]]


def _reached(keys: set[bytes], shared: Shared) -> set[bytes]:
    """The shared resources pointed to, and those they point to."""
    found = {key for key in keys if key in shared}
    further = {key for one in found for _, pointed in shared[one] for key in pointed.split(b" ") if key in shared}
    return found | further
