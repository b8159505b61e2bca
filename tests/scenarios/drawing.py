"""Reads a drawn chart, a table that a coder can read, into a domain `Chart`; and the drawn tables of what is expected.

Every table has a header line and cells between bars.
Nothing here looks at a rule or a code table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fhir_mappings.routes import way_of_text
from plugin.domain import (
    Administration,
    Chart,
    ClassSpan,
    Diagnosis,
    Drug,
    Encounter,
    Ingredient,
    Neighbour,
    ProcedureDone,
    Quantity,
    Rate,
    Route,
    Status,
    Technique,
    Term,
)

CHART_COLUMNS = frozenset(
    [
        *("start", "stop", "drug", "dose", "how", "site", "id", "order", "status", "note", "reason", "expected"),
        *("ndc", "ingredients"),
    ]
)
INJECTED = (Route.INTRAMUSCULAR, Route.SUBCUTANEOUS, Route.INTRADERMAL)
ICD10CM = re.compile(r"^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?$")
MOMENT = re.compile(r"^(?:\+(\d) )?(\d\d):(\d\d)$")
DOSE = re.compile(r"^([\d.]+) ([^@]+?)(?: @ ([\d.]+) (\S+)/(\S+))?$")
STRENGTH = re.compile(r"^(.+?) ([\d.]+) (\S+) / ([\d.]+) (\S+)$")
EXPECTED = re.compile(r"^(infuse|ordered|running) (.+)$")
Row = Mapping[str, str]


class DrawingError(ValueError):
    """A drawn table can't be read; the message names the line and the remedy."""


def read_table(drawn: str, columns: frozenset[str]) -> list[Row]:
    """The rows of a drawn table; a cell `-` or an empty one is left out of its row."""
    lines = [line for line in drawn.strip().splitlines() if line.strip()]
    if not lines:
        raise DrawingError("a drawn table needs at least its header line")
    header = _cells(lines[0])
    if unknown := set(header) - columns:
        raise DrawingError(f"unknown column {sorted(unknown)[0]!r}; the columns are {', '.join(sorted(columns))}")
    return [_row(header, line) for line in lines[1:]]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _row(header: Sequence[str], line: str) -> Row:
    cells = _cells(line)
    if len(cells) != len(header):
        raise DrawingError(f"{len(cells)} cells under {len(header)} columns: {line.strip()!r}")
    return {name: cell for name, cell in zip(header, cells, strict=True) if cell not in ("", "-")}


def listed(cell: str) -> tuple[str, ...]:
    """`m1, m2` as a tuple."""
    return tuple(part.strip() for part in cell.split(",") if part.strip())


def read_moment(cell: str, day: date, zone: ZoneInfo) -> datetime:
    """`10:30` on the scenario's day, `+1 00:30` on the next."""
    found = MOMENT.match(cell)
    if not found:
        raise DrawingError(f"{cell!r} is no time; write HH:MM, or +1 HH:MM for the next day")
    later, hour, minute = (int(part or 0) for part in found.groups())
    return datetime.combine(day + timedelta(days=later), time(hour, minute), tzinfo=zone)


def read_day(cell: str, day: date) -> date:
    """`2026-03-02`, or `+1` for the day after the scenario's."""
    return day + timedelta(days=int(cell)) if cell.startswith("+") else date.fromisoformat(cell)


def draw_chart(scenario: Mapping[str, Any]) -> Chart:
    """The scenario's chart; DrawingError where it can't be read."""
    day, zone = scenario["date"], ZoneInfo(scenario.get("zone", "America/Chicago"))
    rows = read_table(scenario["chart"], CHART_COLUMNS)
    administrations = tuple(_administration(row, f"m{n}", day, zone) for n, row in enumerate(rows, start=1))
    neighbours = scenario.get("neighbours", [])
    return Chart(
        encounter=_encounter(scenario, administrations, day, zone),
        administrations=administrations,
        diagnoses=tuple(_diagnoses(scenario["diagnoses"])),
        procedures=tuple(_procedure(n, p, day, zone) for n, p in enumerate(scenario.get("procedures", []), start=1)),
        neighbours=None if neighbours == "unknown" else tuple(_neighbour(n, day, zone) for n in neighbours),
        zone=zone,
        weight_kg=Decimal(scenario["weight_kg"]) if "weight_kg" in scenario else None,
        surface_m2=Decimal(scenario["surface_m2"]) if "surface_m2" in scenario else None,
    )


