"""Conservation: each counted minute of each administration goes to exactly one outcome."""

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
    outcomes = [ruling.outcome for ruling in rulings]
    claims = _by_administration([claim for o in outcomes if not isinstance(o, Notice) for claim in o.claims])
    for claimed in claims.values():
        if len(claimed) > 1:
            _check_apart(sorted(claimed), rulings)
    counted = _by_administration([stretch for service in services for stretch in service.stretches])
    for administration, stretches in counted.items():
        of_it = claims.get(administration)
        if of_it is None or (of_it != stretches and seconds(of_it) != seconds(stretches)):
            raise RuleConflict(f"no rule speaks for all minutes of {administration}; the rulebook has a gap")


def _by_administration(stretches: Iterable[Stretch]) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = {}
    for stretch in stretches:
        if stretch.administration in found:
            found[stretch.administration].append(stretch)
        else:
            found[stretch.administration] = [stretch]
    return found


def _check_apart(claims: Iterable[Stretch], rulings: Iterable[Ruling]) -> None:
    """That of the claims on one administration, in order, none reaches into the next."""
    for one, other in pairwise(claims):
        if other.start < one.stop or one.start == one.stop == other.start:
            names = _claiming({one, other}, rulings)
            raise RuleConflict(f"{names[0]} and {names[-1]} claim the same minutes of {one.administration}")


def _claiming(claims: set[Stretch], rulings: Iterable[Ruling]) -> list[str]:
    """The rules that claim one of these."""
    return [r.rules[0] for r in rulings if claims.intersection(getattr(r.outcome, "claims", ()))]
