"""The HTML report: one file, no script, nothing fetched, opened without installing anything."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from plugin.bulk import plots
from plugin.bulk.database import database
from plugin.bulk.machine import Machine
from plugin.bulk.output import rows, view_findings
from plugin.bulk.runs import Outcome
from plugin.bulk.settings import ChargeSource
from plugin.bulk.whole_file import whole_file
from plugin.rules import BY_ID, EDITION

TEMPLATES = Path(__file__).with_name("templates")
MOST_FINDINGS, MOST_BARS, MOST_UNITS = 500, 40, 25
DIRECTIONS = ("under", "over", "undocumented")
LEGEND = (
    "Under: supported by the chart and not charged. Over: charged and not supported. "
    "Undocumented: charged, and the chart can neither support nor refute it. "
    "Dollars are what was not charged, less what was charged too much, by the fees given."
)
SIMULATED = (
    "Under: the chosen policy adds it to what the other gives. Over: it takes it away; the question that stands with "
    "it may bring it back. Charged stands for the other, supported for the chosen policy."
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What the report is about: the export, and whether two policies are compared instead of charges."""

    export: str
    simulated: bool = False


def write_html(outcome: Outcome, heading: Heading, output: Path, machine: Machine) -> None:
    """Write the report whole."""
    with database(machine) as connection, whole_file(output) as file:
        view_findings(connection, outcome.findings)
        file.write(_page(connection, outcome, heading).encode())


def _page(connection: duckdb.DuckDBPyConnection, outcome: Outcome, heading: Heading) -> str:
    style = (TEMPLATES / "report.css").read_text("utf-8")
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    total = _one(connection, "SELECT count(*) FROM findings")
    return environment.get_template("report.html").render(
        title="What a change of policy would change" if heading.simulated else "Infusion charges: audit",
        about=_about(outcome, heading),
        style=Markup(style),  # noqa: S704 - ours
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        edition=EDITION,
        tally=outcome.tally,
        differing=_differing(connection, outcome.tally.encounters),
        number=_number,
        problems=len(outcome.problems) + outcome.tally.unplaced,
        directions=_directions(connection),
        legend=SIMULATED if heading.simulated else LEGEND,
        by_code=Markup(_by_code(connection)),  # noqa: S704 - svg.py's own, chart words cleaned
        by_money=Markup(_by_money(connection)),  # noqa: S704
        missing=Markup(_missing(outcome.tally.missing)),  # noqa: S704
        causes=_causes(connection),
        findings=_first(connection),
        more=total if total > MOST_FINDINGS else 0,
    )


def _about(outcome: Outcome, heading: Heading) -> str:
    where = f"The export in {heading.export}"
    if heading.simulated:
        return f"{where}, coded twice: by the product's own tables and positions, and by the chosen ones."
    if outcome.source is ChargeSource.NONE:
        return f"{where}, which has no charges: an audit of the documentation alone. Nothing is called under-coded."
    source = "a file of charges" if outcome.source is ChargeSource.FILE else f"its {outcome.source.value} resources"
    return f"{where}, with what was charged taken from {source}."


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _directions(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = connection.execute(
        "SELECT direction, count(*), count(DISTINCT encounter), sum(abs(units_charged - units_supported)), sum(amount) "
        f"FROM findings GROUP BY direction ORDER BY {_ranked()}"
    ).fetchall()
    names = ("direction", "findings", "encounters", "units", "dollars")
    return [
        dict(zip(names, (row[0], *map(_number, row[1:4]), "" if row[4] is None else _dollars(row[4])), strict=True))
        for row in found
    ]


def _ranked() -> str:
    """What is owed to the house first."""
    cases = " ".join(f"WHEN '{direction}' THEN {place}" for place, direction in enumerate(DIRECTIONS))
    return f"CASE direction {cases} END"


def _number(value: Decimal | int) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"


def _dollars(value: Decimal) -> str:
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def _differing(connection: duckdb.DuckDBPyConnection, encounters: int) -> str:
    differ = _one(connection, "SELECT count(DISTINCT encounter) FROM findings")
    share = f" ({differ / encounters:.1%})" if encounters else ""
    return f"{_number(differ)} of {_number(encounters)} encounters{share} have a finding."


def _by_code(connection: duckdb.DuckDBPyConnection) -> str:
    found = connection.execute(
        "SELECT code, direction, count(*) AS findings, sum(abs(units_charged - units_supported)) AS units "
        f"FROM findings GROUP BY ALL ORDER BY findings DESC, code, direction LIMIT {MOST_BARS}"
    ).fetchall()
    drawn = [
        (f"{code} {direction}", float(count), direction, f"{_number(count)} ({_number(units)} units)")
        for code, direction, count, units in found
    ]
    return plots.bars("Findings by code and direction", drawn) if drawn else ""


def _by_money(connection: duckdb.DuckDBPyConnection) -> str:
    found = connection.execute(
        "SELECT code, direction, sum(amount) AS dollars FROM findings WHERE amount IS NOT NULL "
        f"GROUP BY ALL ORDER BY abs(dollars) DESC, code, direction LIMIT {MOST_BARS}"
    ).fetchall()
    drawn = [(f"{code} {direction}", float(amount), direction, _dollars(amount)) for code, direction, amount in found]
    return plots.bars("Dollars by code and direction", drawn) if drawn else ""


def _missing(counts: Mapping[str, int]) -> str:
    """Units with most of them first."""
    by_unit: dict[str, list[int]] = {}
    for where, count in sorted(counts.items()):
        unit, hour = where.rsplit("\t", 1)
        by_unit.setdefault(unit, [0] * 24)[int(hour)] += count
    most = sorted(by_unit.items(), key=lambda item: (-sum(item[1]), item[0]))[:MOST_UNITS]
    return plots.hours_by_unit("Infusions without a stop time", dict(most)) if most else ""


def _causes(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = connection.execute(
        "SELECT count(*) AS findings, direction, code, rule, query FROM findings "
        "GROUP BY direction, code, rule, query ORDER BY findings DESC, direction, code, rule, query LIMIT 20"
    ).fetchall()
    return [
        {"findings": _number(count), "direction": direction, "code": code, "rule": rule, "what": _what(rule, query)}
        for count, direction, code, rule, query in found
    ]


def _what(rule: str, query: str) -> str:
    title = BY_ID[rule].title if rule in BY_ID else "nothing charted earns it"
    return f"{query.replace('-', ' ')}: {title}" if query else title


def _first(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = []
    for row in rows(connection):
        found.append(row)
        if len(found) >= MOST_FINDINGS:
            break
    return found
