"""Every scenario of this folder: a drawn chart, coded, gives exactly the table a coder expects.

A scenario named in `known_gaps.toml` must fail; when it starts to pass, its gap is closed and the name must go.
"""

from collections import Counter, defaultdict
from itertools import zip_longest

import pytest

from plugin.codebook import CodeBook
from plugin.domain import CodedEncounter, DrugClass
from tests.scenarios.scenario import (
    DRUG_QUERIES,
    DRUGS,
    TABLES,
    Line,
    Scenario,
    actual_charges,
    actual_drugs,
    actual_said,
    all_scenarios,
    code,
    expected_charges,
    expected_drugs,
    expected_said,
    flaws,
    known_gaps,
)

SCENARIOS = all_scenarios()


def differences(scenario: Scenario, coded: CodedEncounter) -> list[str]:
    """The expected and the actual table side by side for each table that differs."""
    tables = [("charges", expected_charges(scenario), actual_charges(scenario, coded))]
    tables += [(what, expected_said(scenario, what), actual_said(scenario, what, coded)) for what in TABLES]
    if DRUGS in scenario.values:
        tables.append((DRUGS, expected_drugs(scenario), actual_drugs(coded)))
        asked = expected_said(scenario, DRUG_QUERIES), actual_said(scenario, DRUG_QUERIES, coded)
        tables.append((DRUG_QUERIES, *asked))
    return [_side_by_side(name, expected, actual) for name, expected, actual in tables if expected != actual]


def _side_by_side(name: str, expected: Counter[Line], actual: Counter[Line]) -> str:
    same = expected & actual
    rows = [(_words(line), _words(line), " ") for line in sorted(same.elements())]
    left, right = sorted((expected - actual).elements()), sorted((actual - expected).elements())
    rows += [(_words(e or ()), _words(a or ()), "!") for e, a in zip_longest(left, right)]
    lines = [f"  {mark} {e:<60} | {a}" for e, a, mark in rows]
    return "\n".join([f"{name}: expected, and what came out", *lines])


def _words(line: Line) -> str:
    return "  ".join(part or "-" for part in line) or "(nothing)"


def _trace(coded: CodedEncounter) -> str:
    lines = []
    for ruling in coded.rulings:
        said = ruling.outcome
        facts = getattr(said, "because", None) or (getattr(said, "question", None) or getattr(said, "text", None),)
        named = getattr(said, "code", None) or getattr(said, "kind", "")
        words = "; ".join(fact.text() for fact in facts if fact)
        ids = ", ".join(said.administrations)
        lines.append(f"  {type(said).__name__:<9} {named or '-':<22} {ids:<14} {ruling.rules[0]:<24} {words}")
    issues = [f"  issue: {i.found}" for i in coded.issues]
    return "\n".join(["trace:", *lines, *issues])


def _report(scenario: Scenario, coded: CodedEncounter, found: list[str]) -> str:
    values = scenario.values
    head = f"{scenario.id} ({scenario.file}): {values['title']}"
    around = f"{values['setting']}, diagnoses {values['diagnoses']}, positions {scenario.positions}"
    return "\n\n".join(["", head, around, values["chart"].strip(), *found, _trace(coded)])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[s.id for s in SCENARIOS])
def test_scenario(scenario: Scenario) -> None:
    """The chart gives the expected charges, queries and notices, and nothing else."""
    assert flaws(scenario) == [], f"{scenario.id} in {scenario.file}"
    coded = code(scenario)
    found = differences(scenario, coded)
    if scenario.id in known_gaps():
        assert found, f"{scenario.id} gives the expected answer now: remove it from known_gaps.toml"
        return
    if found:
        pytest.fail(_report(scenario, coded, found), pytrace=False)


def test_ids_are_unique() -> None:
    """A scenario is named by its id, so no id stands twice."""
    twice = [name for name, times in Counter(s.id for s in SCENARIOS).items() if times > 1]
    assert twice == []


def test_no_two_scenarios_are_the_same_chart() -> None:
    """A scenario that repeats another's chart, setting and positions proves nothing new."""
    drawn = defaultdict(list)
    for scenario in SCENARIOS:
        drawn[scenario.drawing].append(scenario.id)
    assert [ids for ids in drawn.values() if len(ids) > 1] == []


def test_known_gaps_name_scenarios_and_say_why() -> None:
    """A gap whose scenario is gone, or that gives no reason, hides something."""
    names = {s.id for s in SCENARIOS}
    assert [name for name, reason in known_gaps().items() if name not in names or not reason.strip()] == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[s.id for s in SCENARIOS])
def test_drugs_are_known(scenario: Scenario) -> None:
    """A misspelt drug would be asked about, so only a scenario that expects that question may name an unknown one."""
    if "unknown-drug-class" in scenario.values.get("queries", ""):
        return
    view = CodeBook.load().as_of(scenario.values["date"])
    drugs = [a.drug for a in scenario.chart.administrations]
    assert [d.text for d in drugs if view.identify(d).drug_class is DrugClass.UNKNOWN] == []
