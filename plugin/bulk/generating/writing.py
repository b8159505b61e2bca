"""Generated visits to the files of an export: several of each type, and the truth beside them.

Memory does not grow with the size: a patient is planned, written and forgotten.
"""

import csv
import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import msgspec

from plugin.bulk.errors import BulkError
from plugin.bulk.generating.visiting import Visit, draw_patient
from plugin.bulk.generating.wish import Wish

TRUTH_COLUMNS = ("encounter", "kind", "code", "date", "modifiers", "units_supported", "units_charged", "direction")
NO_LINES = ("", "", "", 0, 0, "")
SHARED = "Medication"
"""Of these one is written for all that point to it."""


def generate(wish: Wish, folder: Path, wrote: Callable[[int], object] = lambda count: None) -> int:
    """Write the export into an empty or new folder and give the number of encounters; `wrote` hears of each patient.

    Raises BulkError when the folder holds something already, or can't be written. What stops it leaves no file there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise BulkError(f"{folder}: not empty; name a new folder, so that two exports are never mixed")
        with _emptied(folder), _Files(folder, wish) as files, _owned(folder / "truth.csv") as truth:
            rows = csv.writer(truth)
            rows.writerow(TRUTH_COLUMNS)
            return _write_all(wish, files, rows, wrote)
    except OSError as wrong:
        raise BulkError(
            f"{folder}: {wrong.strerror or 'cannot be written'}; free space or name another folder"
        ) from None


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """Without the files in it when their writing was broken off: half an export looks like a whole one."""
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            path.unlink()
        raise


def _write_all(wish: Wish, files: "_Files", truth: Any, wrote: Callable[[int], object]) -> int:
    done = number = 0
    while done < wish.encounters:
        number += 1
        patient, visits = draw_patient(wish, number, wish.encounters - done)
        files.put(patient)
        for visit in visits:
            for resource in visit.resources():
                files.put(resource)
            files.charge(visit)
            truth.writerows(_truth_rows(visit))
        done += len(visits)
        wrote(len(visits))
    return done


def _truth_rows(visit: Visit) -> list[tuple[Any, ...]]:
    """A row a line; a visit with none still has one, so that the truth names every encounter."""
    lines: list[tuple[Any, ...]] = [(*t.key, *t[1:]) for t in visit.truth]
    return [(visit.encounter, visit.plan.kind, *line) for line in lines or [NO_LINES]]


def _owned(path: Path) -> IO[str]:
    """A new file that only its owner can read: exports are treated as if they held patients."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="")


class _Part:
    """One file of a type while it is written, zipped or not, with the lines it has and its place among its kind."""

    def __init__(self, path: Path, number: int) -> None:
        self._raw = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        zipped = path.suffix == ".gz"
        self._file = gzip.GzipFile(fileobj=self._raw, mode="wb", mtime=0) if zipped else self._raw
        self.lines, self.number = 0, number

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self.lines += 1

    def close(self) -> None:
        self._file.close()
        self._raw.close()


@dataclass(slots=True)
class _Files:
    """The open file of each type; a full one is followed by the next."""

    folder: Path
    wish: Wish
    _open: dict[str, _Part] = field(default_factory=dict)
    _encoder: msgspec.json.Encoder = field(default_factory=msgspec.json.Encoder)
    _charges: IO[str] | None = None
    _shared: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for part in self._open.values():
            part.close()
        if self._charges is not None:
            self._charges.close()

    def put(self, resource: dict[str, Any]) -> None:
        """One line into the file of its type; a shared one once."""
        kind = resource["resourceType"]
        if kind == SHARED:
            if resource["id"] in self._shared:
                return
            self._shared.add(resource["id"])
        part = self._open.get(kind)
        if part is None or part.lines >= self.wish.lines_per_file:
            part = self._next(kind, part)
        part.write(self._encoder.encode(resource) + b"\n")

    def _next(self, kind: str, full: _Part | None) -> _Part:
        number = 0
        if full is not None:
            full.close()
            number = full.number + 1
        name = f"{kind}.{number:03}.ndjson{'.gz' if self.wish.zipped else ''}"
        self._open[kind] = part = _Part(self.folder / name, number)
        return part

    def charge(self, visit: Visit) -> None:
        """What was charged, as the wish says."""
        if self.wish.charges == "chargeitem":
            for charge in visit.charge_items():
                self.put(charge)
        elif self.wish.charges == "claim" and visit.posted:
            self.put(visit.claim())
        elif self.wish.charges == "csv":
            self._write_csv(visit)

    def _write_csv(self, visit: Visit) -> None:
        if self._charges is None:
            self._charges = _owned(self.folder / "charges.csv")
            self._charges.write("encounter,code,modifiers,date,units\n")
        for charge in (posted.charge for posted in visit.posted):
            self._charges.write(
                f"{charge.encounter},{charge.code},{' '.join(charge.modifiers)},{charge.day},{charge.units}\n"
            )
