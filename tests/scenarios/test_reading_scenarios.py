"""The runner itself: it reads what is drawn, refuses what it can't read, and notices every difference."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from plugin.domain import Chart, Route, Status, Technique
from tests.scenarios.drawing import CHART_COLUMNS, DrawingError, draw_chart, read_table
from tests.scenarios.scenario import Scenario, code, flaws
from tests.scenarios.test_scenarios import differences

ONE_HOUR = """
start | stop | drug | how | site
09:00 | 10:00 | ceftriaxone | IVPB | left forearm
"""
RIGHT = "code | units | administrations\n96365 | 1 | m1"


def scenario(**values: Any) -> Scenario:
    """A scenario of one antibiotic over an hour, with some of its fields changed."""
    plain = {
        "id": "one-hour",
        "title": "An hour",
        "setting": "facility",
        "date": date(2026, 3, 2),
        "diagnoses": ["N10"],
        "source": "rule R10",
        "chart": ONE_HOUR,
        "working": "60 min: 96365.",
        "charges": RIGHT,
    }
    return Scenario("one-hour", "here.toml", {**plain, **values})


def drawn(line: str, **values: Any) -> Chart:
    """The chart of one drawn line under every column."""
    header = "start | stop | drug | dose | how | site | order | status | note | reason | expected"
    return draw_chart(scenario(chart=f"{header}\n{line}", **values).values)


def test_the_right_table_passes() -> None:
    """Without this the tests below would say nothing."""
    assert differences(scenario(), code(scenario())) == []
    assert flaws(scenario()) == []


@pytest.mark.parametrize(
    "charges",
    [
        "code | units | administrations",
        "code | units | administrations\n96365 | 2 | m1",
        "code | units | administrations\n96374 | 1 | m1",
        "code | units | administrations\n96365 | 1 | m2",
        "code | units | modifiers\n96365 | 1 | 59",
        "code | units | date\n96365 | 1 | 2026-03-03",
        "code | units | diagnoses\n96365 | 1 | E86.0",
        f"{RIGHT}\n96366 | 1 | m1",
    ],
    ids=["surplus", "units", "code", "administration", "modifier", "date", "diagnosis", "missing"],
)
def test_a_different_charge_fails(charges: str) -> None:
    """A line too many, a line too few, and each cell that differs."""
    wrong = scenario(charges=charges)
    assert [d.splitlines()[0] for d in differences(wrong, code(wrong))] == ["charges: expected, and what came out"]


@pytest.mark.parametrize("what", ["queries", "notices"])
def test_what_is_not_said_fails(what: str) -> None:
    """A question or a notice that is expected and does not come."""
    wrong = scenario(**{what: "kind | because\nmissing-route | it would"})
    assert [d.split(":")[0] for d in differences(wrong, code(wrong))] == [what]


def test_an_unlisted_question_and_an_unlisted_notice_fail() -> None:
    """What comes out and is not in the tables, even when the scenario draws no table for it."""
    asked = scenario(chart=ONE_HOUR.replace("10:00", "-"), charges="code | units")
    told = scenario(neighbours="unknown")
    assert [d.split(":")[0] for d in differences(asked, code(asked))] == ["queries"]
    assert [d.split(":")[0] for d in differences(told, code(told))] == ["notices"]


def test_a_scenario_with_a_flaw_is_told_of_it() -> None:
    """A missing source, an empty working, a field nobody reads."""
    values = {k: v for k, v in scenario(working=" ", notice="x").values.items() if k != "source"}
    assert flaws(Scenario("one-hour", "here.toml", values)) == [
        "source is missing",
        "working is empty",
        "notice is no field of a scenario",
    ]


def test_every_cell_is_read() -> None:
    """Times over midnight, dose with rate, route and technique, order, status, note, reasons, expected minutes."""
    chart = drawn(
        "23:30 | +1 00:40 | cefepime | 100 mL @ 50 mL/h | IVPB | arm | o1 | stopped | flushed | N10, fever | infuse 30"
    )
    (given,) = chart.administrations
    assert given.start is not None
    assert given.stop is not None
    assert timedelta(minutes=70) == given.stop - given.start
    assert (Status.STOPPED, Route.INTRAVENOUS, Technique.INFUSION) == (given.status, given.route, given.technique)
    assert given.dose is not None
    assert given.rate is not None
    assert (Decimal(100), Decimal(50), "h") == (given.dose.value, given.rate.amount.value, given.rate.per.unit)
    assert ("m1", "o1", "arm", ("flushed",)) == (given.id, given.request, given.site, given.notes)
    assert [("icd10cm", "N10"), ("text", "")] == [(t.system, t.code) for t in given.reasons]
    assert Decimal(30) == given.infuse_over
    assert ["N10"] == [d.icd10cm() for d in chart.diagnoses]


def test_an_injection_needs_no_word_for_it() -> None:
    """IM says injection by itself, and a start without a stop is an instant."""
    (given,) = drawn("09:00 | - | ketorolac | 30 mg | IM | - | - | - | - | - | -").administrations
    assert (Route.INTRAMUSCULAR, Technique.INJECTION, True) == (given.route, given.technique, given.instant)


@pytest.mark.parametrize(
    "line",
    [
        "9:00 | - | cefepime | - | IVPB | - | - | - | - | - | -",
        "09:00 | - | cefepime | a lot | IVPB | - | - | - | - | - | -",
        "09:00 | - | cefepime | - | IVPB | - | - | - | - | - | about an hour",
        "09:00 | - | cefepime | - | IVPB",
    ],
    ids=["time", "dose", "expected", "cells"],
)
def test_a_cell_that_cannot_be_read_is_an_error(line: str) -> None:
    """A slip of the pen in a scenario never becomes another chart."""
    with pytest.raises(DrawingError):
        drawn(line)


def test_an_unknown_column_is_an_error() -> None:
    """A misspelt column would hide its cells."""
    with pytest.raises(DrawingError, match="unknown column 'sight'"):
        read_table("start | sight\n09:00 | left", CHART_COLUMNS)
