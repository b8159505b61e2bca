"""The lines of one piece of an export after another, each given to the partition of its patient.

Most lines say at once whose they are, and are held by the reference to their patient, as it is written, until many are
written together. Odd ones go the long way, by `placement`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_mappings.json_line import UNREADABLE
from fhir_mappings.lookup import PLAIN, relative
from fhir_mappings.paths import READ_IN_BULK, SHARED
from fhir_mappings.placed_line import POINTING, TYPES, PlacedLine, kind_of, read_placed
from fhir_mappings.placement import Placement, place
from plugin.bulk.files import MOST_PROBLEMS, Segment, blocks_of, whole_lines, wrong_with
from plugin.bulk.lines import MEASURES, parse
from plugin.bulk.notes import tidy
from plugin.bulk.parting import Parting

HELD = 48 << 20
"""Bytes of lines held before they are written."""
NO_TEXT = b"\xff"
"""Stands for a line that is no UTF-8."""
MARKS = tuple(mark.encode() for mark in MEASURES)


@dataclass(slots=True)
class Placed:
    """What was met in a segment: resources by type, how many lines, and which of these hold no resource."""

    segment: Segment
    counts: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


class _Lines:
    """Lines of one type by patient, the encounters that they name, and what they point to; all as it is written."""

    def __init__(self) -> None:
        self.patients: dict[str, list[bytes]] = {}
        self.named: set[tuple[str, str]] = set()
        self.pointed: set[tuple[str, str]] = set()
        self.encounters: list[PlacedLine] = []

    def clear(self) -> None:
        """Hold nothing."""
        for held in (self.patients, self.named, self.pointed, self.encounters):
            held.clear()

    def add(self, patient: str, line: bytes) -> None:
        """One more line, behind a place for the name of its patient."""
        lines = self.patients.get(patient)
        if lines is None:
            self.patients[patient] = [b"", line]
        else:
            lines.append(line)

    def take(self, found: PlacedLine, line: bytes) -> None:
        """What says whose it is, and the encounter."""
        patient = found.patient.reference
        self.add(patient, line)
        self.named.add((patient, found.encounter.reference))

    def take_pointing(self, found: PlacedLine, line: bytes) -> None:
        """What may also point to resources of nobody in particular."""
        self.take(found, line)
        for reference in found.references():
            self.pointed.add((found.patient.reference, reference))

    def take_encounter(self, found: PlacedLine, line: bytes) -> None:
        """An encounter itself."""
        self.add(found.patient.reference, line)
        self.encounters.append(found)

    def take_patient(self, found: PlacedLine, line: bytes) -> None:
        """A patient itself."""
        self.add(found.key, line)


class Placing:
    """Places the lines of one segment after another below `folder`; with `measures` body weights and surfaces, too."""

    def __init__(self, folder: Path, partitions: int, measures: bool) -> None:
        self.measures = measures
        self._parting = Parting(folder, partitions)
        self._notes = self._parting.notes
        self._counts: Counter[str] = Counter()
        self._lines = {kind: _Lines() for kind in READ_IN_BULK if kind not in SHARED}
        self._takes: dict[type, Callable[[Any, bytes], None]] = {TYPES[kind]: self._share for kind in SHARED}
        self._takes[TYPES["Observation"]] = self._measure
        for kind, lines in self._lines.items():
            self._takes[TYPES[kind]] = lines.take_pointing if kind in POINTING else lines.take
        self._takes[TYPES["Patient"]] = self._lines["Patient"].take_patient
        self._takes[TYPES["Encounter"]] = self._lines["Encounter"].take_encounter

    def __call__(self, segment: Segment) -> Iterator[int | Placed]:
        """Gives how many bytes are done now and then, at last what was met; then all is written."""
        placed, held = Placed(segment), 0
        self._counts = placed.counts
        for text in whole_lines(blocks_of(segment)):
            self._take(text, placed)
            held += len(text)
            if held > HELD:
                self._write()
                held = 0
            yield len(text)
        self._write()
        yield placed

    def _take(self, text: bytes, placed: Placed) -> None:
        lines, takes = _lines_of(text), self._takes
        for number, line in enumerate(lines, placed.lines + 1):
            try:
                found = read_placed(line)
            except UNREADABLE:
                self._take_other(line, number, placed)
            else:
                takes[type(found)](found, line)
        placed.lines += len(lines)

    def _take_other(self, line: bytes, number: int, placed: Placed) -> None:
        """A line that is of no type that is read, or odd, or no resource at all."""
        try:
            kind = kind_of(line)
        except UNREADABLE:
            kind = ""
        if kind and kind not in TYPES:
            self._counts[kind] += 1
        elif wrong := wrong_with(line):
            if len(placed.problems) <= MOST_PROBLEMS:
                placed.problems.append((number, wrong))
        elif line.strip():
            for resource in parse(line):
                self._take_placed(place(resource), line)

    def _take_placed(self, found: Placement, line: bytes) -> None:
        """The long way, which any resource can go."""
        self._counts[found.kind] += 1
        if found.kind in SHARED:
            self._notes.shared(tidy(found.key), found.kind, found.pointed, line)
        elif found.kind in self._lines or (found.kind == "Observation" and self._is_wanted(line)):
            self._put(found, tidy(found.patient or found.encounter or found.key), line)

    def _put(self, found: Placement, owner: str, line: bytes) -> None:
        part = self._parting.add(found.kind, owner, [b"", line])
        for key in found.pointed:
            self._parting.want(owner, part, tidy(key))
        if found.kind == "Encounter" and found.key:
            self._notes.home(tidy(found.key), owner, part, found.updated, found.version)
        elif found.encounter and not stays(found.kind, has_patient=bool(found.patient)):
            self._notes.claim(tidy(found.encounter), owner, part)

    def _share(self, found: PlacedLine, line: bytes) -> None:
        self._counts[type(found).__name__] += 1
        self._notes.shared(tidy(found.key), type(found).__name__, found.pointed(), line)

    def _measure(self, found: PlacedLine, line: bytes) -> None:
        if self._is_wanted(line):
            self._take_placed(found.placement(), line)
        else:
            self._counts["Observation"] += 1

    def _is_wanted(self, line: bytes) -> bool:
        return self.measures and any(mark in line for mark in MARKS)

    def _write(self) -> None:
        for kind, lines in self._lines.items():
            if lines.patients:
                self._place(kind, lines)
                lines.clear()
        self._parting.write()

    def _place(self, kind: str, lines: _Lines) -> None:
        owners = {}
        for patient, held in lines.patients.items():
            if owner := _key(patient):
                owners[patient] = owner, self._parting.add(kind, owner, held)
                self._counts[kind] += len(held) - 1
            else:
                for line in held[1:]:
                    self._take_placed(read_placed(line).placement(), line)
        for patient, reference in lines.pointed:
            if patient in owners and (key := _key(reference)):
                self._parting.want(*owners[patient], key)
        for each in lines.encounters:
            if each.patient.reference in owners and (key := tidy(each.key)):
                self._notes.home(key, *owners[each.patient.reference], each.meta.last_updated, each.meta.version_id)
        for patient, encounter in () if stays(kind, has_patient=True) else lines.named:
            if patient in owners and (key := _key(encounter)):
                self._notes.claim(key, *owners[patient])


def stays(kind: str, *, has_patient: bool) -> bool:
    """Whether it stays where it is, whatever encounter it names: a condition may be a problem of its patient."""
    return kind == "Condition" and has_patient


def _key(reference: str) -> str:
    """The key of a reference; most are their own."""
    return reference if PLAIN.fullmatch(reference) else tidy(relative(reference))


def _lines_of(text: bytes) -> list[bytes]:
    lines = text.removesuffix(b"\n").split(b"\n")
    return lines if _is_text(text) else [line if _is_text(line) else NO_TEXT for line in lines]


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
