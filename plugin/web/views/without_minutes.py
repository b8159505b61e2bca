"""What became of an administration where no stretch of its minutes says it: drug lines, declines, questions."""

from collections import defaultdict

from plugin.domain import CodedEncounter, Decline
from plugin.web.views.times import counted


def charges_without_minutes(coded: CodedEncounter) -> dict[str, tuple[str, ...]]:
    """The charges for what was given rather than for how long, as anchors on the page, by administration."""
    charges: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for number, charge in enumerate(coded.charges, start=1):
        timed = {m.administration for m in charge.minutes}
        for id_ in charge.administrations:
            if id_ not in timed:
                charges[id_] += (f"charge-{number}",)
    return charges


def reasons_without_minutes(coded: CodedEncounter) -> dict[str, list[str]]:
    """The same in words, with what was asked or declined without naming a time."""
    reasons: dict[str, list[str]] = {}
    for ask in coded.asks:
        for id_ in ask.administrations:
            if all(claim.administration != id_ for claim in ask.claims):
                reasons.setdefault(id_, []).append(f"Question: {ask.question.text()}")
    timed = {m.administration for charge in coded.charges for m in charge.minutes}
    for charge in coded.charges:
        for id_ in charge.administrations:
            if not any(m.administration == id_ for m in charge.minutes):
                reasons.setdefault(id_, []).append(f"{charge.code}: {counted(charge.units, 'unit')}")
    for ruling in coded.rulings:
        outcome = ruling.outcome
        if isinstance(outcome, Decline) and not outcome.claims:
            for id_ in outcome.administrations:
                if id_ not in timed or outcome.code:
                    text = " ".join(fact.text() for fact in outcome.because)
                    reasons.setdefault(id_, []).append(
                        f"Not coded{f' as {outcome.code}' if outcome.code else ''}: {text}"
                    )
    return reasons
