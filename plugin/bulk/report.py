"""The HTML report: one file, no script, nothing fetched, opened without installing anything."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from plugin.bulk import plots, report_numbers
from plugin.bulk.database import database
from plugin.bulk.machine import Machine
from plugin.bulk.output import view_findings
from plugin.bulk.report_numbers import Sum
from plugin.bulk.report_words import Words, counted, dollars_or, number
from plugin.bulk.runs import Outcome, Run
from plugin.bulk.whole_file import whole_file

TEMPLATES = Path(__file__).with_name("templates")
MOST_BARS, MOST_UNITS = 40, 25


def write_html(outcome: Outcome, run: Run, output: Path, machine: Machine) -> None:
    """Write the report whole."""
    with database(machine) as connection, whole_file(output) as file:
        view_findings(connection, outcome.findings)
        file.write(_page(connection, outcome, run).encode())


def _page(connection: duckdb.DuckDBPyConnection, outcome: Outcome, run: Run) -> str:
    style = (TEMPLATES / "report.css").read_text("utf-8")
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.globals |= {"number": number, "dollars": dollars_or, "counted": counted, "least": _least}
    words = Words(run, outcome)
    directions, codes = report_numbers.by_direction(connection), report_numbers.by_code(connection)
    missing = {} if words.simulated else report_numbers.missing_by_unit(outcome.tally.missing)
    return environment.get_template("report.html").render(
        words=words,
        tally=outcome.tally,
        style=Markup(style),  # noqa: S704 - ours
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        differing=report_numbers.differing(connection),
        cautions=list(words.cautions(report_numbers.codes_without_fee(connection))),
        directions=directions,
        net=words.net(directions),
        codes=codes,
        worth=len([each for each in codes if each.dollars]),
        label=run.settings.policy.book().label,
        by_code=Markup(_by_code(codes, words)),  # noqa: S704 - svg.py's own, chart words cleaned
        by_money=Markup(_by_money(codes, words)),  # noqa: S704
        missing=missing,
        by_hour=Markup(plots.hours_by_unit("Infusions without a stop time", _least(missing, MOST_UNITS))),  # noqa: S704
        most_bars=MOST_BARS,
        most_units=MOST_UNITS,
        causes=report_numbers.causes(connection),
        changed=report_numbers.encounters(connection) if words.simulated else [],
        findings=report_numbers.first_findings(connection),
        total=sum(each.findings for each in directions),
    )


def _least(values: Any, most: int) -> Any:
    """The first of a mapping."""
    return dict(list(values.items())[:most])


def _by_code(codes: Sequence[Sum], words: Words) -> str:
    drawn = [(_named(each, words), float(each.findings), each.direction, _ends(each)) for each in codes[:MOST_BARS]]
    return plots.bars("Findings by code and direction", drawn)


def _ends(of: Sum) -> str:
    """A bar's words: units are none where nothing is known of charges."""
    return f"{number(of.findings)} ({counted(of.units, 'unit')})" if of.units else number(of.findings)


def _by_money(codes: Sequence[Sum], words: Words) -> str:
    worth = [
        (_named(each, words), float(each.dollars), each.direction, dollars_or(each.dollars))
        for each in codes
        if each.dollars
    ]
    drawn = sorted(worth, key=lambda bar: -abs(bar[1]))[:MOST_BARS]
    return plots.bars("Dollars by code and direction", drawn) if drawn else ""


def _named(of: Sum, words: Words) -> str:
    return f"{of.name} {words.direction(of.direction)}"
