"""Sets of charges as they lie in a file: drawn lines, and the edits that must speak of them."""

import tomllib
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, ClaimLine, Edit
from plugin.rules.scrub.claim import Claim
from tests.scenarios.drawing import Row, draw_chart, listed, read_day, read_table

FILE = Path(__file__).with_name("wrong_sets.toml")
LINE_COLUMNS = frozenset(["code", "units", "modifiers", "diagnoses", "date", "administrations"])
EDIT_COLUMNS = frozenset(["edit", "severity", "lines"])
USUAL_DIAGNOSIS = ("K50.90",)
Spoken = tuple[str, str, str]


@cache
def wrong_sets() -> tuple[Mapping[str, Any], ...]:
    """Every set of the file."""
    return tuple(tomllib.loads(FILE.read_text("utf-8"))["set"])


def claim_of(given: Mapping[str, Any], book: CodeBook | None = None) -> Claim:
    """The set as the scrubber takes it."""
    chart = draw_chart({**given, "diagnoses": USUAL_DIAGNOSIS}) if "chart" in given else None
    rows = read_table(given["lines"], LINE_COLUMNS)
    lines = tuple(_line(row, number, given) for number, row in enumerate(rows, start=1))
    setting = CareSetting(given["setting"])
    return Claim(lines, setting, book or CodeBook.load(), chart, given.get("drug_lines_here"))


def _line(row: Row, number: int, given: Mapping[str, Any]) -> ClaimLine:
    diagnoses = listed(row["diagnoses"]) if "diagnoses" in row else USUAL_DIAGNOSIS
    administrations = listed(row.get("administrations", ""))
    return ClaimLine(
        key=str(number),
        system="CPT" if row["code"].isdigit() else "HCPCS",
        code=row["code"],
        units=Decimal(row["units"]),
        modifiers=listed(row.get("modifiers", "")),
        day=read_day(row["date"], given["date"]) if "date" in row else given["date"],
        diagnoses=() if diagnoses == ("none",) else diagnoses,
        administrations=administrations,
        documented=bool(administrations),
    )


def expected(given: Mapping[str, Any]) -> Counter[Spoken]:
    """(edit, severity, lines) of every edit that must speak."""
    rows = read_table(given["edits"], EDIT_COLUMNS)
    return Counter((row["edit"], row["severity"], ", ".join(listed(row["lines"]))) for row in rows)


def spoken(edits: tuple[Edit, ...]) -> Counter[Spoken]:
    """The same of those that spoke."""
    return Counter((edit.id, edit.severity.value, ", ".join(edit.lines)) for edit in edits)
