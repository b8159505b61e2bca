"""A whole audit: assemble, audit the partitions in parallel processes, gather; resumed where it was broken off.

The unit of resuming is the partition: one whose result stands is not done again.
A run may go on only with what it began with: the same files, settings, tables and rulebook.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import plugin.codebook
from plugin.bulk.assembly import Assembled, assemble, partitions_for, staged_file
from plugin.bulk.auditing import CHARGE, Auditor
from plugin.bulk.charges_file import add_charges
from plugin.bulk.errors import BulkError
from plugin.bulk.files import Problem, find_files, sound_files
from plugin.bulk.findings import Tally
from plugin.bulk.machine import NO_MORE, Machine
from plugin.bulk.partition import audit_partition, result_files, whole_file
from plugin.bulk.progress import AUDITING, Report, untold
from plugin.bulk.settings import AuditSettings, ChargeSource
from plugin.bulk.workers import Step, WorkerLostError, audit_in_processes
from plugin.rules import EDITION

MANIFEST = "manifest.json"
TABLES = Path(plugin.codebook.__file__).with_name("data")
ASSEMBLY_FORM = 3
"""Counted up when work folders of older versions can't be gone on with."""


@dataclass(frozen=True, slots=True)
class Run:
    """Where to read and work, with what, and how many processes; `charges` is a site's own file of charges."""

    export: Path
    work: Path
    settings: AuditSettings
    workers: int = 1
    memory_mb: int = 512
    charges: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run counted, where its findings stand by partition, and what was not read."""

    tally: Tally
    findings: list[Path]
    counts: dict[str, int]
    source: ChargeSource
    problems: list[Problem]
    resumed: int


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What a work folder was made from, and what the assembly found."""

    made_from: str
    counts: dict[str, int] = field(default_factory=dict)
    partitions: int = 0
    source: str = ChargeSource.NONE.value
    problems: list[list[str]] = field(default_factory=list)


def audit(run: Run, told: Report = untold) -> Outcome:
    """Audit an export; BulkError when nothing can be read or the machine has run out, and then it can be resumed."""
    files = find_files(run.export)
    made_from = _fingerprint(run, files)
    try:
        run.work.mkdir(mode=0o700, parents=True, exist_ok=True)
        manifest = _standing(run.work, made_from) or _begin(run, files, made_from, told)
        return _audit_partitions(run, manifest, told)
    except WorkerLostError:
        raise BulkError(
            "a worker was ended from outside, most likely for want of memory; use fewer --workers, then run the same "
            "command again: what is done is kept"
        ) from None
    except MemoryError:
        raise BulkError(NO_MORE) from None
    except RuntimeError as wrong:
        if "start new thread" not in str(wrong):
            raise
        raise BulkError(NO_MORE) from None
    except OSError as wrong:
        why = wrong.strerror or "cannot be written"
        raise BulkError(f"{run.work}: {why}; free space or name another with --work, then run it again") from None


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


def _standing(work: Path, made_from: str) -> _Manifest | None:
    """The manifest of an earlier run over the same, None where there is none."""
    try:
        manifest = _Manifest(**json.loads((work / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return manifest if manifest.made_from == made_from else None


def _begin(run: Run, files: list[Path], made_from: str, told: Report) -> _Manifest:
    """Assemble anew; the manifest is written last, so that a half-made assembly is never gone on with."""
    (run.work / MANIFEST).unlink(missing_ok=True)
    sound, problems, size = sound_files(files, run.workers)
    if not sound:
        raise BulkError(f"{problems[0].where}: {problems[0].found}; no file of the export can be read")
    folder, machine = run.work / "parts", Machine.of(run.workers, run.memory_mb, run.work / "spill")
    parts = partitions_for(size, run.workers)
    assembled = assemble(sound, folder, parts, machine, measures=run.settings.drugs, told=told)
    if not any(kind in assembled.counts for kind in ("Encounter", "MedicationAdministration")):
        raise BulkError(f"{run.export}: no Encounter and no MedicationAdministration in it; name a FHIR export")
    source, of_charges = _source(run, assembled, folder, machine)
    staged_file(folder).unlink()
    everything = [*problems, *assembled.problems, *of_charges]
    manifest = _Manifest(
        made_from,
        assembled.counts,
        assembled.partitions,
        source.value,
        [[problem.where, problem.found, problem.done] for problem in everything],
    )
    with whole_file(run.work / MANIFEST) as file:
        file.write(json.dumps(asdict(manifest)).encode())
    return manifest


def _source(run: Run, assembled: Assembled, folder: Path, machine: Machine) -> tuple[ChargeSource, list[Problem]]:
    """ChargeItems where the export has any, else Claims, else the site's file, else none."""
    if run.settings.compared is not None:
        return ChargeSource.NONE, []
    for source in (ChargeSource.CHARGE_ITEMS, ChargeSource.CLAIMS):
        if assembled.counts.get(source.value):
            return source, []
    if run.charges is None:
        return ChargeSource.NONE, []
    return ChargeSource.FILE, add_charges(run.charges, folder, machine, CHARGE)


def _audit_partitions(run: Run, manifest: _Manifest, told: Report) -> Outcome:
    folder, parts = run.work / "parts", range(manifest.partitions)
    settings = replace(run.settings, charges=ChargeSource(manifest.source))
    tally, total, done = Tally(), manifest.counts.get("Encounter", 0), set()
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
    return Outcome(
        tally,
        [result_files(folder, part)[0] for part in parts],
        manifest.counts,
        settings.charges,
        [Problem(*problem) for problem in manifest.problems],
        len(done),
    )


def _finished(folder: Path, part: int) -> bool:
    findings, summary = result_files(folder, part)
    return findings.exists() and summary.exists()


def _tally_of(folder: Path, part: int) -> Tally:
    return Tally(**json.loads(result_files(folder, part)[1].read_text("utf-8")))


def _steps(run: Run, settings: AuditSettings, parts: list[int]) -> Iterator[Step]:
    """The partitions audited, step by step, here or in processes."""
    folder = run.work / "parts"
    if run.workers > 1 and parts:
        yield from audit_in_processes(folder, settings, parts, run.workers)
    elif parts:
        auditor = Auditor(settings)
        for part in parts:
            yield from (Step(encounters) for encounters in audit_partition(folder, part, auditor))
            yield Step(0, part)


def clear(work: Path) -> None:
    """Remove a work folder; it holds charts."""
    shutil.rmtree(work, ignore_errors=True)
