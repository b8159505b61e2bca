"""Generated visits to the files of an export: several of each type, and the truth beside them.

Memory does not grow with the size: a patient is planned, written and forgotten.
"""

import csv
import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import IO, Any, Self
from zoneinfo import ZoneInfo

import msgspec

from fhir_mappings.vendor_shapes import write_charge, write_claim, write_patient
from plugin.bulk.errors import BulkError
from plugin.bulk.generating.mistakes import Truth, charge_visit
from plugin.bulk.generating.plan import Plan
from plugin.bulk.generating.records import draw_charting, resources_of
from plugin.bulk.generating.supplies import charge_supplies, supply
from plugin.bulk.generating.visits import plan_visit
from plugin.domain import ExistingCharge

TRUTH_COLUMNS = ("encounter", "kind", "code", "date", "modifiers", "units_supported", "units_charged", "direction")
NO_LINES = ("", "", "", 0, 0, "")
FIRST_DAY = datetime(2026, 1, 5)  # noqa: DTZ001 - each house gives it its zone
DAYS = 300
APART = (9, 60)
"""Days between two visits of a patient: more than any rule looks ahead, and always over a DST change safely."""
CHARGES = ("chargeitem", "claim", "csv", "none")


@dataclass(frozen=True, slots=True)
class Wish:
    """What to generate: encounters, the seed, shares of under- and over-coded ones, and how charges are written.

    `drugs`: the drugs themselves are charted with their waste and charged, and miscoded in the same shares.
    """

    encounters: int
    seed: int = 1
    under: float = 0.06
    over: float = 0.06
    charges: str = "chargeitem"
    zone: str = "America/Chicago"
    zipped: bool = False
    lines_per_file: int = 100_000
    drugs: bool = False


@dataclass(slots=True)
class _Visit:
    encounter: str
    kind: str
    resources: list[dict[str, Any]]
    charges: list[ExistingCharge]
    truth: list[Truth]


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
        random = Random(f"{wish.seed} {number}")  # noqa: S311 - invented data, the same for the same seed
        visits = list(_visits_of(random, number, min(_how_many(random), wish.encounters - done), wish))
        files.put(write_patient(f"p{number}", random.randint(1935, 2005)))
        for visit in visits:
            for resource in visit.resources:
                files.put(resource)
            files.charge(visit)
            truth.writerows(_truth_rows(visit))
        done += len(visits)
        wrote(len(visits))
    return done


def _how_many(random: Random) -> int:
    return random.choices((1, 2, 3, 5), (40, 30, 20, 10))[0]


def _visits_of(random: Random, number: int, count: int, wish: Wish) -> Iterator[_Visit]:
    day = FIRST_DAY + timedelta(days=random.randrange(DAYS))
    for visit in range(1, count + 1):
        clock = timedelta(hours=random.randint(7, 15), seconds=random.randrange(3600))
        plan = plan_visit(random, (day + clock).replace(tzinfo=ZoneInfo(wish.zone)))
        patient, encounter = f"Patient/p{number}", f"Encounter/e{number}x{visit}"
        charted = draw_charting(random, plan, patient, encounter)
        truth = charge_visit(random, plan, wish.under, wish.over)
        if wish.drugs:
            truth += _drugs(Random(f"{wish.seed} {number} {visit}"), plan, wish)  # noqa: S311 - invented data
        charges = _charges(truth, patient, encounter)
        yield _Visit(encounter, plan.kind, list(resources_of(plan, charted)), charges, truth)
        day += timedelta(days=random.randint(*APART))


def _drugs(random: Random, plan: Plan, wish: Wish) -> list[Truth]:
    """By draws of its own, so that the visits are those of the same seed without drugs."""
    supply(random, plan)
    return charge_supplies(random, plan, wish.under, wish.over)


def _charges(truth: Sequence[Truth], patient: str, encounter: str) -> list[ExistingCharge]:
    name = encounter.rsplit("/", 1)[-1]
    return [
        ExistingCharge(
            id=f"ChargeItem/{name}-c{number}",
            encounter=encounter,
            patient=patient,
            code=line.key.code,
            modifiers=tuple(filter(None, line.key.modifiers.split("-"))),
            units=Decimal(line.charged),
            status="billed" if number % 2 else "billable",
            day=line.key.day,
        )
        for number, line in enumerate(truth, 1)
        if line.charged > 0
    ]


def _truth_rows(visit: _Visit) -> list[tuple[Any, ...]]:
    """A row a line; a visit with none still has one, so that the truth names every encounter."""
    lines: list[tuple[Any, ...]] = [(*t.key, *t[1:]) for t in visit.truth]
    return [(visit.encounter, visit.kind, *line) for line in lines or [NO_LINES]]


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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for part in self._open.values():
            part.close()
        if self._charges is not None:
            self._charges.close()

    def put(self, resource: dict[str, Any]) -> None:
        """One line into the file of its type."""
        kind = resource["resourceType"]
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

    def charge(self, visit: _Visit) -> None:
        """What was charged, as the wish says."""
        if self.wish.charges == "chargeitem":
            for number, charge in enumerate(visit.charges):
                self.put(write_charge(charge, extended=number % 3 == 2))
        elif self.wish.charges == "claim" and visit.charges:
            name = visit.encounter.rsplit("/", 1)[-1]
            self.put(write_claim(f"{name}-claim", visit.charges[0].patient, visit.charges))
        elif self.wish.charges == "csv":
            self._write_csv(visit)

    def _write_csv(self, visit: _Visit) -> None:
        if self._charges is None:
            self._charges = _owned(self.folder / "charges.csv")
            self._charges.write("encounter,code,modifiers,date,units\n")
        for charge in visit.charges:
            self._charges.write(
                f"{charge.encounter},{charge.code},{' '.join(charge.modifiers)},{charge.day},{charge.units}\n"
            )
