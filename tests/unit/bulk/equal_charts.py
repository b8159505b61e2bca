"""Charts as an audit parts and reads an export, held against those of the same export read as one input."""

from pathlib import Path

from fhir_mappings.charts import ChartSet, read_charts
from plugin.bulk.lines import parse
from plugin.bulk.partition import patients
from plugin.domain import Chart, MappingIssue
from tests.unit.bulk.exports import assemble, lines_in

PARTITIONS = 3


def parted(export: Path, work: Path) -> tuple[dict[str, Chart], set[MappingIssue]]:
    """Every chart as bulk reads it, and the issues of what belongs to none."""
    charts: dict[str, Chart] = {}
    issues: set[MappingIssue] = set()
    assemble(export, work / "parts", PARTITIONS, measures=True)
    for part in range(PARTITIONS):
        for _, lines in patients(work / "parts", part):
            found = read_charts([resource for kind, text in lines for resource in parse(text, kind)])
            charts |= {chart.encounter.id: chart for chart in found.charts}
            issues |= set(found.issues)
    return charts, issues


def whole(export: Path) -> ChartSet:
    """The same export read as one input."""
    return read_charts([resource for line in lines_in(export) for resource in parse(line)])


def assert_same(export: Path, work: Path) -> int:
    """Charts and issues are equal; gives how many charts there are."""
    charts, issues = parted(export, work)
    expected = whole(export)

    assert {chart.encounter.id: chart for chart in expected.charts} == charts
    assert set(expected.issues) == issues
    return len(charts)
