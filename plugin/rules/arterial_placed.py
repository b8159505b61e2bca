"""Drugs into an artery, beside whatever runs into a vein: none of their codes is an initial service (dossier R1, R24b).

No source says how a second chemotherapy service into an artery on one day is coded, so one is, and the rest go to a
coder: an infusion before a push, then the longest, then the earliest (as addendum D1).
"""

from collections.abc import Sequence
from datetime import date

from plugin.domain import Category, Fact, Role, Technique
from plugin.rules.base import Kind
from plugin.rules.placement import Counted, Placed, is_timed
from plugin.rules.visit import Visit

ONE_A_DAY = "no source says how a further chemotherapy service into an artery on one day is coded"


def place_arterial(services: Sequence[Counted], visit: Visit) -> list[Placed]:
    """Each by itself; of chemotherapy the first of the day in that order."""
    placed: list[Placed] = []
    coded: set[date] = set()
    for service, category in sorted(services, key=_in_order):
        if not is_timed(service):
            placed.append(Placed(service, category, Kind.UNTIMED))
            continue
        day = visit.day_of(service.ids[0], service.start)
        if category is Category.CHEMOTHERAPY and day in coded:
            why = Fact(ONE_A_DAY, (), service.ids)
            placed.append(Placed(service, category, Kind.NOT_EARNED, service.stretches, why=why, by_hand=True))
            continue
        if category is Category.CHEMOTHERAPY:
            coded.add(day)
        placed.append(Placed(service, category, Role.SEPARATE, service.stretches))
    return placed


def _in_order(counted: Counted) -> tuple[bool, int, int, str]:
    service, _ = counted
    return service.technique is not Technique.INFUSION, -service.minutes, service.start, service.id
