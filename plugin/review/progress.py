"""How far sending the accepted charges of an encounter has come, by what is stored of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plugin.review.ports import Decided, Intent, Policy, Recorded
from plugin.review.post import needs_second_person

_SETTLED = {"done": "arrived", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Progress:
    """Accepted lines, counted by where they are; `left` are those not sent yet, or being sent at this moment."""

    arrived: int = 0
    failed: int = 0
    unknown: int = 0
    waiting: int = 0
    left: int = 0

    @property
    def all(self) -> int:
        """Every accepted line that may be sent; what waits for a second person may not yet."""
        return self.arrived + self.failed + self.unknown + self.left


def progress_of(
    standing: Iterable[Decided], recorded: Mapping[str, Recorded], intents: Mapping[str, Intent], policy: Policy
) -> Progress:
    """Count the lines that were accepted, as they are or edited."""
    accepted = [each for each in standing if each.decision.action in {"accept", "edit"}]
    counts = Counter(_where(each, recorded.get(each.identity), intents.get(each.identity), policy) for each in accepted)
    return Progress(**counts)


def _where(decided: Decided, recorded: Recorded | None, intent: Intent | None, policy: Policy) -> str:
    if intent is not None and intent.state == "open":
        return "left"
    if intent is not None and (intent.decision_number == decided.number or intent.state == "unknown"):
        return _SETTLED.get(intent.state, "failed")
    if recorded is not None:
        return "arrived"
    return "waiting" if needs_second_person(decided, policy) else "left"
