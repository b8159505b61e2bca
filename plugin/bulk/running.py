"""A whole audit: assemble, audit the partitions in parallel processes, gather; resumed where it was broken off.

The unit of resuming is the partition: one whose result stands is not done again.
A run may go on only with what it began with: the same files, settings, tables and rulebook.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import plugin.codebook
from plugin.bulk.beginning import begin
from plugin.bulk.errors import BulkError
from plugin.bulk.files import Problem, find_files
from plugin.bulk.findings import Tally
from plugin.bulk.partition import PartAudits, result_files
from plugin.bulk.progress import AUDITING, Report, untold
from plugin.bulk.runs import Begun, Outcome, Run
from plugin.bulk.settings import AuditSettings, ChargeSource
from plugin.bulk.shortages import shortages_said
from plugin.bulk.whole_file import whole_file
from plugin.bulk.workers import Each, crew
from plugin.codebook.alone import alone_in
from plugin.rules import EDITION

MANIFEST = "manifest.json"
REMEDY = "free space or name another with --work, then run it again"
BUSY = "another audit works there; run the command again when that has ended, or name another --output and --work"
TABLES = Path(plugin.codebook.__file__).with_name("data")
ASSEMBLY_FORM = 4
"""Counted up when work folders of older versions can't be gone on with."""


@contextmanager
def working_in(work: Path) -> Iterator[None]:
    """A work folder for this run alone, made where it is missing; BulkError where another run works.

    One that is left empty is taken away.
    """
    with shortages_said(work, REMEDY):
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone_in(work, BulkError(f"{work}: {BUSY}")):
        try:
            yield
        finally:
            with suppress(OSError):
                work.rmdir()


def audit(run: Run, told: Report = untold) -> Outcome:
    """Audit an export in a folder held by `working_in`.

    BulkError when nothing can be read or the machine has run out, and then it can be resumed.
    """
    files = find_files(run.export)
    made_from = _fingerprint(run, files)
    with shortages_said(run.work, REMEDY), crew(run.workers) as each:
        begun = _standing(run.work, made_from) or _begin(run, files, made_from, each, told)
        return _audit_partitions(run, begun, each, told)


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


def _begin(run: Run, files: list[Path], made_from: str, each: Each, told: Report) -> Begun:
    """Assemble anew; the manifest is written last, so that a half-made assembly is never gone on with."""
    (run.work / MANIFEST).unlink(missing_ok=True)
    begun = begin(run, files, each, told)
    with whole_file(run.work / MANIFEST) as file:
        file.write(json.dumps({"made_from": made_from, **asdict(begun)}).encode())
    return begun


def _audit_partitions(run: Run, begun: Begun, each: Each, told: Report) -> Outcome:
    folder, parts = run.parts, range(begun.partitions)
    settings = replace(run.settings, charges=ChargeSource(begun.source))
    tally, total, done = Tally(), begun.counts.get("Encounter", 0), set()
    for part in parts:
        if _finished(folder, part):
            done.add(part)
            tally.add(_tally_of(folder, part))
    encounters = tally.encounters
    told(AUDITING, encounters, total)
    for step in each(partial(PartAudits, folder, settings), [part for part in parts if part not in done]):
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


def clear(work: Path) -> None:
    """Remove a work folder, which holds charts; what says that it can be gone on with goes first."""
    (work / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(work, ignore_errors=True)
