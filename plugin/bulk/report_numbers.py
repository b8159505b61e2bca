"""What the report says in numbers, asked of the view `findings`: sums by direction and code, causes, encounters."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

import duckdb

from plugin.bulk.findings import DIRECTIONS
from plugin.bulk.output import rows

MOST_FINDINGS, MOST_CAUSES = 500, 20
SUMS = (
    "count(*), count(DISTINCT encounter), sum(abs(units_supported - units_charged)), "
    "sum(units_supported - units_charged), sum(amount), count(*) - count(amount)"
)


class Sum(NamedTuple):
    """Of some findings: how many, of how many encounters, their units without sign and with it (supported less
    charged), their dollars (None where no finding has a fee), and how many findings have none.
    """

    name: str
    findings: int
    encounters: int
    units: Decimal
    net_units: Decimal
    dollars: Decimal | None
    unpriced: int
    direction: str = ""


def by_direction(connection: duckdb.DuckDBPyConnection) -> list[Sum]:
    """What is owed to the house first."""
    found = connection.execute(f"SELECT direction, {SUMS}, direction FROM findings GROUP BY direction").fetchall()
    return sorted([Sum(*row) for row in found], key=lambda each: DIRECTIONS.index(each.direction))


def by_code(connection: duckdb.DuckDBPyConnection) -> list[Sum]:
    """The most findings first."""
    found = connection.execute(
        f"SELECT code, {SUMS}, direction FROM findings GROUP BY code, direction ORDER BY count(*) DESC, code, direction"
    ).fetchall()
    return [Sum(*row) for row in found]


def differing(connection: duckdb.DuckDBPyConnection) -> int:
    """How many encounters have a finding."""
    row = connection.execute("SELECT count(DISTINCT encounter) FROM findings").fetchone()
    return int(row[0]) if row else 0


def codes_without_fee(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The codes of findings whose worth is not known."""
    unknown = "SELECT DISTINCT code FROM findings WHERE amount IS NULL AND units_charged <> units_supported"
    return [row[0] for row in connection.execute(f"{unknown} ORDER BY code").fetchall()]


def causes(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The most common first: findings, direction, code, rule and kind of question."""
    found = connection.execute(
        "SELECT count(*) AS findings, direction, code, rule, query FROM findings "
        f"GROUP BY ALL ORDER BY findings DESC, direction, code, rule, query LIMIT {MOST_CAUSES}"
    ).fetchall()
    return [dict(zip(("findings", "direction", "code", "rule", "query"), row, strict=True)) for row in found]


def encounters(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Encounters with what changes on each, and on how many days: most dollars first, then most units, then by id."""
    found = connection.execute(
        "SELECT encounter, min(date), list({code: array_to_string(list_prepend(code, modifiers), '-'), "
        "day: date, before: units_charged, after: units_supported} ORDER BY code, modifiers, date), "
        "count(DISTINCT date), sum(amount) AS dollars "
        "FROM findings GROUP BY encounter "
        "ORDER BY abs(coalesce(dollars, 0)) DESC, sum(abs(units_supported - units_charged)) DESC, encounter "
        f"LIMIT {MOST_FINDINGS}"
    ).fetchall()
    return [dict(zip(("encounter", "date", "changes", "days", "dollars"), row, strict=True)) for row in found]


def first_findings(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """In the order of every format."""
    return list(islice(rows(connection), MOST_FINDINGS))


def missing_by_unit(counts: Mapping[str, int]) -> dict[str, list[int]]:
    """Infusions without a stop time by unit, of each hour of the day; the unit with most of them first."""
    by_unit: dict[str, list[int]] = {}
    for where, count in sorted(counts.items()):
        unit, hour = where.rsplit("\t", 1)
        by_unit.setdefault(unit, [0] * 24)[int(hour)] += count
    return dict(sorted(by_unit.items(), key=lambda item: (-sum(item[1]), item[0])))
