"""Processes that audit: one that ends at any moment ends all, and nobody waits for it."""

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest

from plugin.bulk.apart import LostError
from plugin.bulk.errors import BulkError
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.bulk.partition import PartAudits, Step
from plugin.bulk.parts import part_file
from plugin.bulk.settings import AuditSettings
from plugin.bulk.workers import crew
from tests.unit.bulk.exports import assemble

PARTS = list(range(6))


@pytest.fixture
def parted(tmp_path):
    """An assembled export of six partitions."""
    generate(Wish(encounters=120, seed=3), tmp_path / "export")
    assemble(tmp_path / "export", tmp_path / "parts", len(PARTS))
    return tmp_path / "parts"


def audited(folder: Path, parts: Iterable[int]) -> Iterator[Step]:
    """The partitions audited by two processes."""
    with crew(2) as each:
        yield from each(partial(PartAudits, folder, AuditSettings()), parts)


def test_each_partition_is_done_once_and_every_encounter_is_counted(parted):
    """By two processes."""
    steps = list(audited(parted, PARTS))

    assert sorted(step.part for step in steps if step.part is not None) == PARTS
    assert sum(step.encounters for step in steps) == 120
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("heard", [0, 1, 2, 4])
def test_a_worker_that_is_killed_ends_all_and_leaves_no_process(heard, parted):
    """Before the first partition is done, and after some."""
    steps = audited(parted, PARTS * 20)
    for _ in range(heard + 1):
        next(steps)
    os.kill(multiprocessing.active_children()[heard % 2].pid, signal.SIGKILL)
    with pytest.raises(LostError, match="SIGKILL"):
        list(steps)

    assert multiprocessing.active_children() == []


def test_what_stops_a_worker_is_said_by_the_one_that_started_it(parted):
    """A damaged partition, with its name."""
    part_file(parted, 3).write_bytes(b"\x1f\x8b nothing")

    with pytest.raises(BulkError, match=r"3\.rows: damaged"):
        list(audited(parted, PARTS))


def test_processes_end_when_nobody_listens_any_more(parted):
    """The run was broken off, by Ctrl-C or a full disk."""
    steps = audited(parted, PARTS * 20)
    next(steps)
    steps.close()

    assert multiprocessing.active_children() == []


def test_one_crew_does_one_thing_after_another(parted, tmp_path):
    """The same processes part an export and audit it."""
    with crew(2) as each:
        first = {child.pid for child in multiprocessing.active_children()}
        assemble(tmp_path / "export", tmp_path / "again", len(PARTS), each)
        steps = list(each(partial(PartAudits, tmp_path / "again", AuditSettings()), PARTS))

        assert {child.pid for child in multiprocessing.active_children()} == first
    assert len(first) == 2
    assert sum(step.encounters for step in steps) == 120
