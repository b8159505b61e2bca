"""Rules wait for marks: those called for come in their order, and no mark is one that nothing gives or waits for."""

import inspect

from plugin.codebook import CodeBook
from plugin.domain import DrugClass, Route
from plugin.rules import LEAVE_OUT, TELL
from plugin.rules.base import Rule, Said, rule, since
from plugin.rules.marks import Chooser, Mark, flagged
from plugin.rules.visit import Visit

WAITING = [mark for one in (*LEAVE_OUT, *TELL) for mark in one.when]


def silent(name: str, *when: object) -> Rule:  # type: ignore[type-arg]
    def run(visit: Visit) -> list[Said]:
        return []

    return rule(name, title=name, cites=(), in_force=since("2006-01-01"), when=when)(run)  # type: ignore[arg-type]


def chosen(*marks: object) -> list[str]:
    rules = [silent("A", DrugClass.BLOOD), silent("B"), silent("C", Route.ENTERAL, Mark.NO_ROUTE), silent("D", "x")]
    chooser = Chooser(rules)
    return [each.id for each in chooser.rules(chooser.called(marks))]  # type: ignore[arg-type]


def test_a_rule_that_waits_for_nothing_is_always_called() -> None:
    """Also in a visit without any mark."""
    assert chosen() == ["B"]


def test_one_mark_of_several_is_enough_and_the_order_is_that_of_the_rules() -> None:
    """Marks are alternatives."""
    assert chosen(Mark.NO_ROUTE, DrugClass.BLOOD) == ["A", "B", "C"]
    assert chosen(Route.ENTERAL) == ["B", "C"]


def test_a_mark_that_no_rule_waits_for_calls_none() -> None:
    """A visit has marks for several sets of rules."""
    assert chosen(DrugClass.VACCINE, "y") == ["B"]


def test_every_mark_is_waited_for_and_given() -> None:
    """A rule that waits for a mark no visit has would never speak."""
    given = inspect.getsource(inspect.getmodule(Visit) or Visit)
    assert {mark for mark in WAITING if isinstance(mark, Mark)} == set(Mark)
    assert [mark.name for mark in Mark if f"Mark.{mark.name}" not in given] == []


def test_every_flag_waited_for_stands_in_the_table() -> None:
    """A misspelt flag would silence its rule."""
    flags = {flagged(flag) for _, flag in CodeBook.load().flags}
    waited_for = {mark for mark in WAITING if isinstance(mark, tuple)}
    assert waited_for
    assert waited_for <= flags
