"""Processes that audit partitions, one at a time each; one of them may be killed at any moment and nothing hangs."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import cast

from plugin.bulk.apart import Apart, apart
from plugin.bulk.auditing import Auditor
from plugin.bulk.partition import audit_partition
from plugin.bulk.settings import AuditSettings

SECONDS_BETWEEN = 0.25


@dataclass(frozen=True, slots=True)
class Step:
    """Encounters done since the last step of a worker; `part` is the partition that this ends."""

    encounters: int
    part: int | None = None


def audit_in_processes(folder: Path, settings: AuditSettings, parts: list[int], workers: int) -> Iterator[Step]:
    """Audit the partitions in so many processes; what stops one stops all, LostError if it ended without a word."""
    waiting = iter(parts)
    with apart(min(workers, len(parts)), _work, folder, settings) as begun:
        busy = {one for one in begun if _give_next(one, waiting)}
        while busy:
            for one in cast("list[Apart]", wait(list(busy))):  # type: ignore[arg-type]
                step: Step = one.hear()
                yield step
                if step.part is not None and not _give_next(one, waiting):
                    busy.remove(one)


def _give_next(one: Apart, waiting: Iterator[int]) -> bool:
    """Whether there was another partition to give."""
    part = next(waiting, None)
    with suppress(OSError):  # a worker that is gone is met where it is listened to
        one.pipe.send(part)
    return part is not None


def _work(pipe: Connection, folder: Path, settings: AuditSettings) -> None:
    """What a process does: the tables are loaded once, then a partition is audited for each number that comes."""
    auditor = Auditor(settings)
    while (part := pipe.recv()) is not None:
        _audit(pipe, folder, part, auditor)


def _audit(pipe: Connection, folder: Path, part: int, auditor: Auditor) -> None:
    untold, last = 0, time.monotonic()
    for encounters in audit_partition(folder, part, auditor):
        untold += encounters
        if time.monotonic() - last > SECONDS_BETWEEN:
            pipe.send(Step(untold))
            untold, last = 0, time.monotonic()
    pipe.send(Step(untold, part))
