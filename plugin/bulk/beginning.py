"""The first part of an audit: its files are looked at, and their lines parted among patients."""

from pathlib import Path

from plugin.bulk.apart import apart
from plugin.bulk.assembly import Placements, partitions_for, place_lines, settle_apart
from plugin.bulk.errors import BulkError
from plugin.bulk.files import sound_files
from plugin.bulk.notes import forget_notes
from plugin.bulk.progress import PARTING, Report
from plugin.bulk.runs import Begun, Run
from plugin.bulk.settings import ChargeSource
from plugin.bulk.workers import Each


def begin(run: Run, files: list[Path], each: Each, told: Report) -> Begun:
    """Assemble the files; BulkError where none can be read, or holds a chart."""
    sound, problems, size = sound_files(files, each)
    if not sound:
        raise BulkError(f"{problems[0].where}: {problems[0].found}; no file of the export can be read")
    parts = partitions_for(size, run.workers)
    placed = place_lines(sound, size, run.parts, parts, each, measures=run.settings.drugs, told=told)
    if not any(kind in placed.counts for kind in ("Encounter", "MedicationAdministration")):
        raise BulkError(f"{run.export}: no Encounter and no MedicationAdministration in it; name a FHIR export")
    told(PARTING, 0, 100)
    source = _source(run, placed)
    charges = run.charges if source is ChargeSource.FILE else None
    with apart(1, settle_apart, run.parts, placed.partitions, run.machine, charges) as (process,):
        of_charges = process.hear()
    told(PARTING, 100, 100)
    forget_notes(run.parts)
    return Begun(placed.counts, parts, source.value, [*problems, *placed.problems, *of_charges])


def _source(run: Run, placed: Placements) -> ChargeSource:
    """ChargeItems where the export has any, else Claims, else the site's file, else none."""
    if run.settings.compared is not None:
        return ChargeSource.NONE
    for source in (ChargeSource.CHARGE_ITEMS, ChargeSource.CLAIMS):
        if placed.counts.get(source.value):
            return source
    return ChargeSource.NONE if run.charges is None else ChargeSource.FILE
