"""Generated charts of every kind: settings, sites, statuses, missing times, every class of drug, segments, midnight.

A chart is first drawn as a `Sketch` of plain numbers and words, so that a law can draw it again with one thing changed:
another zone, another day, another order, another name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from plugin.codebook import CodeBook
from plugin.domain import (
    Administration,
    CareSetting,
    Chart,
    ClassSpan,
    Diagnosis,
    Encounter,
    MappingIssue,
    Neighbour,
    Quantity,
    Rate,
    Status,
    Term,
)
from plugin.domain.replacing import replace
from tests.properties.building import MORNING, ZONE, at, given

DRUGS = (
    "paclitaxel", "carboplatin", "infliximab", "leuprolide",
    "ceftriaxone", "vancomycin", "ondansetron", "morphine", "furosemide", "immune globulin",
    "sodium chloride 0.9%", "lactated ringer's", "sodium chloride 0.9% with potassium chloride 20 mEq",
    "potassium chloride", "red blood cells", "sodium chloride flush", "influenza vaccine", "propofol", "iohexol",
    "alteplase", "a drug nobody knows", "vancomycin in sodium chloride 0.9%",
)  # fmt: skip
COMMON = ("paclitaxel", "carboplatin", "ceftriaxone", "vancomycin", "ondansetron", "morphine", "sodium chloride 0.9%")
WAYS = ("IVPB", "IVPB", "IVPB", "IV push", "IV push", "IV", "IM", "SC", "SC infusion", "by mouth", "no route")
SITES = ("", "", "left forearm", "left forearm", "RUA PICC purple lumen", "RUA PICC red lumen", "right hand")
NOTES = (
    "", "", "", "", "second IV placed, drugs incompatible", "KVO", "premedication before transfusion",
    "stopped for reaction", "started by EMS", "flush", "by ambulatory pump over 10 hours", "hold if BP low",
)  # fmt: skip
CLASSES = ("AMB", "AMB", "EMER", "OBSENC", "IMP", "HH", "")
LENGTHS = st.one_of(
    st.sampled_from([0, 1, 2, 15, 16, 30, 31, 60, 90, 91, 120, 150, 151, 1440, 1441]),
    st.integers(-10, 300),
)


@dataclass(frozen=True)
class Given:
    """One administration in numbers: seconds after the morning, and words."""

    number: int
    drug: str
    how: str
    start: int | None
    stop: int | None
    site: str = ""
    order: str = ""
    status: Status = Status.COMPLETED
    note: str = ""
    running_until: int | None = None
    infuse_over: int | None = None
    ordered: int | None = None
    dose: str = ""
    rate: int | None = None
    part_of: int | None = None
    from_device: bool = False
    date_only: bool = False

    @property
    def id(self) -> str:
        """The administration's id."""
        return f"MedicationAdministration/m{self.number}"


@dataclass(frozen=True)
class Sketch:
    """A chart in numbers and words."""

    given: tuple[Given, ...]
    encounter_class: str = "AMB"
    inpatient_from: int | None = None
    diagnoses: tuple[str, ...] = ()
    neighbours: tuple[tuple[str, int], ...] | None = ()
    reason: str = ""
    unplaced: bool = False
    blocked: bool = False


@st.composite
def administrations(draw: st.DrawFn, number: int) -> Given:
    """One administration, plain more often than odd."""
    odd = draw(st.integers(0, 3)) == 0
    start = draw(st.integers(-60, 1500)) * 60
    length = draw(LENGTHS) * 60 + (draw(st.integers(0, 59)) if odd else 0)
    plain = Given(
        number,
        draw(st.sampled_from(DRUGS if odd else COMMON)),
        draw(st.sampled_from(WAYS)),
        start,
        start + length,
        site=draw(st.sampled_from(SITES)),
        order=draw(st.sampled_from(["", "a", "b"])),
        note=draw(st.sampled_from(NOTES)),
    )
    if plain.how == "IV push" and draw(st.booleans()):
        plain = replace(plain, stop=None)
    return draw(_oddities(plain)) if odd else plain


@st.composite
def _oddities(draw: st.DrawFn, plain: Given) -> Given:
    absent = draw(st.sampled_from(["", "stop", "start", "both", "day"]))
    start = None if absent in ("start", "both", "day") else plain.start
    stop = None if absent in ("stop", "both", "day") else plain.stop
    return replace(
        plain,
        start=start,
        stop=stop,
        date_only=absent == "day",
        status=draw(st.sampled_from(list(Status))),
        running_until=draw(st.none() | st.integers(0, 1600).map(lambda m: m * 60)),
        infuse_over=draw(st.none() | st.sampled_from([10, 30, 60, 120])),
        ordered=draw(st.none() | st.sampled_from([10, 30, 60, 120])),
        dose=draw(st.sampled_from(["", "0 mL", "500 mL", "1 g"])),
        rate=draw(st.none() | st.sampled_from([0, 60, 125])),
        part_of=draw(st.none() | st.integers(1, 4)),
        from_device=draw(st.booleans()),
    )


