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
from plugin.rules import SUPPLY
from plugin.rules.differences import code_encounter
from plugin.rules.drug_lines import OF_DRUGS
from tests.scenarios.drawing import DrawingError, Row, draw_chart, listed, read_day, read_table

FOLDER = Path(__file__).parent
GAPS = "known_gaps.toml"
REQUIRED = ("id", "title", "setting", "date", "diagnoses", "source", "chart", "working", "charges")
TABLES = ("queries", "notices")
DRUGS = "drugs"
DRUG_QUERIES = "drug_queries"
AROUND = (
    "weight_kg",
    "surface_m2",
    "class",
    "classes",
    "arrival",
    "encounter_reasons",
    "zone",
    "neighbours",
    "procedures",
)
OPTIONAL = (*TABLES, DRUGS, DRUG_QUERIES, *AROUND, "positions", "differs")
CHARGE_COLUMNS = frozenset(["code", "units", "modifiers", "date", "diagnoses", "administrations", "because"])
DRUG_COLUMNS = frozenset(["code", "units", "modifiers", "because"])
SAID_COLUMNS = frozenset(["kind", "administrations", "because"])
OF_SUPPLY = frozenset(rule.id for rule in SUPPLY)
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
        around = tuple(str(self.values.get(name)) for name in ("setting", "date", "diagnoses", *AROUND))
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
    """(code, units, modifiers, date[, diagnoses][, administrations]) of every expected line."""
    rows = read_table(scenario.values["charges"], CHARGE_COLUMNS)
    return Counter(_charge(row, scenario) for row in rows)


def _draws(drawn: str, column: str) -> bool:
    return column in [cell.strip() for cell in drawn.strip().splitlines()[0].split("|")]


def _charge(row: Row, scenario: Scenario) -> Line:
    drawn, day = scenario.values["charges"], scenario.values["date"]
    line = [row["code"], str(int(row["units"])), ", ".join(listed(row.get("modifiers", "")))]
    line.append(str(read_day(row["date"], day) if "date" in row else day))
    if _draws(drawn, "diagnoses"):
        line.append(", ".join(listed(row.get("diagnoses", ""))))
    if _draws(drawn, "administrations"):
        line.append(_ids(listed(row.get("administrations", ""))))
    return tuple(line)


def actual_charges(scenario: Scenario, coded: CodedEncounter) -> Counter[Line]:
    """The same of every administration line that came out."""
    drawn = scenario.values["charges"]
    lines: Counter[Line] = Counter()
    for charge in coded.charges:
        if is_drug_line(charge):
            continue
        line = [charge.code, str(charge.units), ", ".join(charge.modifiers), str(charge.day)]
        line += [", ".join(charge.diagnoses)] if _draws(drawn, "diagnoses") else []
        line += [_ids(charge.administrations)] if _draws(drawn, "administrations") else []
        lines[tuple(line)] += 1
    return lines


def expected_drugs(scenario: Scenario) -> Counter[Line]:
    """(code, units, modifiers) of every expected line for a drug, for the few scenarios that list them."""
    rows = read_table(scenario.values[DRUGS], DRUG_COLUMNS)
    return Counter((r["code"], str(int(r["units"])), ", ".join(listed(r.get("modifiers", "")))) for r in rows)


def actual_drugs(coded: CodedEncounter) -> Counter[Line]:
    """The same of every drug line that came out."""
    drugs = [charge for charge in coded.charges if is_drug_line(charge)]
    return Counter((charge.code, str(charge.units), ", ".join(charge.modifiers)) for charge in drugs)


def is_drug_line(charge: SuggestedCharge) -> bool:
    """A line for the drug itself."""
    return charge.rules[0] in OF_SUPPLY


def _ids(administrations: tuple[str, ...]) -> str:
    return ", ".join(sorted(administrations))


def expected_said(scenario: Scenario, what: str) -> Counter[Line]:
    """(kind[, administrations]) of every expected query or notice."""
    drawn = scenario.values.get(what, NOTHING_SAID)
    by_administration = _draws(drawn, "administrations")
    lines: Counter[Line] = Counter()
    for row in read_table(drawn, SAID_COLUMNS):
        if "kind" not in row:
            raise DrawingError(f"a line of {what} names no kind")
        ids = _ids(listed(row.get("administrations", "")))
        lines[(row["kind"], ids) if by_administration else (row["kind"],)] += 1
    return lines


def actual_said(scenario: Scenario, what: str, coded: CodedEncounter) -> Counter[Line]:
    """The same of every query or notice that came out."""
    by_administration = _draws(scenario.values.get(what, NOTHING_SAID), "administrations")
    said = coded.notices if what == "notices" else coded.asks
    lines: Counter[Line] = Counter()
    for one in said:
        if (one.kind in OF_DRUGS) == (what == DRUG_QUERIES):
            lines[(one.kind, _ids(one.administrations)) if by_administration else (one.kind,)] += 1
    return lines
