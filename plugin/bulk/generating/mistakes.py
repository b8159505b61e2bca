"""What was charged for a planned visit: what it earned, or with a seeded mistake, and the truth of each line."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from plugin.bulk.generating.plan import LineKey, Plan

ALSO_CHARGED = ("96366", "96375", "96361", "96372", "96415", "96367")
REPEATED_INITIAL = {"96367": "96365", "96417": "96413", "96375": "96374"}


class Truth(NamedTuple):
    """One line of a visit: what its plan supports, what was charged, and which way they differ (empty: not at all)."""

    key: LineKey
    supported: int
    charged: int
    direction: str


def charge_visit(random: Random, plan: Plan, under: float, over: float) -> list[Truth]:
    """Charge a visit; with probability `under` units are forgotten, with `over` some are charged too many."""
    supported, unproven = plan.lines(plan.earned), plan.lines(plan.unproven)
    charged = Counter(supported)
    drawn = random.random()
    if drawn < under and supported:
        _forget(random, charged)
    elif drawn < under + over and not unproven:
        _inflate(random, charged, plan)
    if unproven and random.random() < 0.5:
        charged += unproven
    return [_truth(key, supported, charged, unproven) for key in sorted({*supported, *charged})]


def _truth(
    key: LineKey, supported: Counter[LineKey], charged: Counter[LineKey], unproven: Mapping[LineKey, int]
) -> Truth:
    more = charged[key] - supported[key]
    beyond = "undocumented" if key in unproven else "over"
    return Truth(key, supported[key], charged[key], beyond if more > 0 else "under" if more < 0 else "")


def _forget(random: Random, charged: Counter[LineKey]) -> None:
    """Leave out one unit, a whole line, or everything."""
    key = random.choice(sorted(charged))
    drawn = random.random()
    if drawn < 0.1:
        charged.clear()
    elif drawn < 0.6:
        charged[key] -= 1
    else:
        charged[key] = 0


def _inflate(random: Random, charged: Counter[LineKey], plan: Plan) -> None:
    """Charge one more unit, a code nothing earned, or an added service as another initial one."""
    swaps = [key for key in sorted(charged) if key.code in REPEATED_INITIAL]
    drawn = random.random()
    if swaps and drawn < 0.4:
        key = random.choice(swaps)
        charged[key] -= 1
        charged[LineKey(REPEATED_INITIAL[key.code], key.day)] += 1
    elif charged and drawn < 0.7:
        charged[random.choice(sorted(charged))] += random.randint(1, 2)
    else:
        charged[LineKey(random.choice(ALSO_CHARGED), plan.at(0).date())] += 1
