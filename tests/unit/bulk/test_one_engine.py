"""One engine: what an audit takes for supported is what `code` suggests, line by line with its trace."""

from fhir_mappings.charts import read_charts
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.bulk.lines import parse
from plugin.codebook import CodeBook
from plugin.review.audit import support_chart
from plugin.review.prepare import ReviewSettings, code_charts, in_turn
from tests.unit.bulk.exports import lines_in

BOOK, SETTINGS = CodeBook.load(), ReviewSettings()


def traced(line) -> tuple:
    """Everything of a line but its caveats, which an audit does not try out."""
    return (line.key, line.units, line.administrations, line.diagnoses, line.minutes, line.evidence, line.rules)


def test_an_audit_supports_what_the_command_line_suggests(tmp_path):
    """The same charts through both: codes, units, minutes, evidence, rules, and what could not be read."""
    generate(Wish(encounters=60, seed=14), tmp_path / "export")
    charts = read_charts([resource for line in lines_in(tmp_path / "export") for resource in parse(line)]).charts
    suggested = {one.chart.encounter.id: one for one in code_charts(charts, BOOK, SETTINGS)}
    supported = {
        one.chart.encounter.id: one for one in in_turn(charts, lambda chart: support_chart(chart, BOOK, SETTINGS))
    }

    assert len(supported) == 60
    assert {id: [traced(one.with_trace(line)) for line in one.charges] for id, one in supported.items()} == {
        id: [traced(line) for line in one.charges] for id, one in suggested.items()
    }
    assert {id: one.complete for id, one in supported.items()} == {id: one.complete for id, one in suggested.items()}
