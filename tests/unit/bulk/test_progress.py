"""A long run tells of each stage, to its end, and never backwards."""

import time
from itertools import groupby, pairwise

from plugin.bulk import progress
from plugin.bulk.progress import AUDITING, PARTING, READING, counted, watched
from plugin.bulk.running import audit
from plugin.bulk.runs import Run
from plugin.bulk.settings import AuditSettings
from tests.unit.bulk.exports import encounter, infusion, patient, write


class Measuring:
    """A database that doesn't know at first, then says too much and once less than before."""

    def __init__(self) -> None:
        self.says = iter([-1.0, 12.5, 40.0, 39.0, 120.0])

    def query_progress(self) -> float:
        """The next of what it says."""
        return next(self.says, 120.0)


def test_each_stage_of_an_audit_is_told_to_its_end(tmp_path):
    """A patient, two encounters and an administration: four lines."""
    resources = [patient(), encounter(), encounter("e2"), infusion("x", "09:00", "10:00")]
    export = write(tmp_path / "export", resources)
    told: list[tuple[str, int, int]] = []

    audit(Run(export, tmp_path / "work", AuditSettings()), lambda *one: told.append(one))

    assert [stage for stage, _ in groupby(stage for stage, _, _ in told)] == [READING, PARTING, AUDITING]
    last = {stage: (done, total) for stage, done, total in told}
    assert last == {READING: (100, 100), PARTING: (4, 4), AUDITING: (2, 2)}


def test_a_statement_is_told_of_as_it_runs_and_never_backwards(monkeypatch):
    """Whatever the database says of itself."""
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)
    told: list[int] = []

    with watched(Measuring(), lambda stage, done, total: told.append(done)):  # type: ignore[arg-type]
        until = time.monotonic() + 10
        while len(told) < 5 and time.monotonic() < until:
            time.sleep(0.01)

    assert told[:5] == [0, 12, 40, 40, 100]
    assert all(before <= after for before, after in pairwise(told))
    assert told[-1] == 100


def test_rows_go_by_unchanged_and_are_told_of_now_and_then(monkeypatch):
    """Seven rows, told of after three, six and all."""
    monkeypatch.setattr(progress, "ROWS_BETWEEN", 3)
    told: list[tuple[int, int]] = []

    assert list(counted("abcdefg", 7, lambda stage, done, total: told.append((done, total)))) == list("abcdefg")
    assert told == [(3, 7), (6, 7), (7, 7)]
