"""Where each answer that was attested stands against the chart as it is read now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from plugin.domain import Attested, AttestedFact, Chart
from plugin.review.overlay import last_of_each, state_of


@dataclass(frozen=True, slots=True)
class Standing:
    """An attestation and where it stands: waiting for the chart, charted, answered by it in words of its own, overtaken
    by it, gone with what it was about, or replaced by a later attestation.
    """

    attested: Attested
    state: str


def standing_of(
    attested: Sequence[Attested], chart: Chart, answered: Collection[AttestedFact] = ()
) -> tuple[Standing, ...]:
    """Where each attestation stands against the chart as read; `answered` as `Review` has it."""
    counting = {id(fact) for fact in last_of_each(fact for each in attested for fact in each.facts)}
    return tuple(Standing(each, _state(each, counting, chart, answered)) for each in attested)


def _state(attested: Attested, counting: Collection[int], chart: Chart, answered: Collection[AttestedFact]) -> str:
    facts = [fact for fact in attested.facts if id(fact) in counting]
    if not facts:
        return "replaced"
    states = {"answered" if fact in answered else state_of(fact, chart) for fact in facts}
    return next((state for state in ("overtaken", "gone", "waiting", "answered") if state in states), "charted")
