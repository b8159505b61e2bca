"""Pushes of one access site: a new drug, the same drug again, or too soon.

Dossier R13, R15; addendum R37, D4, D7, D8.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from plugin.domain import Category, Fact, Role, Service
from plugin.rules.base import Kind
from plugin.rules.placement import Counted, Placed
from plugin.rules.visit import Visit

NEVER = 1_000_000


@dataclass
class Given:
    """What was already reported in this encounter: each drug's last push, and when each drug ran as an infusion.

    `siteless` are the drugs pushed at each moment with no site charted.
    """

    last_push: dict[str, int] = field(default_factory=dict)
    siteless: dict[int, set[str]] = field(default_factory=dict)
    infused: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def infusions(self, services: Iterable[Service]) -> None:
        """Remember infusions, so that a push of the same drug is known for a repeat; a pause or a new bag is no end."""
        for service in services:
            whole = service.stretches
            self.infused.setdefault(service.drug.key, []).append((whole[0].start, whole[-1].stop))


def place_pushes(pushes: Sequence[Counted], initial: Counted | None, given: Given, visit: Visit) -> list[Placed]:
    """Each push, in order of start, with its role; remembers what it reports in `given`."""
    placed: list[Placed] = []
    given.siteless.clear()
    for counted in pushes:
        service, category = counted
        if counted == initial:
            given.last_push[service.drug.key] = service.start
            placed.append(Placed(service, category, Role.INITIAL, service.stretches))
        else:
            placed.append(_push(counted, given, visit))
        if not service.access_site:
            given.siteless.setdefault(service.start, set()).add(service.drug.key)
    return placed


def _push(counted: Counted, given: Given, visit: Visit) -> Placed:
    service, category = counted
    drug = service.drug.key
    if _together(service, given):
        return Placed(service, category, Kind.TOGETHER, service.stretches)
    if drug not in given.last_push and drug not in given.infused:
        given.last_push[drug] = service.start
        return Placed(service, category, Role.SEQUENTIAL, service.stretches)
    why = _no_repeat(service, category, given, visit)
    if why is None:
        given.last_push[drug] = service.start
        return Placed(service, category, Role.ADDITIONAL_PUSH, service.stretches)
    by_hand = category is Category.CHEMOTHERAPY and drug in given.infused
    return Placed(
        service,
        category,
        Kind.NOT_EARNED,
        service.stretches,
        considered=Role.ADDITIONAL_PUSH,
        why=why,
        by_hand=by_hand,
    )


def _together(service: Service, given: Given) -> bool:
    """Another drug pushed at the very same charted time, with no site charted for either (addendum D7)."""
    return not service.access_site and bool(given.siteless.get(service.start, set()) - {service.drug.key})


def _no_repeat(service: Service, category: Category, given: Given, visit: Visit) -> Fact | None:
    """Why a push of a drug given before earns nothing, or None when it does."""
    if category is Category.CHEMOTHERAPY:
        return Fact("the same chemotherapy drug was given before; a further push of it has no code", (), service.ids)
    needed = visit.book.limit("repeat_push_gap_must_exceed")
    last = given.last_push.get(service.drug.key)
    if last is not None and (service.start - last) // 60 <= needed:
        since = (service.start - last) // 60
        return Fact("{} min after the last reported push of the drug is not more than {}", (since, needed), service.ids)
    into, after = _gaps(service, given)
    if into <= needed and visit.book.position("bolus_before_drip") == "none":
        return Fact("{} min before an infusion of the same drug is not more than {}", (into, needed), service.ids)
    if after <= needed:
        return Fact("{} min from an infusion of the same drug is not more than {}", (after, needed), service.ids)
    return None


def _gaps(service: Service, given: Given) -> tuple[int, int]:
    """Whole minutes to the next start of an infusion of the drug, and to the nearest start or end behind it."""
    spans = given.infused.get(service.drug.key)
    if not spans:
        return NEVER, NEVER
    ahead = [(start - service.start) // 60 for start, _ in spans if start >= service.start]
    behind = [
        abs(edge - service.start) // 60 for start, stop in spans if start < service.start for edge in (start, stop)
    ]
    return min(ahead, default=NEVER), min(behind, default=NEVER)
