"""Injections, transfusions and infusions under the skin: outside the hierarchy, each by itself.

One ordered dose in two syringes is one service, or by position two when two places are documented, the second with
modifier 59 (dossier R24a; addendum A17, D13).
"""

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from plugin.domain import Category, Role, Service, Technique
from plugin.rules.base import Kind
from plugin.rules.placement import Counted, Placed, is_timed
from plugin.rules.visit import Visit


def place_injections(services: Sequence[Counted], visit: Visit) -> list[Placed]:
    """Every service outside the hierarchy, parts of one dose joined where the position says so."""
    placed: list[Placed] = []
    injected: dict[tuple[str, str], list[int]] = defaultdict(list)
    for service, category in services:
        of_order = injected[service.drug.key, service.administrations[0].request] if _injected(service) else []
        whole = next((i for i in of_order if _same_dose(placed[i].service, service, visit)), None)
        if whole is not None and _is_one(placed[whole].service, service, category, visit):
            placed[whole] = replace(placed[whole], kept=(*placed[whole].kept, *service.stretches))
            continue
        of_order.append(len(placed))
        one = _one(service, category)
        placed.append(one if whole is None else replace(one, modifiers=("59",)))
    return placed


def _one(service: Service, category: Category) -> Placed:
    untimed = not is_timed(service) and category is not Category.TRANSFUSION
    return Placed(service, category, Kind.UNTIMED if untimed else Role.SEPARATE, service.stretches)


def _injected(service: Service) -> bool:
    return service.technique is Technique.INJECTION


def _same_dose(one: Service, other: Service, visit: Visit) -> bool:
    """Two syringes of one order within the minutes that make segments one; without an order, of one moment."""
    apart = visit.book.limit("stitch_gap") * 60 if one.administrations[0].request else 0
    return abs(one.start - other.start) <= apart


def _is_one(one: Service, other: Service, category: Category, visit: Visit) -> bool:
    """One service, unless the site counts injections and two places are documented."""
    if not one.access_site or not other.access_site or one.access_site == other.access_site:
        return True
    each = visit.book.position("split_dose_injections") == "one_per_injection"
    if category is Category.THERAPEUTIC:
        each = visit.book.position("im_same_drug") == "each" or each
    return not each
