"""Two rules that claim the same minutes are an error that names both: shown by adding a rule that does so."""

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Chart, Fact, Suggest
from plugin.rules import EARN, RULEBOOK, engine
from plugin.rules.base import looking_at, rule, since
from plugin.rules.claims import RuleConflict
from plugin.rules.differences import code_encounter
from plugin.rules.engine import InForce, run
from plugin.rules.placement import Placed
from plugin.rules.visit import Visit
from tests.properties.building import at, chart, codes, given


@rule("GREEDY", title="Claims what others claim", cites=("decided-defaults",), in_force=since("2006-01-01"))
def greedy(placed: Placed, visit: Visit) -> list[Suggest]:
    """A rule that nobody should write: it charges for every placed service once more."""
    why = Fact("because it can", (), placed.service.ids)
    return [Suggest("96365", 1, at(0).date(), placed.service.ids, placed.kept, (why,), (placed.kept,))]


@rule("SILENT", title="Says nothing", cites=("decided-defaults",), in_force=since("2006-01-01"), looks_at=looking_at())
def silent(placed: Placed, visit: Visit) -> list[Suggest]:
    """A rule that looks and has nothing to say."""
    return []


@pytest.fixture
def rulebook(monkeypatch):
    """Put another list of earning rules in force, for one test."""

    def put(*earn) -> None:
        in_force = InForce(at(0).date())
        in_force.earn = list(earn)
        monkeypatch.setattr(engine, "rules_on", lambda day: in_force)

    return put


CHARTS = {
    "an infusion": chart(given(1, "ceftriaxone", 0, 60)),
    "a push without a length": chart(given(1, "morphine", 0, None, "IV push")),
    "an injection": chart(given(1, "ketorolac", 0, None, "IM")),
    "hydration": chart(given(1, "sodium chloride 0.9%", 0, 120)),
    "a question": chart(given(1, "ceftriaxone", 0, 0, "IVPB")),
}
CLAIMED_BY = {
    "an infusion": "INITIAL-SERVICE",
    "a push without a length": "INITIAL-SERVICE",
    "an injection": "INJECTION",
    "hydration": "HYDRATION-INITIAL",
}


@pytest.mark.parametrize("what", CLAIMED_BY)
def test_a_rule_that_claims_what_another_claims_is_an_error_naming_both(rulebook, what):
    """The engine raises, and the message holds both ids and the administration."""
    rulebook(*EARN, greedy)

    with pytest.raises(RuleConflict) as conflict:
        run(CHARTS[what], CodeBook.load())

    for name in ("GREEDY", CLAIMED_BY[what], "MedicationAdministration/m1"):
        assert name in str(conflict.value)


@pytest.mark.parametrize("what", CLAIMED_BY)
def test_an_encounter_in_conflict_has_no_charges_and_says_which_rules(rulebook, what):
    """In production the encounter comes out without charges, not complete, with one issue that names both."""
    rulebook(*EARN, greedy)

    coded = code_encounter(CHARTS[what], CodeBook.load())

    assert ((), False, ()) == (coded.charges, coded.complete, coded.asks)
    (issue,) = coded.issues
    assert issue.blocks
    assert "GREEDY" in issue.found
    assert CLAIMED_BY[what] in issue.found


def test_minutes_that_no_rule_speaks_for_are_an_error_too(rulebook):
    """Without the rule of further hours the minutes beyond the first have no owner."""
    rulebook(*(r for r in EARN if r.id != "TIME-ADDITIONAL-HOUR"))

    with pytest.raises(RuleConflict, match="MedicationAdministration/m1"):
        run(chart(given(1, "ceftriaxone", 0, 100)), CodeBook.load())


def test_a_rule_that_says_nothing_changes_nothing(rulebook):
    """The check fires for claims, not for company."""
    before = codes(code_encounter(CHARTS["an infusion"], CodeBook.load()).charges)
    rulebook(*EARN, silent)

    assert before == codes(code_encounter(CHARTS["an infusion"], CodeBook.load()).charges) == {"96365": 1}


def test_rule_ids_are_used_once():
    """An id in a conflict's message means one rule."""
    ids = [each.id for each in RULEBOOK]

    assert sorted(set(ids)) == sorted(ids)


def test_charts_of_this_file_are_plain():
    """The charts above are in conflict only through the added rule."""
    assert all(isinstance(each, Chart) and not code_encounter(each, CodeBook.load()).issues for each in CHARTS.values())
