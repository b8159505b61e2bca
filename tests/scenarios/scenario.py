"""A scenario as it lies in a file: a drawn chart and the complete table a coder expects of it.

A scenario without a table of queries or notices expects none.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, Chart, CodedEncounter, SuggestedCharge
from plugin.rules.differences import code_encounter
from tests.scenarios.drawing import DrawingError, Row, draw_chart, listed, read_day, read_table

FOLDER = Path(__file__).parent
GAPS = "known_gaps.toml"
REQUIRED = ("id", "title", "setting", "date", "diagnoses", "source", "chart", "working", "charges")
TABLES = ("queries", "notices")
AROUND = ("class", "classes", "encounter_reasons", "zone", "neighbours", "procedures")
OPTIONAL = (*TABLES, *AROUND, "positions", "differs")
CHARGE_COLUMNS = frozenset(["code", "units", "modifiers", "date", "administrations", "because"])
SAID_COLUMNS = frozenset(["kind", "administrations", "because"])
# Questions about a drug's own line. Scenarios expect administration codes alone (README of this folder).
OF_DRUG_LINES = frozenset({"dose-unit", "vial-size-or-waste", "drug-code-ambiguous", "340b", "patient-weight"})
NOTHING_SAID = "kind | administrations | because"
Line = tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """One scenario with the file it stands in."""

    id: str
    file: str
    values: Mapping[str, Any]

    @property
    def chart(self) -> Chart:
        """The drawn chart as a value."""
        return draw_chart(self.values)

    @property
    def positions(self) -> dict[str, str]:
        """The sides of contested points that the scenario takes."""
        return dict(self.values.get("positions", {}))

    @property
    def drawing(self) -> tuple[object, ...]:
        """What makes a scenario the same as another: the chart and all that surrounds it, not the words about it."""
        given = tuple(row.strip() for row in self.values["chart"].strip().splitlines())
        around = tuple(str(self.values.get(name)) for name in ("setting", "diagnoses", *AROUND))
        return (given, str(sorted(self.positions.items())), *around)


def _files() -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*.toml")) if path.name != GAPS]


@cache
def all_scenarios() -> tuple[Scenario, ...]:
    """Every scenario of the folder, by file and then as written."""
    return tuple(
        Scenario(values.get("id", f"{path.name} number {number}"), path.name, values)
        for path in _files()
        for number, values in enumerate(tomllib.loads(path.read_text("utf-8")).get("scenario", []), start=1)
    )


@cache
def known_gaps() -> Mapping[str, str]:
    """Scenario id -> why the product does not give this answer yet."""
    gaps = tomllib.loads((FOLDER / GAPS).read_text("utf-8"))
    return {str(name): str(reason) for name, reason in gaps.items()}


def flaws(scenario: Scenario) -> list[str]:
    """What is missing from a scenario, or is written where nobody reads it."""
    values = scenario.values
    found = [f"{name} is missing" for name in REQUIRED if name not in values]
    found += [f"{name} is empty" for name in ("source", "working", "title") if not str(values.get(name, "x")).strip()]
    found += [f"{name} is no field of a scenario" for name in values if name not in (*REQUIRED, *OPTIONAL)]
    if values.get("setting") not in ("facility", "office"):
        found.append("setting is facility or office")
    return found


def code(scenario: Scenario) -> CodedEncounter:
    """The scenario's chart coded; a facility is never told to the engine, it follows from the class."""
    book = CodeBook.load()
    book.check_choices(scenario.positions)
    setting = CareSetting.OFFICE if scenario.values["setting"] == "office" else None
    return code_encounter(scenario.chart, book, setting, scenario.positions)


def expected_charges(scenario: Scenario) -> Counter[Line]:
    """(code, units, modifiers, date[, administrations]) of every expected line."""
    rows = read_table(scenario.values["charges"], CHARGE_COLUMNS)
    by_administration = _has_administrations(scenario.values["charges"])
    return Counter(_charge(row, scenario, by_administration) for row in rows)


def _has_administrations(drawn: str) -> bool:
    return "administrations" in [cell.strip() for cell in drawn.strip().splitlines()[0].split("|")]


def _charge(row: Row, scenario: Scenario, by_administration: bool) -> Line:
    day = scenario.values["date"]
    line: Line = (
        row["code"],
        str(int(row["units"])),
        ", ".join(listed(row.get("modifiers", ""))),
        str(read_day(row["date"], day) if "date" in row else day),
    )
    return (*line, _ids(listed(row.get("administrations", "")))) if by_administration else line


def actual_charges(scenario: Scenario, coded: CodedEncounter) -> Counter[Line]:
    """The same of every administration line that came out."""
    by_administration = _has_administrations(scenario.values["charges"])
    lines: Counter[Line] = Counter()
    for charge in coded.charges:
        if is_drug_line(charge):
            continue
        line: Line = (charge.code, str(charge.units), ", ".join(charge.modifiers), str(charge.day))
        lines[(*line, _ids(charge.administrations)) if by_administration else line] += 1
    return lines


def is_drug_line(charge: SuggestedCharge) -> bool:
    """A line for the drug itself: any HCPCS code that is no administration code of the code book."""
    procedures = {row.code for row in CodeBook.load().procedure_codes}
    return charge.system == "HCPCS" and charge.code not in procedures


def _ids(administrations: tuple[str, ...]) -> str:
    return ", ".join(sorted(administrations))


def expected_said(scenario: Scenario, what: str) -> Counter[Line]:
    """(kind[, administrations]) of every expected query or notice."""
    drawn = scenario.values.get(what, NOTHING_SAID)
    by_administration = _has_administrations(drawn)
    lines: Counter[Line] = Counter()
    for row in read_table(drawn, SAID_COLUMNS):
        if "kind" not in row:
            raise DrawingError(f"a line of {what} names no kind")
        ids = _ids(listed(row.get("administrations", "")))
        lines[(row["kind"], ids) if by_administration else (row["kind"],)] += 1
    return lines


def actual_said(scenario: Scenario, what: str, coded: CodedEncounter) -> Counter[Line]:
    """The same of every query or notice that came out."""
    by_administration = _has_administrations(scenario.values.get(what, NOTHING_SAID))
    said = coded.asks if what == "queries" else coded.notices
    lines: Counter[Line] = Counter()
    for one in said:
        if one.kind not in OF_DRUG_LINES:
            lines[(one.kind, _ids(one.administrations)) if by_administration else (one.kind,)] += 1
    return lines
