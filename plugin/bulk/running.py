"""A whole audit: assemble, audit the partitions in parallel processes, gather; resumed where it was broken off.

The unit of resuming is the partition: one whose result stands is not done again.
A run may go on only with what it began with: the same files, settings, tables and rulebook.
"""

import hashlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import plugin.codebook
from plugin.bulk.assembly import Assembled, Machine, assemble, partitions_for
from plugin.bulk.auditing import CHARGE, Auditor
from plugin.bulk.charges_file import add_charges
from plugin.bulk.errors import BulkError
from plugin.bulk.files import Problem, find_files, sound_files
from plugin.bulk.findings import Tally
from plugin.bulk.partition import audit_partition, result_files, whole_file
from plugin.bulk.settings import AuditSettings, ChargeSource
from plugin.rules import EDITION

MANIFEST = "manifest.json"
TABLES = Path(plugin.codebook.__file__).with_name("data")
ASSEMBLY_SHARE = 0.8
ASSEMBLY_FORM = 1
"""Counted up when work folders of older versions can't be gone on with."""
Report = Callable[[int, int], object]
"""Told (encounters done, encounters in all) now and then."""


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


def audit(run: Run, told: Report = lambda done, total: None) -> Outcome:
    """Audit an export; BulkError when nothing can be read or the machine has run out, and then it can be resumed."""
    files = find_files(run.export)
    made_from = _fingerprint(run, files)
    try:
        run.work.mkdir(mode=0o700, parents=True, exist_ok=True)
        manifest = _standing(run.work, made_from) or _begin(run, files, made_from)
        return _audit_partitions(run, manifest, told)
    except BrokenProcessPool:
        raise BulkError(
            "a worker was ended from outside, most likely for want of memory; use fewer --workers, then run the same "
            "command again: what is done is kept"
        ) from None
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


def _begin(run: Run, files: list[Path], made_from: str) -> _Manifest:
    """Assemble anew; the manifest is written last, so that a half-made assembly is never gone on with."""
    (run.work / MANIFEST).unlink(missing_ok=True)
    sound, problems, size = sound_files(files, run.workers)
    if not sound:
        raise BulkError(f"{problems[0].where}: {problems[0].found}; no file of the export can be read")
    folder, machine = run.work / "parts", _machine(run, run.workers, ASSEMBLY_SHARE)
    assembled = assemble(sound, folder, partitions_for(size, run.workers), machine)
    if not any(kind in assembled.counts for kind in ("Encounter", "MedicationAdministration")):
        raise BulkError(f"{run.export}: no Encounter and no MedicationAdministration in it; name a FHIR export")
    source, told = _source(run, assembled, folder, machine)
    everything = [*problems, *assembled.problems, *told]
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


def _machine(run: Run, threads: int, share: float) -> Machine:
    return Machine(threads, max(int(run.memory_mb * share), 64), run.work / "spill")


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
    told(tally.encounters, total)
    for part in _in_parallel(
        run, settings, [part for part in parts if part not in done], tally.encounters, told, total
    ):
        tally.add(_tally_of(folder, part))
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


def _in_parallel(
    run: Run, settings: AuditSettings, parts: list[int], before: int, told: Report, total: int
) -> Iterator[int]:
    """The partitions as they are finished; one process reads in one thread, the processes are what is parallel."""
    if not parts:
        return
    machine = _machine(run, 1, 1 / run.workers)
    if run.workers == 1:
        yield from _one_by_one(run.work / "parts", settings, parts, machine, lambda count: told(before + count, total))
        return
    spawning = multiprocessing.get_context("spawn")  # a forked DuckDB would share its threads
    counted = spawning.Value("q", 0)
    with ProcessPoolExecutor(
        min(run.workers, len(parts)), spawning, _start, (run.work / "parts", settings, machine, counted)
    ) as pool:
        waiting: set[Future[int]] = {pool.submit(_work, part) for part in parts}
        try:
            while waiting:
                finished, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                told(before + counted.get_obj().value, total)  # a worker that was killed may hold the lock for ever
                yield from [future.result() for future in finished]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_by_one(
    folder: Path, settings: AuditSettings, parts: list[int], machine: Machine, told: Callable[[int], object]
) -> Iterator[int]:
    auditor, done = Auditor(settings), 0

    def count(encounters: int) -> None:
        nonlocal done
        done += encounters
        told(done)

    for part in parts:
        audit_partition(folder, part, auditor, machine, count)
        yield part


_of_this_process: dict[str, Any] = {}


def _start(folder: Path, settings: AuditSettings, machine: Machine, counted: Any) -> None:
    """What a process needs for all its partitions: the tables are loaded once."""
    own = replace(machine, temp=machine.temp / str(os.getpid()))
    _of_this_process.update(folder=folder, auditor=Auditor(settings), machine=own, counted=counted)


def _work(part: int) -> int:
    folder, counted = _of_this_process["folder"], _of_this_process["counted"]

    def count(encounters: int) -> None:
        with counted.get_lock():
            counted.value += encounters

    audit_partition(folder, part, _of_this_process["auditor"], _of_this_process["machine"], count)
    return part


def clear(work: Path) -> None:
    """Remove a work folder; it holds charts."""
    shutil.rmtree(work, ignore_errors=True)
