"""Injections, transfusions and infusions under the skin: outside the hierarchy, each by itself.

One ordered dose drawn into two syringes is one service, or two, by position (dossier R24a; addendum A17, D13).
"""

from collections.abc import Sequence
from dataclasses import replace

from plugin.domain import Category, Role, Service, Technique
from plugin.rules.base import Kind
from plugin.rules.placement import Counted, Placed, is_timed
from plugin.rules.visit import Visit


def place_injections(services: Sequence[Counted], visit: Visit) -> list[Placed]:
    """Every service outside the hierarchy, parts of one dose joined where the position says so."""
    placed: list[Placed] = []
    for service, category in services:
        whole = next((i for i, p in enumerate(placed) if _same_dose(p.service, service)), None)
        if whole is not None and _is_one(category, visit):
            placed[whole] = replace(placed[whole], kept=(*placed[whole].kept, *service.stretches))
        else:
            placed.append(_one(service, category))
    return placed


def _one(service: Service, category: Category) -> Placed:
    untimed = not is_timed(service) and category is not Category.TRANSFUSION
    return Placed(service, category, Kind.UNTIMED if untimed else Role.SEPARATE, service.stretches)


def _same_dose(one: Service, other: Service) -> bool:
    """Two syringes of one order at one moment."""
    return (
        one.technique is other.technique is Technique.INJECTION
        and one.drug.key == other.drug.key
        and one.start == other.start
        and one.administrations[0].request == other.administrations[0].request
    )


def _is_one(category: Category, visit: Visit) -> bool:
    if category is Category.THERAPEUTIC:
        return visit.book.position("im_same_drug") == "once"
    return visit.book.position("split_dose_injections") == "one_per_dose"
