"""The engine against the slow implementation, which counts minute by minute and shares no line with it."""

import pytest
from hypothesis import assume, given

from plugin.codebook import CodeBook
from plugin.domain import CareSetting
from plugin.rules.engine import run
from plugin.rules.lines import charge_lines
from tests.properties import slow
from tests.properties.building import codes
from tests.properties.comparing import as_chart, visits
from tests.properties.scope import partition, rows_of
from tests.scenarios.scenario import Scenario, all_scenarios, known_gaps

IN_SCOPE, OUT_OF_SCOPE = partition()


@given(visits())
@pytest.mark.parametrize("setting", ["facility", "office"])
def test_the_engine_agrees_with_counting_minute_by_minute(setting: str, rows: list[slow.Row]):
    """On plain visits at one site both give the same units of the same codes."""
    try:
        expected = slow.units_by_code(rows, setting)
    except slow.OutOfScopeError:
        assume(False)

    assert expected == codes(charge_lines(run(as_chart(rows), CodeBook.load(), CareSetting(setting))))


@pytest.mark.parametrize("scenario", [s for s in IN_SCOPE if s.id not in known_gaps()], ids=lambda s: s.id)
def test_the_engine_agrees_on_every_scenario_in_scope(scenario: Scenario):
    """What a coder can read, counted minute by minute, is what the engine gives."""
    setting = scenario.values["setting"]
    lines = charge_lines(run(scenario.chart, CodeBook.load(), CareSetting(setting)))

    assert slow.units_by_code(rows_of(scenario), setting) == codes(lines)


def test_every_scenario_is_in_scope_or_says_why_not():
    """None is lost between the two, and the slow implementation has a say about a good part of them."""
    outside = [id for ids in OUT_OF_SCOPE.values() for id in ids]

    assert sorted(s.id for s in all_scenarios()) == sorted([*(s.id for s in IN_SCOPE), *outside])
    assert len(IN_SCOPE) * 4 >= len(all_scenarios())


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([slow.Row("m1", "a", slow.THERAPEUTIC, "", 0, 15)], {"96374": 1}),
        ([slow.Row("m1", "a", slow.THERAPEUTIC, "", 0, 16)], {"96365": 1}),
        ([slow.Row("m1", "a", slow.CHEMOTHERAPY, "", 0, 90)], {"96413": 1}),
        ([slow.Row("m1", "a", slow.CHEMOTHERAPY, "", 0, 91)], {"96413": 1, "96415": 1}),
        ([slow.Row("m1", "f", slow.HYDRATION, "", 0, 30)], {}),
        ([slow.Row("m1", "f", slow.HYDRATION, "", 0, 151)], {"96360": 1, "96361": 2}),
        (
            [slow.Row("m1", "a", slow.THERAPEUTIC, "", 0, 90), slow.Row("m2", "b", slow.THERAPEUTIC, "", 60, 600)],
            {"96365": 1, "96366": 8, "96367": 1},
        ),
    ],
)
def test_the_slow_implementation_itself(rows: list[slow.Row], expected: dict[str, int]):
    """Known thresholds (R9 to R11) and the first row of the table of A7, so that agreement means something."""
    assert expected == slow.units_by_code(rows)
