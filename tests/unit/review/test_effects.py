"""What answers would change is told with their own values: never an example, and together what they do together."""

from datetime import timedelta
from decimal import Decimal

import pytest

from plugin.domain import Chart
from plugin.domain.replacing import replace
from plugin.review.attest import Statement
from plugin.review.effects import Effects, effects_of, prefilled_statements
from plugin.review.prepare import ReviewSettings, review_chart
from plugin.review.refusals import Invalid
from plugin.rules.trials import Change
from tests.unit.review.test_attest import ALONE, BOOK, CHART, KEY, M1, M2, OPEN_ENDED, START, STOP

SETTINGS = ReviewSettings(positions=ALONE)
DAY = START.date()
SECOND = replace(OPEN_ENDED, id=M2, start=START + timedelta(hours=1), infuse_over=Decimal(91))
BOTH = replace(CHART, administrations=(OPEN_ENDED, SECOND))


def coded(chart: Chart = CHART):
    """The chart as it stands."""
    return review_chart(chart, BOOK, SETTINGS).coded


def units(effects: Effects) -> dict[str, tuple[int, int]]:
    """Units before and after by code."""
    return {change.key[1]: (change.before, change.after) for change in effects.together}


def test_the_planned_stop_itself_is_tried():
    """30 minutes from 9:00 earn the first hour; of 90 as planned, 30 beyond it earn nothing, and of 91 said 31 do."""
    (statement,) = prefilled_statements(coded(), "clinician")
    assert statement == Statement(KEY, {STOP: START + timedelta(minutes=30)})
    effects = effects_of([statement], coded(), BOOK, SETTINGS)
    assert effects == Effects((Change(("CPT", "96365", (), DAY), 0, 1, (M1,)),), {KEY: "adds 96365 x1"})
    longer = coded(replace(CHART, administrations=(replace(OPEN_ENDED, infuse_over=Decimal(90)),)))
    assert units(effects_of(prefilled_statements(longer, "clinician"), longer, BOOK, SETTINGS)) == {"96365": (0, 1)}
    edited = Statement(KEY, {STOP: START + timedelta(minutes=91)})
    assert units(effects_of([edited], longer, BOOK, SETTINGS)) == {"96365": (0, 1), "96366": (0, 1)}


def test_together_they_change_something_else_than_one_by_one():
    """The same drug for 30 and for 91 minutes: alone each is a first hour, together one is and the other goes on.

    30 + 91 minutes: 96365 for the first, and of the second 60 and 31 minutes: two further hours.
    """
    statements = prefilled_statements(coded(BOTH), "clinician")
    effects = effects_of(statements, coded(BOTH), BOOK, SETTINGS)
    assert [each.startswith("adds 96365 x1") for each in effects.alone.values()] == [True, True]
    assert units(effects)["96365"] == (0, 1)


def test_who_may_not_state_a_time_is_shown_no_effect_of_one():
    """A coder confirms nothing, so nothing is worked out."""
    assert prefilled_statements(coded(), "coder") == ()
    assert effects_of((), coded(), BOOK, SETTINGS) == Effects()


def test_an_answer_without_a_value_has_no_effect_to_show():
    """It is said which field lacks one."""
    with pytest.raises(Invalid, match="give a day and a time"):
        effects_of([Statement(KEY)], coded(), BOOK, SETTINGS)
