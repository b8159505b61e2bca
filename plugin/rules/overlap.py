"""Infusions of one access site laid over each other: sequential, concurrent, repeated, or too little left.

The initial service keeps its minutes; the others are carved in order of class, length, start (addendum A7, D5, D6).
"""

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from plugin.domain import Category, Fact, Role, Service, Stretch
from plugin.domain.interval import Interval, insert, inside, meeting, minutes, outside, union
from plugin.rules.base import Kind
from plugin.rules.placement import Counted, Placed
from plugin.rules.visit import Visit

FIRST_HOUR = frozenset({Role.INITIAL, Role.SEQUENTIAL})


def place_infusions(infusions: Sequence[Counted], initial: Counted | None, visit: Visit) -> list[Placed]:
    """Each infusion with its role and the minutes it keeps."""
    placed: list[Placed] = []
    taken: list[Interval] = []
    first_hours: dict[str, int] = {}
    for counted in _in_order(infusions, initial):
        service, category = counted
        if counted == initial:
            placed.append(Placed(service, category, Role.INITIAL, service.stretches))
        else:
            near = placed if any(meeting(stretch, taken) for stretch in service.stretches) else []
            _lay(service, category, placed, near, first_hours.get(service.drug.key), visit)
        for stretch in service.stretches:
            insert(taken, stretch.start, stretch.stop)
        if placed[-1].role in FIRST_HOUR:
            first_hours.setdefault(service.drug.key, len(placed) - 1)
    return placed


def _in_order(infusions: Sequence[Counted], initial: Counted | None) -> list[Counted]:
    """The initial first, then by class, the drug's longest interval, the drug's earliest start, start and id."""
    if len(infusions) == 1:
        return list(infusions)
    longest: dict[str, int] = defaultdict(int)
    earliest: dict[str, int] = {}
    for number, (service, _) in enumerate(infusions):
        drug = service.drug.key
        longest[drug] = max(longest[drug], service.minutes)
        earliest.setdefault(drug, number)

    def place(counted: Counted) -> tuple[bool, bool, int, int]:
        drug = counted[0].drug.key
        return counted != initial, counted[1] is not Category.CHEMOTHERAPY, -longest[drug], earliest[drug]

    return sorted(infusions, key=place)


def _lay(
    service: Service,
    category: Category,
    placed: list[Placed],
    near: Sequence[Placed],
    earlier: int | None,
    visit: Visit,
) -> None:
    """Lay one more infusion over those placed; a repeat may lengthen the drug's `earlier` interval instead.

    `near` are the placed ones again, or none where it ran beside none of them.
    """
    against = near if category is Category.THERAPEUTIC else [p for p in near if p.category is category]
    kept, shared, beside = _carve(service, against)
    if earlier is not None:
        placed.append(Placed(service, category, Role.ADDITIONAL_HOUR, kept, shared, beside))
        if kept and visit.book.position("same_drug_time") == "cumulative":
            first = placed[earlier]
            placed[earlier] = replace(first, kept=(*first.kept, *kept))
            placed[-1] = replace(placed[-1], kept=())
    elif shared and _given_together(service, placed):
        placed.append(Placed(service, category, Kind.TOGETHER, service.stretches))
    elif shared:
        later = max([service, *_overlapped(service, against)], key=lambda s: (s.start, s.id))
        overlapping = Placed(service, category, Role.SEQUENTIAL, kept, shared, beside)
        placed.append(_overlapping(overlapping, later.minutes, visit))
    else:
        placed.append(Placed(service, category, Role.SEQUENTIAL, kept))


def _given_together(service: Service, placed: Sequence[Placed]) -> bool:
    """Another drug charted from the same to the same minute, with no site for either (dossier R14, addendum D7)."""
    return not service.access_site and any(
        not p.service.access_site
        and p.service.drug.key != service.drug.key
        and (p.service.start, p.service.stretches[-1].stop) == (service.start, service.stretches[-1].stop)
        for p in placed
    )


def _carve(
    service: Service, against: Sequence[Placed]
) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...], tuple[str, ...]]:
    """What a service keeps, what it shares, and with which administrations."""
    if not against:
        return service.stretches, (), ()
    first, last = service.stretches[0].start, service.stretches[-1].stop
    near = [s for p in against for s in p.kept if s.start < last and s.stop > first]
    if not near:
        return service.stretches, (), ()
    covers = union(near)
    kept = tuple([left for s in service.stretches for left in outside(s, covers)])
    shared = tuple([part for s in service.stretches for part in inside(s, covers)])
    beside = [s.administration for s in near if any(_meet(s, part) for part in shared)]
    return kept, shared, tuple(dict.fromkeys(beside))


def _meet(one: Stretch, other: Stretch) -> bool:
    return one.start < other.stop and other.start < one.stop


def _overlapped(service: Service, against: Sequence[Placed]) -> list[Service]:
    return [p.service for p in against if any(_meet(one, other) for one in service.stretches for other in p.kept)]


def _overlapping(placed: Placed, second: int, visit: Visit) -> Placed:
    """Sequential or concurrent by position; `second` are the minutes of the drug that was started later."""
    if placed.category is Category.CHEMOTHERAPY:
        return _chemotherapy_together(placed, visit)
    side = visit.book.position("partial_overlap")
    shared, kept = minutes(placed.shared), minutes(placed.kept)
    if side == "majority":
        together = shared * 2 > second
        return _concurrent(placed, visit) if together else _with_its_full_time(placed)
    if side == "any_16":
        together = shared >= visit.book.limit("concurrent_minimum")
        return _concurrent(placed, visit) if together else _with_its_full_time(placed)
    return placed if kept >= visit.book.limit("infusion_minimum") else _concurrent(placed, visit)


def _with_its_full_time(placed: Placed) -> Placed:
    return replace(placed, kept=placed.service.stretches, shared=())


def _concurrent(placed: Placed, visit: Visit) -> Placed:
    """Concurrent, when the two ran together long enough for the position taken."""
    shared, least = minutes(placed.shared), visit.book.limit("concurrent_minimum")
    if shared >= least or visit.book.position("concurrent_minimum") == "any":
        return replace(placed, role=Role.CONCURRENT, kept=placed.service.stretches, shared=())
    why = Fact(
        "{} min were shared with another drug and {} min are left: fewer than {} either way",
        (shared, minutes(placed.kept), least),
        placed.service.ids,
    )
    kept = placed.service.stretches
    return replace(placed, role=Kind.NOT_EARNED, kept=kept, shared=(), considered=Role.CONCURRENT, why=why)


def _chemotherapy_together(placed: Placed, visit: Visit) -> Placed:
    """Two chemotherapy drugs at one time: no code says so; the unshared minutes may be sequential (addendum A6, D6)."""
    if visit.book.position("concurrent_chemo") == "sequential":
        return _with_its_full_time(placed)
    if minutes(placed.kept) >= visit.book.limit("infusion_minimum"):
        return placed
    why = Fact(
        "{} min ran together with another chemotherapy drug; only the unlisted 96549 could say so, a coder decides",
        (minutes(placed.shared),),
        placed.service.ids,
    )
    kept = placed.service.stretches
    return replace(
        placed, role=Kind.NOT_EARNED, kept=kept, shared=(), considered=Role.SEQUENTIAL, why=why, by_hand=True
    )
