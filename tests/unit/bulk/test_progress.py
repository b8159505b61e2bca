"""A long run tells of each stage, to its end, and never backwards."""

from itertools import groupby, pairwise

from plugin.bulk.progress import AUDITING, PARTING, READING
from plugin.bulk.running import audit
from plugin.bulk.runs import Run
from plugin.bulk.settings import AuditSettings
from tests.unit.bulk.exports import encounter, infusion, patient, write


def test_each_stage_of_an_audit_is_told_to_its_end(tmp_path):
    """A patient, two encounters and an administration."""
    resources = [patient(), encounter(), encounter("e2"), infusion("x", "09:00", "10:00")]
    export = write(tmp_path / "export", resources)
    told: list[tuple[str, int, int]] = []

    audit(Run(export, tmp_path / "work", AuditSettings()), lambda *one: told.append(one))

    assert [stage for stage, _ in groupby(stage for stage, _, _ in told)] == [READING, PARTING, AUDITING]
    assert all(before[1] <= after[1] for before, after in pairwise(told) if before[0] == after[0])
    last = {stage: (done, total) for stage, done, total in told}
    assert last == {READING: (100, 100), PARTING: (100, 100), AUDITING: (2, 2)}
