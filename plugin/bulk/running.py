"""A whole audit: assemble, audit the partitions in parallel processes, gather; resumed where it was broken off.

The unit of resuming is the partition: one whose result stands is not done again.
A run may go on only with what it began with: the same files, settings, tables and rulebook.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path

import plugin.codebook
from plugin.bulk.apart import apart
from plugin.bulk.auditing import Auditor
from plugin.bulk.files import Problem, find_files
from plugin.bulk.findings import Tally
from plugin.bulk.partition import audit_partition, result_files, whole_file
from plugin.bulk.progress import AUDITING, Report, untold
from plugin.bulk.runs import Begun, Outcome, Run
from plugin.bulk.settings import AuditSettings, ChargeSource
from plugin.bulk.shortages import shortages_said
from plugin.bulk.workers import Step, audit_in_processes
from plugin.rules import EDITION

MANIFEST = "manifest.json"
TABLES = Path(plugin.codebook.__file__).with_name("data")
ASSEMBLY_FORM = 3
"""Counted up when work folders of older versions can't be gone on with."""


def audit(run: Run, told: Report = untold) -> Outcome:
    """Audit an export; BulkError when nothing can be read or the machine has run out, and then it can be resumed."""
    files = find_files(run.export)
    made_from = _fingerprint(run, files)
    with shortages_said(run.work, "free space or name another with --work, then run it again"):
        run.work.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun = _standing(run.work, made_from) or _begin(run, files, made_from, told)
        return _audit_partitions(run, begun, told)


def _fingerprint(run: Run, files: list[Path]) -> str:
    """Everything the findings depend on: the input by name, size and time, the settings, rulebook and tables."""
    tables = sorted(path for path in TABLES.iterdir() if path.is_file())
    inputs = [*files, *([run.charges] if run.charges else []), *_overlay_files(run.settings), *tables]
    seen = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in inputs]
    return hashlib.sha256(repr((seen, run.settings, EDITION, ASSEMBLY_FORM)).encode()).hexdigest()


def _overlay_files(settings: AuditSettings) -> Iterator[Path]:
    for policy in (settings.policy, settings.compared):
        if policy is not None and policy.overlay is not None:
            yield from sorted(path for path in policy.overlay.rglob("*") if path.is_file())


def _standing(work: Path, made_from: str) -> Begun | None:
    """What an earlier run over the same has begun, None where there is none."""
    try:
        manifest = json.loads((work / MANIFEST).read_text("utf-8"))
        if manifest.pop("made_from") != made_from:
            return None
        return Begun(**{**manifest, "problems": [Problem(**problem) for problem in manifest["problems"]]})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def can_go_on(work: Path) -> bool:
    """Whether a run that was broken off left something to go on with; if not, what it left is of no use."""
    return (work / MANIFEST).exists()


def _begin(run: Run, files: list[Path], made_from: str, told: Report) -> Begun:
    """Assemble anew; the manifest is written last, so that a half-made assembly is never gone on with."""
    (run.work / MANIFEST).unlink(missing_ok=True)
    with apart(1, _begin_apart, run, files) as (process,):
        while not isinstance(heard := process.hear(), Begun):
            told(*heard)
    with whole_file(run.work / MANIFEST) as file:
        file.write(json.dumps({"made_from": made_from, **asdict(heard)}).encode())
    return heard


def _begin_apart(pipe: Connection, run: Run, files: list[Path]) -> None:
    from plugin.bulk.beginning import begin  # noqa: PLC0415 - DuckDB is loaded there alone

    begin(pipe, run, files)


def _audit_partitions(run: Run, begun: Begun, told: Report) -> Outcome:
    folder, parts = run.parts, range(begun.partitions)
    settings = replace(run.settings, charges=ChargeSource(begun.source))
    tally, total, done = Tally(), begun.counts.get("Encounter", 0), set()
    for part in parts:
        if _finished(folder, part):
            done.add(part)
            tally.add(_tally_of(folder, part))
    encounters = tally.encounters
    told(AUDITING, encounters, total)
    for step in _steps(run, settings, [part for part in parts if part not in done]):
        encounters += step.encounters
        told(AUDITING, encounters, total)
        if step.part is not None:
            tally.add(_tally_of(folder, step.part))
    findings = [result_files(folder, part)[0] for part in parts]
    return Outcome(tally, findings, begun.counts, settings.charges, begun.problems, len(done))


def _finished(folder: Path, part: int) -> bool:
    findings, summary = result_files(folder, part)
    return findings.exists() and summary.exists()


def _tally_of(folder: Path, part: int) -> Tally:
    return Tally(**json.loads(result_files(folder, part)[1].read_text("utf-8")))


def _steps(run: Run, settings: AuditSettings, parts: list[int]) -> Iterator[Step]:
    """The partitions audited, step by step, here or in processes."""
    if run.workers > 1 and parts:
        yield from audit_in_processes(run.parts, settings, parts, run.workers)
    elif parts:
        auditor = Auditor(settings)
        for part in parts:
            yield from (Step(encounters) for encounters in audit_partition(run.parts, part, auditor))
            yield Step(0, part)


def clear(work: Path) -> None:
    """Remove a work folder, which holds charts; what says that it can be gone on with goes first."""
    (work / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(work, ignore_errors=True)
