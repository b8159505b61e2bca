"""What a coder expects of the scenarios and of the sandbox's charts is nothing that would be refused.

The expected tables are scrubbed, not what the product made of the charts.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_mappings.charts import read_charts
from fhir_mappings.reading import load_resources
from plugin.codebook import CodeBook
from plugin.domain import CareSetting, Chart, ClaimLine, Edit, Severity
from plugin.rules.scrub import scrub
from plugin.rules.scrub.claim import Claim
from tests.scenarios.drawing import Row, listed, read_day, read_table
from tests.scenarios.scenario import CHARGE_COLUMNS, DRUG_COLUMNS, DRUGS, Scenario, all_scenarios
from tests.scenarios.test_sandbox_charts import CHARTS, EXPECTED_COLUMNS, expected_of


def expected_lines(scenario: Scenario) -> tuple[ClaimLine, ...]:
    """The expected charges, drug lines too, with the diagnoses and administrations that the table gives."""
    values = scenario.values
    rows = read_table(values["charges"], CHARGE_COLUMNS)
    rows += read_table(values[DRUGS], DRUG_COLUMNS) if DRUGS in values else []
    return tuple(line_of(row, number, values["date"]) for number, row in enumerate(rows, start=1))


def line_of(row: Row, number: int, day: date) -> ClaimLine:
    """A row of an expected table as a line that the chart documents."""
    return ClaimLine(
        key=f"{number} {row['code']}",
        system="CPT" if row["code"].isdigit() else "HCPCS",
        code=row["code"],
        units=Decimal(row["units"]),
        modifiers=listed(row.get("modifiers", "")),
        day=read_day(row["date"], day) if "date" in row else day,
        diagnoses=listed(row["diagnoses"]) if "diagnoses" in row else None,
        administrations=listed(row.get("administrations", "")),
        documented=True,
    )


def hard(lines: tuple[ClaimLine, ...], setting: CareSetting, chart: Chart) -> list[Edit]:
    """The hard edits against a set."""
    return [e for e in scrub(Claim(lines, setting, CodeBook.load(), chart)) if e.severity is Severity.HARD]


@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda each: each.id)
def test_no_expected_charge_trips_a_hard_edit(scenario):
    """A hard edit against what a coder worked out would be wrong, or the coder was."""
    found = hard(expected_lines(scenario), CareSetting(scenario.values["setting"]), scenario.chart)

    assert [] == [(edit.id, edit.text.text()) for edit in found]


@pytest.mark.parametrize("folder", CHARTS, ids=lambda folder: folder.name)
def test_no_expected_charge_of_the_sandbox_trips_a_hard_edit(folder):
    """The charts of the demo are no bad examples."""
    table: Mapping[str, Any] = expected_of(folder)
    loaded = load_resources(Path(folder / "chart.json").read_bytes(), "chart.json")
    charts = read_charts([resource for _, resource in loaded.resources], None).charts
    for chart in charts:
        start = chart.encounter.start
        assert start is not None
        rows = read_table(table["charges"], EXPECTED_COLUMNS) if table["charges"].strip() else []
        lines = tuple(line_of(row, number, start.date()) for number, row in enumerate(rows, start=1))
        setting = CareSetting(table["setting"])
        assert [] == [(edit.id, edit.text.text()) for edit in hard(lines, setting, chart)]