def _encounter(scenario: Mapping[str, Any], given: Sequence[Administration], day: date, zone: ZoneInfo) -> Encounter:
    moments = [m for a in given for m in (a.start, a.stop) if m]
    noon = datetime.combine(day, time(12), tzinfo=zone)
    return Encounter(
        id="e1",
        patient="p1",
        encounter_class=scenario.get("class", "AMB"),
        status="finished",
        start=_at(scenario, "arrival", day, zone) or min(moments, default=noon),
        stop=max(moments, default=noon),
        classes=tuple(
            ClassSpan(span["class"], _at(span, "start", day, zone), _at(span, "stop", day, zone))
            for span in scenario.get("classes", [])
        ),
        reasons=tuple(_reason(cell) for cell in scenario.get("encounter_reasons", [])),
    )


def _diagnoses(codes: Sequence[str]) -> Iterator[Diagnosis]:
    for rank, code in enumerate(codes, start=1):
        yield Diagnosis(f"d{rank}", (Term("icd10cm", code),), category="encounter-diagnosis", rank=rank)


def _at(row: Row, name: str, day: date, zone: ZoneInfo) -> datetime | None:
    return read_moment(row[name], day, zone) if name in row else None


def _neighbour(row: Mapping[str, Any], day: date, zone: ZoneInfo) -> Neighbour:
    charged = tuple(row.get("charged", ()))
    return Neighbour(row["id"], row["class"], _at(row, "start", day, zone), _at(row, "stop", day, zone), charged)


def _procedure(number: int, row: Row, day: date, zone: ZoneInfo) -> ProcedureDone:
    term = Term("text", "", row["text"])
    return ProcedureDone(f"p{number}", (term,), _at(row, "start", day, zone), _at(row, "stop", day, zone))


def _administration(row: Row, id: str, day: date, zone: ZoneInfo) -> Administration:
    way = way_of_text(row.get("how", ""))
    start, stop = _at(row, "start", day, zone), _at(row, "stop", day, zone)
    dose, rate = _dose(row.get("dose", ""))
    infuse_over, ordered, running_until = _expected(row.get("expected", ""), day, zone)
    injected = way.technique is None and way.route in INJECTED
    return Administration(
        id=row.get("id", id),
        status=Status(row.get("status", "completed")),
        drug=_drug(row),
        start=start,
        stop=stop,
        instant=start is not None and stop is None,
        date_only=day if start is None and stop is None else None,
        route=way.route,
        route_text=row.get("how", ""),
        technique=Technique.INJECTION if injected else way.technique,
        site=row.get("site", ""),
        dose=dose,
        rate=rate,
        infuse_over=infuse_over,
        ordered_minutes=ordered,
        running_until=running_until,
        request=row.get("order", ""),
        reasons=tuple(_reason(cell) for cell in listed(row.get("reason", ""))),
        notes=(row["note"],) if "note" in row else (),
    )


def _drug(row: Row) -> Drug:
    """The drug with its NDC; ingredients are drawn as `ondansetron 8 mg / 50 mL; dexamethasone 10 mg / 50 mL`."""
    terms = (Term("ndc", row["ndc"]),) if "ndc" in row else ()
    return Drug(row["drug"], terms, tuple(_ingredient(cell) for cell in row.get("ingredients", "").split(";") if cell))


def _ingredient(cell: str) -> Ingredient:
    found = STRENGTH.match(cell.strip())
    if not found:
        raise DrawingError(f"{cell!r} is no ingredient; write `ondansetron 8 mg / 50 mL`")
    name, value, unit, per, of = found.groups()
    return Ingredient(name, (), Rate(Quantity(Decimal(value), unit), Quantity(Decimal(per), of)))


def _reason(cell: str) -> Term:
    return Term("icd10cm", cell) if ICD10CM.match(cell) else Term("text", "", cell)


def _dose(cell: str) -> tuple[Quantity | None, Rate | None]:
    """`1000 mL`, or with its rate `1000 mL @ 125 mL/h`."""
    if not cell:
        return None, None
    found = DOSE.match(cell)
    if not found:
        raise DrawingError(f"{cell!r} is no dose; write `4 mg`, or `1000 mL @ 125 mL/h` with a rate")
    value, unit, rate, of, per = found.groups()
    dose = Quantity(Decimal(value), unit)
    return dose, Rate(Quantity(Decimal(rate), of), Quantity(Decimal(1), per)) if rate else None


def _expected(cell: str, day: date, zone: ZoneInfo) -> tuple[Decimal | None, Decimal | None, datetime | None]:
    """`infuse 90`: documented to infuse over; `ordered 90`: the order's minutes; `running 11:00`: last seen running."""
    if not cell:
        return None, None, None
    found = EXPECTED.match(cell)
    if not found:
        raise DrawingError(f"{cell!r} says nothing expected; write `infuse 90`, `ordered 90` or `running 11:00`")
    kind, value = found.groups()
    if kind == "running":
        return None, None, read_moment(value, day, zone)
    return (Decimal(value), None, None) if kind == "infuse" else (None, Decimal(value), None)
