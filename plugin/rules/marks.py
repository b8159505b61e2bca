"""What a visit has that some rules wait for: most rules have nothing to say about most visits.

A mark is a drug class, a route, evidence, words that were charted, a care setting, a drug's flag, or one of `Mark`.
"""

from collections.abc import Callable, Hashable, Sequence, Set
from typing import Generic, TypeVar

from plugin.domain.codes import Word
from plugin.rules.base import Rule

R = TypeVar("R", bound=Rule[Callable[..., object]])


class Mark(Word):
    """What the chart, or what was worked out from it, may have; the last three are known once all is placed."""

    STATED = "somebody answered a question"
    CHARGED = "charges stand on the encounter already"
    PROCEDURES = "procedures are charted"
    NEIGHBOURS = "the patient has other encounters near it"
    UNPLACED = "an administration fits several encounters"
    NOT_HELD = "the encounter was cancelled or entered in error"
    EVER_INPATIENT = "it is or was an inpatient stay"
    EVER_HOME = "it is or was a home visit"
    OBSERVATION = "it is under observation"
    DIALYSIS = "it is a dialysis visit"
    SETTING_ASSUMED = "nobody chose the care setting"
    BEGUN_BEFORE = "something started before the encounter"
    NOT_GIVEN = "something was charted as not given"
    NO_ROUTE = "a route is missing"
    NO_DOSE = "a dose is 0"
    ZONE_ASSUMED = "a time was written without a zone"
    COUNTED = "something counts"
    OWN_CODE = "something has a code of its own"
    SEVERAL_INITIALS = "there are several initial services"


def flagged(flag: str) -> Hashable:
    """The mark of a drug that `drug_flags.csv` marks so."""
    return ("flag", flag)


class Chooser(Generic[R]):
    """Chooses, of rules in their order, those that the marks of a visit call for."""

    def __init__(self, rules: Sequence[R]) -> None:
        self._rules = rules
        self._always = 0
        self._waiting: dict[Hashable, int] = {}
        for place, rule in enumerate(rules):
            self._always |= 0 if rule.when else 1 << place
            for mark in rule.when:
                self._waiting[mark] = self._waiting.get(mark, 0) | 1 << place

    def called(self, marks: Set[Hashable]) -> int:
        """Which rules are called for, as a set of bits; the same bits are the same rules."""
        bits, waiting = self._always, self._waiting
        for mark in waiting.keys() & marks:
            bits |= waiting[mark]
        return bits

    def rules(self, called: int) -> list[R]:
        """The rules of a set of bits, in their order."""
        return [rule for place, rule in enumerate(self._rules) if called >> place & 1]
