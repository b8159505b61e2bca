"""Processes that audit partitions, one at a time each; one of them may be killed at any moment and nothing hangs.

Each worker has a pipe of its own and shares nothing with the others, no queue and no lock: what a killed process held
can't be waited for. Its end closes its pipe, and a worker whose starter is gone meets the end of its own pipe.
"""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from plugin.bulk.auditing import Auditor
from plugin.bulk.errors import BulkError
from plugin.bulk.partition import audit_partition
from plugin.bulk.settings import AuditSettings

SECONDS_BETWEEN = 0.25


class WorkerLostError(Exception):
    """A worker ended without a word."""


@dataclass(frozen=True, slots=True)
class Step:
    """Encounters done since the last step of a worker; `part` is the partition that this ends."""

    encounters: int
    part: int | None = None


def audit_in_processes(folder: Path, settings: AuditSettings, parts: list[int], workers: int) -> Iterator[Step]:
    """Audit the partitions in so many processes; what stops one stops all, WorkerLostError if it was killed."""
    waiting = iter(parts)
    with _started(folder, settings, min(workers, len(parts))) as pipes:
        busy = {pipe for pipe in pipes if _give_next(pipe, waiting)}
        while busy:
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)  # noqa: S101 - wait gives back what it was given
                step = _heard(pipe)
                yield step
                if step.part is not None and not _give_next(pipe, waiting):
                    busy.remove(pipe)


def _heard(pipe: Connection) -> Step:
    try:
        told: Step | Exception = pipe.recv()
    except (EOFError, OSError):
        raise WorkerLostError from None
    if not isinstance(told, Step):
        raise told
    return told


def _give_next(pipe: Connection, waiting: Iterator[int]) -> bool:
    """Whether there was another partition to give."""
    part = next(waiting, None)
    with suppress(OSError):  # a worker that is gone is met where it is listened to
        pipe.send(part)
    return part is not None


@contextmanager
def _started(folder: Path, settings: AuditSettings, count: int) -> Iterator[list[Connection]]:
    """The near ends of the pipes of so many workers; all are ended with the block."""
    spawning = multiprocessing.get_context("spawn")  # a forked DuckDB would share its threads
    processes: list[BaseProcess] = []
    pipes: list[Connection] = []
    try:
        for _ in range(count):
            near, far = spawning.Pipe()
            pipes.append(near)
            process: BaseProcess = spawning.Process(target=_work, args=(far, folder, settings), daemon=True)
            with _uninterrupted():
                process.start()
            processes.append(process)
            far.close()
        yield pipes
    finally:
        for process in processes:
            process.kill()  # a partition's result is there whole or not at all
            process.join()
        for pipe in pipes:
            pipe.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """What is started meanwhile doesn't notice Ctrl-C: its starter does, and ends it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, folder: Path, settings: AuditSettings) -> None:
    """What a process does: the tables are loaded once, then a partition is audited for each number that comes."""
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # nobody listens any more
        try:
            auditor = Auditor(settings)
            while (part := pipe.recv()) is not None:
                _audit(pipe, folder, part, auditor)
        except (BulkError, OSError, MemoryError) as wrong:
            pipe.send(wrong)


def _audit(pipe: Connection, folder: Path, part: int, auditor: Auditor) -> None:
    untold, last = 0, time.monotonic()
    for encounters in audit_partition(folder, part, auditor):
        untold += encounters
        if time.monotonic() - last > SECONDS_BETWEEN:
            pipe.send(Step(untold))
            untold, last = 0, time.monotonic()
    pipe.send(Step(untold, part))
