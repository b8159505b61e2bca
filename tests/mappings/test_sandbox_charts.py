"""The sandbox's charts are read whole: every administration placed, nothing that blocks."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.charts import read_charts
from fhir_mappings.reading import load_resources

CHARTS = sorted((Path(__file__).parents[2] / "plugin" / "sandbox" / "charts").glob("*/chart.json"))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("zone", [None, ZoneInfo("America/New_York")], ids=["as charted", "New York"])
def test_a_sandbox_chart_is_read_whole(chart: Path, zone: ZoneInfo | None) -> None:
    """Each administration of the file is in a chart, and no issue blocks."""
    loaded = load_resources(chart.read_bytes(), chart.name)
    found = read_charts([resource for _, resource in loaded.resources], zone)
    given = {r["id"] for _, r in loaded.resources if r["resourceType"] == "MedicationAdministration"}
    assert given == {a.id.split("/")[1] for c in found.charts for a in c.administrations}
    assert [] == [issue for c in found.charts for issue in c.issues if issue.blocks]
    assert ([], ()) == (loaded.problems, found.issues)
    assert given


def test_there_are_charts_to_read() -> None:
    """An empty folder would make the test above say nothing."""
    assert len(CHARTS) >= 14
    assert all(json.loads(path.read_text("utf-8"))["resourceType"] == "Bundle" for path in CHARTS)
