"""Reads the boundary tables: a chart drawn with the letter m for the minutes that vary, and one row for each m.

A file holds tables by name:

    [therapeutic-infusion-alone]
    title = "..."
    settings = ["facility", "office"]       the same rows hold in each
    positions = { push_over_15 = "time" }   optional
    chart = "start | stop | drug | how | more" and one line for each administration;
            start and stop are minutes after 08:00, such as `m+20`; an empty stop is a charted moment;
            more is a list such as `order=o1, site=right hand, status=stopped, ordered=60`
    rows = "m | codes | why" and one line for each m; codes such as `96365, 96366 x2`, a hyphen for none,
           `?kind` for a question that must be shown
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from plugin.domain import Administration, CareSetting, Chart, Status
from tests.properties.building import chart, given

FOLDER = Path(__file__).parent
MINUTES_OF_A_TERM = re.compile(r"([+-]?)\s*(m|\d+)")


@dataclass(frozen=True)
class Row:
    """One m of one table in one setting: the units by code, the kinds of questions, and why."""

    table: str
    setting: CareSetting
    m: int
    units: dict[str, int]
    questions: list[str]
    why: str
    drawn: tuple[dict[str, str], ...]
    positions: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"{self.table}-{self.setting.value}-{self.m}"

    def chart(self) -> Chart:
        """The drawn chart with m put in."""
        return chart(*(_administration(n, cells, self.m) for n, cells in enumerate(self.drawn, start=1)))


def rows() -> Iterator[Row]:
    """Every row of every table."""
    for path in sorted(FOLDER.glob("*.toml")):
        for name, table in tomllib.loads(path.read_text("utf-8")).items():
            drawn = tuple(_cells(table["chart"]))
            for setting in table["settings"]:
                for cells in _cells(table["rows"]):
                    yield _row(name, CareSetting(setting), cells, drawn, table.get("positions", {}))


def _row(
    table: str, setting: CareSetting, cells: dict[str, str], drawn: tuple[dict[str, str], ...], positions: dict
) -> Row:
    words = [word.strip() for word in cells["codes"].split(",")]
    units = dict(_units(word) for word in words if word != "-" and not word.startswith("?"))
    questions = sorted(word[1:] for word in words if word.startswith("?"))
    return Row(table, setting, int(cells["m"]), units, questions, cells["why"], drawn, positions)


def _units(word: str) -> tuple[str, int]:
    code, _, units = word.partition(" x")
    return code, int(units or 1)


def _cells(text: str) -> Iterator[dict[str, str]]:
    head, *lines = (line.split("|") for line in text.strip().splitlines())
    names = [name.strip() for name in head]
    for line in lines:
        yield dict(zip(names, (cell.strip() for cell in line), strict=True))


def minute(text: str, m: int) -> int | None:
    """`m+20` with m put in; None for an empty cell."""
    if not text:
        return None
    terms = MINUTES_OF_A_TERM.findall(text)
    assert "".join(sign + term for sign, term in terms) == text.replace(" ", ""), text
    return sum((-1 if sign == "-" else 1) * (m if term == "m" else int(term)) for sign, term in terms)


def _administration(number: int, cells: dict[str, str], m: int) -> Administration:
    more: dict[str, Any] = {}
    for pair in filter(None, (pair.strip() for pair in cells["more"].split(","))):
        name, _, value = pair.partition("=")
        more |= MORE[name](value)
    start, stop = minute(cells["start"], m), minute(cells["stop"], m)
    return given(number, cells["drug"], start, stop, cells["how"], **more)


MORE: dict[str, Any] = {
    "order": lambda value: {"request": f"MedicationRequest/{value}"},
    "site": lambda value: {"site": value},
    "status": lambda value: {"status": Status(value)},
    "ordered": lambda value: {"ordered_minutes": Decimal(value)},
    "note": lambda value: {"notes": (value,)},
}
