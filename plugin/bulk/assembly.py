"""The lines of an export parted among patients, out of core: each is placed by what it says itself.

Each patient's resources end up in one of many partitions, whole, as they were written.
Nothing of a chart is decided here: the readers of `fhir_mappings` place, as they do for a single file.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from plugin.bulk.files import MOST_PROBLEMS, Problem, Segment, segments_of
from plugin.bulk.lines import CHARGE
from plugin.bulk.machine import Machine
from plugin.bulk.notes import begin_notes
from plugin.bulk.placing import HELD, Placed, Placing
from plugin.bulk.progress import READING, Report, untold
from plugin.bulk.workers import Each, alone

BYTES_A_PARTITION = 24 << 20
MOST_PARTITIONS = 4096
SMALLEST_SEGMENT = 4 << 20
SEGMENTS = 24
"""Of an export that is not large: so many pieces are done evenly by several processes."""


@dataclass(frozen=True, slots=True)
class Placements:
    """Resources by type, how many partitions there are, and what was not read."""

    counts: dict[str, int]
    partitions: int
    problems: list[Problem]


def partitions_for(size: int, workers: int) -> int:
    """How many partitions so many bytes need, at least two for each worker."""
    return min(max(size // BYTES_A_PARTITION + 1, 2 * workers), MOST_PARTITIONS)


def place_lines(
    files: list[Path],
    size: int,
    folder: Path,
    partitions: int,
    each: Each = alone,
    *,
    measures: bool = False,
    told: Report = untold,
) -> Placements:
    """Part the lines of the files, `size` bytes in all, among files of `partitions` in `folder`, which is made anew.

    `measures`: of Observations the weights and surfaces are taken, too.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    begin_notes(folder)
    segments = list(segments_of(files, min(max(size // SEGMENTS, SMALLEST_SEGMENT), HELD)))
    placed = _place(each(partial(Placing, folder, partitions, measures), segments), size, told)
    counts = sum((each.counts for each in placed.values()), Counter[str]())
    problems = [problem for path in files for problem in _unread(path, [placed[s] for s in segments if s.path == path])]
    return Placements(dict(sorted(counts.items())), partitions, problems)


def _place(results: Iterator[int | Placed], size: int, told: Report) -> dict[Segment, Placed]:
    """What was met in each segment; tells of the share that is read."""
    placed, done = {}, 0
    for result in results:
        if isinstance(result, Placed):
            placed[result.segment] = result
        else:
            done += result
            told(READING, min(done * 100 // size, 99), 100)
    told(READING, 100, 100)
    return placed


def _unread(path: Path, placed: list[Placed]) -> Iterator[Problem]:
    """The lines of a file that hold no resource."""
    before = found = 0
    for segment in placed:
        for number, wrong in segment.problems[: MOST_PROBLEMS - found]:
            yield Problem(f"{path}: line {before + number}", wrong, "this line was not read")
        found += len(segment.problems)
        before += segment.lines
        if found > MOST_PROBLEMS:
            yield Problem(str(path), f"more than {MOST_PROBLEMS} such lines", "the further ones were not read either")
            return


def settle_apart(pipe: Connection, folder: Path, partitions: int, machine: Machine, charges: Path | None) -> None:
    """Settle what is placed, and add a site's own file of charges; tells which rows of it were not compared."""
    from plugin.bulk.charges_file import add_charges  # noqa: PLC0415 - DuckDB is loaded there alone
    from plugin.bulk.settling import settle  # noqa: PLC0415

    settle(folder, partitions, machine)
    pipe.send(add_charges(charges, folder, machine, CHARGE) if charges else [])
