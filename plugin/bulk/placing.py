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
from fhir_mappings.paths import BODY_MEASURES, READ_IN_BULK, SHARED
from fhir_mappings.placed_line import POINTING, TYPES, PlacedLine, kind_of, read_placed
from fhir_mappings.placement import Placement, place
from plugin.bulk.files import MOST_PROBLEMS, Segment, blocks_of, whole_lines, wrong_with
from plugin.bulk.lines import parse
from plugin.bulk.notes import tidy
from plugin.bulk.parting import Parting

HELD = 48 << 20
"""Bytes of lines held before they are written."""
NO_TEXT = b"\xff"
"""Stands for a line that is no UTF-8."""
MEASURES = tuple(code.encode() for code in BODY_MEASURES)


@dataclass(slots=True)
class Placed:
    """What was met in a segment: resources by type, how many lines, and which of these hold no resource."""

    segment: Segment
    counts: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


class _OfPatient:
    """Lines of one type and patient; the encounters they name or are, and what they point to, as it is written."""

    __slots__ = ("encounters", "lines", "named", "pointed")

    def __init__(self, line: bytes, named: str) -> None:
        self.lines, self.named = [line], {named}
        self.encounters: list[PlacedLine] = []
        self.pointed: set[str] = set()


class _Lines:
    """Lines of one type, by the reference to their patient as it is written."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.patients: dict[str, _OfPatient] = {}

    def take(self, found: PlacedLine, line: bytes) -> None:
        """One more line."""
        self.of(found.patient.reference, found.encounter.reference, line)

    def of(self, patient: str, encounter: str, line: bytes) -> _OfPatient:
        """What is held of this patient, with one more line."""
        held = self.patients.get(patient)
        if held is None:
            held = self.patients[patient] = _OfPatient(line, encounter)
        else:
            held.lines.append(line)
            held.named.add(encounter)
        return held


class _Pointing(_Lines):
    """Of a type that may point to resources of nobody in particular."""

    def take(self, found: PlacedLine, line: bytes) -> None:
        held = self.of(found.patient.reference, found.encounter.reference, line)
        if references := found.references():
            held.pointed.update(references)


class _Encounters(_Lines):
    def take(self, found: PlacedLine, line: bytes) -> None:
        self.of(found.patient.reference, "", line).encounters.append(found)


class _Patients(_Lines):
    def take(self, found: PlacedLine, line: bytes) -> None:
        self.of(found.key, "", line)


class Placing:
    """Places the lines of one segment after another below `folder`; with `measures` body weights and surfaces, too."""

    def __init__(self, folder: Path, partitions: int, measures: bool) -> None:
        self.measures = measures
        self._parting = Parting(folder, partitions)
        self._notes = self._parting.notes
        self._counts: Counter[str] = Counter()
        self._lines = {kind: _lines(kind) for kind in READ_IN_BULK if kind not in SHARED}
        self._takes: dict[type, Callable[[Any, bytes], None]] = {TYPES[kind]: self._share for kind in SHARED}
        self._takes[TYPES["Observation"]] = self._measure
        self._takes |= {TYPES[kind]: lines.take for kind, lines in self._lines.items()}

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
        part = self._parting.add(found.kind, owner, [line], found.pointed)
        if found.kind == "Encounter" and found.key:
            self._notes.home(tidy(found.key), owner, part, found.updated, found.version)
        elif found.encounter and not stays(found.kind, found.patient):
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
        return self.measures and any(code in line for code in MEASURES)

    def _write(self) -> None:
        for kind, lines in self._lines.items():
            for patient, held in lines.patients.items():
                self._place(kind, _key(patient), held)
            lines.patients.clear()
        self._parting.write()

    def _place(self, kind: str, owner: str, held: _OfPatient) -> None:
        if not owner:
            for line in held.lines:
                self._take_placed(read_placed(line).placement(), line)
            return
        self._counts[kind] += len(held.lines)
        part = self._parting.add(kind, owner, held.lines, [key for each in held.pointed if (key := _key(each))])
        for each in held.encounters:
            if each.key:
                self._notes.home(tidy(each.key), owner, part, each.meta.last_updated, each.meta.version_id)
        if not stays(kind, owner):
            for named in held.named:
                if key := _key(named):
                    self._notes.claim(key, owner, part)


def stays(kind: str, patient: str) -> bool:
    """Whether it belongs to its patient, whatever encounter it names: a condition may be a problem of theirs."""
    return kind == "Condition" and bool(patient)


def _key(reference: str) -> str:
    """The key of a reference; most are their own."""
    return reference if PLAIN.fullmatch(reference) else tidy(relative(reference))


def _lines(kind: str) -> _Lines:
    made = {"Patient": _Patients, "Encounter": _Encounters}.get(kind, _Pointing if kind in POINTING else _Lines)
    return made(kind)


def _lines_of(text: bytes) -> list[bytes]:
    lines = text.removesuffix(b"\n").split(b"\n")
    return lines if _is_text(text) else [line if _is_text(line) else NO_TEXT for line in lines]


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
