"""Fetched once at a time: many who come at once share one request, and its failure."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from plugin.ehr.errors import EhrError, Unreachable
from plugin.ehr.kept import Kept
from plugin.ehr.statements import Statements
from tests.unit.ehr.fakes import FakeEhr, answer, in_turn, tenant


class Slow:
    """A source that answers when it is let."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked, self.go = list(answers), 0, threading.Event()

    def __call__(self) -> str:
        self.asked += 1
        self.go.wait(10)
        found = self.answers.pop(0)
        if not found:
            raise Unreachable("down")
        return found


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def at_once(kept: Kept[str], source: Slow, number: int = 8) -> list[str]:
    """What so many threads get who ask before the source answers."""
    with ThreadPoolExecutor(number) as pool:
        asking = [pool.submit(kept.get, "general", source) for _ in range(number)]
        while not source.asked:
            pass
        source.go.set()
        return [str(each.exception() or each.result()) for each in asking]


def test_many_at_once_make_one_request() -> None:
    """And all get the same."""
    source = Slow("a", "b")
    assert at_once(Kept(60, Clock()), source) == ["a"] * 8
    assert source.asked == 1


def test_many_at_once_share_a_failure() -> None:
    """Nobody waits in a line of timeouts; who comes later asks again."""
    source, kept = Slow("", "b"), Kept[str](60, Clock())
    told = at_once(kept, source)
    assert (set(told) <= {"down", "b"}, "down" in told, source.asked <= 2) == (True, True, True)
    source.answers = ["b"]
    assert kept.get("general", source) == "b"


def test_an_old_value_is_given_out_where_the_new_one_is_late() -> None:
    """Nobody waits longer than the patience; the new one is there when it has come."""
    clock, source = Clock(), Slow("a", "b")
    kept: Kept[str] = Kept(60, clock, patience=0.05)
    source.go.set()
    kept.get("general", source)
    clock.now = 61
    source.go.clear()
    assert [kept.get("general", source) for _ in range(3)] == ["a"] * 3
    assert (source.asked, kept.is_good("general")) == (2, True)
    source.go.set()
    assert "b" in [kept.get("general", source) for _ in range(100)]
    assert source.asked == 2


def test_who_wants_a_newer_one_gets_it() -> None:
    """Though the kept one would be good for others."""
    clock, source = Clock(), Slow("a", "b")
    kept: Kept[str] = Kept(3600, clock)
    source.go.set()
    kept.get("general", source)
    clock.now = 100
    assert (kept.is_good("general", 60), kept.get("general", source), source.asked) == (False, "a", 1)
    assert (kept.get("general", source, 60), source.asked) == ("b", 2)


def test_an_old_value_stands_where_no_new_one_is_to_be_had() -> None:
    """As at the EHR's next outage; another tenant's is none of it."""
    clock, source = Clock(), Slow("a", "", "")
    kept: Kept[str] = Kept(60, clock)
    source.go.set()
    kept.get("general", source)
    clock.now = 61
    assert (kept.get("general", source), kept.is_good("general")) == ("a", False)
    with pytest.raises(EhrError):
        kept.get("elsewhere", source)


def test_a_statement_is_asked_for_ahead_once() -> None:
    """The page that comes a moment later finds it; an EHR without one is no trouble."""
    ehr = FakeEhr(in_turn(answer({"resourceType": "CapabilityStatement"})))
    statements = Statements(ehr)
    statements.ask_ahead(tenant())
    assert statements.of(tenant())["resourceType"] == "CapabilityStatement"
    statements.ask_ahead(tenant())
    for thread in [each for each in threading.enumerate() if each.name == "statement"]:
        thread.join(10)
    assert len(ehr.sent) == 1
    broken = Statements(FakeEhr(in_turn(answer(None, 500))))
    broken.ask_ahead(tenant())
    for thread in [each for each in threading.enumerate() if each.name == "statement"]:
        thread.join(10)
