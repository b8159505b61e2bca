"""The first part of an audit: its files are looked at, and their lines parted among patients.

It is done in a process apart, whose memory ends with it before the charts are audited.
"""

from multiprocessing.connection import Connection
from pathlib import Path

from plugin.bulk.assembly import Assembled, assemble, partitions_for, staged_file
from plugin.bulk.auditing import CHARGE
from plugin.bulk.charges_file import add_charges
from plugin.bulk.errors import BulkError
from plugin.bulk.files import Problem, sound_files
from plugin.bulk.machine import Machine
from plugin.bulk.progress import Report
from plugin.bulk.runs import Begun, Run
from plugin.bulk.settings import ChargeSource


def begin(pipe: Connection, run: Run, files: list[Path]) -> None:
    """Assemble the files; tells the steps of a `Report`, and at last what was `Begun`."""
    pipe.send(_begun(run, files, lambda *step: pipe.send(step)))


def _begun(run: Run, files: list[Path], told: Report) -> Begun:
    sound, problems, size = sound_files(files, run.workers)
    if not sound:
        raise BulkError(f"{problems[0].where}: {problems[0].found}; no file of the export can be read")
    machine, parts = Machine.of(run.workers, run.memory_mb, run.spill), partitions_for(size, run.workers)
    assembled = assemble(sound, run.parts, parts, machine, measures=run.settings.drugs, told=told)
    if not any(kind in assembled.counts for kind in ("Encounter", "MedicationAdministration")):
        raise BulkError(f"{run.export}: no Encounter and no MedicationAdministration in it; name a FHIR export")
    source, of_charges = _source(run, assembled, machine)
    staged_file(run.parts).unlink()
    everything = [*problems, *assembled.problems, *of_charges]
    return Begun(assembled.counts, assembled.partitions, source.value, everything)


def _source(run: Run, assembled: Assembled, machine: Machine) -> tuple[ChargeSource, list[Problem]]:
    """ChargeItems where the export has any, else Claims, else the site's file, else none."""
    if run.settings.compared is not None:
        return ChargeSource.NONE, []
    for source in (ChargeSource.CHARGE_ITEMS, ChargeSource.CLAIMS):
        if assembled.counts.get(source.value):
            return source, []
    if run.charges is None:
        return ChargeSource.NONE, []
    return ChargeSource.FILE, add_charges(run.charges, run.parts, machine, CHARGE)
