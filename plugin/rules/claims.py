"""Conservation: each counted minute of each administration goes to exactly one outcome."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from plugin.domain import Notice, Ruling, Service, Stretch
from plugin.domain.interval import seconds


class RuleConflict(Exception):
    """Two rules claim the same minutes of one administration, or minutes were left over; names the rules."""


def check_claims(rulings: Iterable[Ruling], services: Iterable[Service]) -> None:
    """Conservation: each counted second of each administration is claimed once; RuleConflict names who did not.

    A moment (an untimed push) is a claim too: it may not be claimed twice either.
    """
    claims: dict[str, list[Stretch]] = defaultdict(list)
    for ruling in rulings:
        outcome = ruling.outcome
        if not isinstance(outcome, Notice):
            for claim in outcome.claims:
                claims[claim.administration].append(claim)
    for of_it in claims.values():
        if len(of_it) > 1:
            _check_apart(sorted(of_it), rulings)
    counted: dict[str, int] = {}
    for service in services:
        for stretch in service.stretches:
            administration = stretch.administration
            counted[administration] = counted.get(administration, 0) + stretch.stop - stretch.start
    for administration, length in counted.items():
        if administration not in claims or seconds(claims[administration]) != length:
            raise RuleConflict(f"no rule speaks for all minutes of {administration}; the rulebook has a gap")


def _check_apart(claims: Iterable[Stretch], rulings: Iterable[Ruling]) -> None:
    """That of the claims on one administration, in order, none reaches into the next."""
    for one, other in pairwise(claims):
        if other.start < one.stop or one.start == one.stop == other.start:
            names = _claiming({one, other}, rulings)
            raise RuleConflict(f"{names[0]} and {names[-1]} claim the same minutes of {one.administration}")


def _claiming(claims: set[Stretch], rulings: Iterable[Ruling]) -> list[str]:
    """The rules that claim one of these."""
    return [r.rules[0] for r in rulings if claims.intersection(getattr(r.outcome, "claims", ()))]