@st.composite
def sketches(draw: st.DrawFn, most: int = 7) -> Sketch:
    """A whole chart."""
    return Sketch(
        given=tuple(draw(administrations(number)) for number in range(1, draw(st.integers(0, most)) + 1)),
        encounter_class=draw(st.sampled_from(CLASSES)),
        inpatient_from=draw(st.sampled_from([None, None, None, 300 * 60])),
        diagnoses=draw(st.sampled_from([("E86.0",), ("E86.0", "R11.2"), ("C50.911",), ("E87.6",), ("I63.9",), ()])),
        neighbours=draw(st.sampled_from([(), (), None, (("IMP", 40),), (("AMB", -10),), (("EMER", -2),)])),
        reason=draw(st.sampled_from(["", "", "E86.0", "C50.911"])),
        unplaced=draw(st.integers(0, 9)) == 0,
        blocked=draw(st.integers(0, 9)) == 0,
    )


settings_of_care = st.sampled_from([None, CareSetting.FACILITY, CareSetting.OFFICE])


@st.composite
def choices(draw: st.DrawFn) -> Mapping[str, str]:
    """Sides of up to three contested points."""
    positions = CodeBook.load().positions
    names = draw(st.lists(st.sampled_from(sorted(positions)), max_size=3, unique=True))
    return {name: draw(st.sampled_from([side.name for side in positions[name].sides])) for name in names}


@dataclass(frozen=True)
class Drawing:
    """How a sketch is drawn: its first moment, the zone times are written in, and the facility's own zone."""

    morning: datetime = MORNING
    written_in: tzinfo | None = None
    zone: tzinfo | None = ZONE
    more: Mapping[str, Any] = field(default_factory=dict)

    def moment(self, seconds: int | None) -> datetime | None:
        """A moment as it is written."""
        if seconds is None:
            return None
        local = at(seconds / 60, self.morning)
        return local.astimezone(self.written_in) if self.written_in else local

    def chart(self, sketch: Sketch) -> Chart:
        """The sketch as a chart."""
        diagnoses = tuple(
            Diagnosis(f"Condition/c{rank}", (Term("icd10cm", code),), "encounter-diagnosis", rank)
            for rank, code in enumerate(sketch.diagnoses, start=1)
        )
        return Chart(
            encounter=self._encounter(sketch),
            administrations=tuple(self._administration(one) for one in sketch.given),
            diagnoses=diagnoses,
            neighbours=None if sketch.neighbours is None else tuple(map(self._neighbour, sketch.neighbours)),
            zone=self.zone,
            unplaced=("MedicationAdministration/m99",) if sketch.unplaced else (),
            issues=(MappingIssue("Bundle", "entry", "an odd one", "left out", blocks=True),) if sketch.blocked else (),
        )

    def _encounter(self, sketch: Sketch) -> Encounter:
        turn = self.moment(sketch.inpatient_from)
        classes = (ClassSpan("EMER", None, turn), ClassSpan("IMP", turn, None)) if turn else ()
        reasons = (Term("icd10cm", sketch.reason),) if sketch.reason else ()
        start, stop = self.moment(-60 * 60), self.moment(1560 * 60)
        return Encounter(
            "Encounter/e1", "Patient/p1", sketch.encounter_class, "finished", start, stop, classes, reasons
        )

    def _neighbour(self, other: tuple[str, int]) -> Neighbour:
        kind, hours = other
        start, stop = self.moment(hours * 3600), self.moment((hours + 1) * 3600)
        return Neighbour("Encounter/e2", kind, start, stop, ("96365",) if hours == -2 else ())

    def _administration(self, one: Given) -> Administration:
        value, _, unit = one.dose.partition(" ")
        return given(
            one.number, one.drug, None, None, one.how,
            start=self.moment(one.start), stop=self.moment(one.stop), instant=one.stop is None,
            date_only=self._day() if one.date_only else None,
            site=one.site, status=one.status, notes=(one.note,) if one.note else (),
            request=f"MedicationRequest/{one.drug} {one.order}" if one.order else "",
            running_until=self.moment(one.running_until),
            infuse_over=None if one.infuse_over is None else Decimal(one.infuse_over),
            ordered_minutes=None if one.ordered is None else Decimal(one.ordered),
            dose=Quantity(Decimal(value), unit) if one.dose else None,
            rate=None if one.rate is None else Rate(Quantity(Decimal(one.rate), "mL"), Quantity(Decimal(1), "h")),
            part_of=() if one.part_of is None else (f"MedicationAdministration/m{one.part_of}",),
            from_device=one.from_device,
        )  # fmt: skip

    def _day(self) -> date:
        return self.morning.date()


def later(morning: datetime, days: int) -> datetime:
    """The same local hour, days later."""
    return datetime.combine(morning.date() + timedelta(days=days), morning.time(), morning.tzinfo)
