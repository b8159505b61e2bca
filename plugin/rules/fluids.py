"""Hydration of one access site: united by time, never beside a drug, in stretches that stand alone.

Minutes beside a drug infusion or a transfusion are incidental (NCCI policy manual ch. XI B.5, B.6).
Charted push minutes are deducted without splitting a stretch; a drug infusion splits it (addendum D10).
Hydration after the start of an open-ended drug infusion waits for its answer (addendum D12).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from plugin.domain import Category, Fact, Role, Service, Stretch
from plugin.domain.interval import Interval, insert, inside, meeting, minutes, outside
from plugin.rules.base import Kind
from plugin.rules.placement import Placed
from plugin.rules.visit import Visit, distinct


@dataclass(frozen=True, slots=True)
class Beside:
    """What else went on at the access site.

    `runs` are drug infusions and transfusions, `open_from` the first open-ended start; `protected` says that a drug was
    given whose labelling asks for hydration.
    """

    runs: Sequence[Interval]
    pushes: Sequence[Interval]
    open_from: int | None
    protected: bool = False


TWICE = "{} min ran beside another bag of fluid and count once"
BESIDE_A_DRUG = "{} min ran beside a drug or blood on the same line"
PUSHED = "{} min were shared with a charted push"
Run = list[tuple[Service, Stretch]]


def place_hydration(fluids: Sequence[Service], beside: Beside, may_be_initial: bool, visit: Visit) -> list[Placed]:
    """Each stand-alone stretch with its role, and what was taken away from hydration, with the reason."""
    taken: list[Placed] = []
    if beside.protected and visit.book.position("chemo_prehydration") == "integral":
        sentence = "{} min of hydration are part of the chemotherapy that needs them"
        return [_lost(service, service.stretches, sentence) for service in fluids if service.stretches]
    runs = _runs(_alone(fluids, beside, taken), _reaching(fluids), beside)
    runs = _totalled([_without_pushes(run, beside, taken) for run in runs], visit)
    placed: list[Placed] = []
    for run in runs:
        initial = may_be_initial and not any(p.role is Role.INITIAL for p in placed)
        placed.append(_weighed(run, Role.INITIAL if initial else Role.ADDITIONAL_HOUR, visit))
    return placed + taken


def _alone(fluids: Sequence[Service], beside: Beside, taken: list[Placed]) -> Run:
    """The stretches in order of time, counted once, beside nothing that carries a drug."""
    counted: list[Interval] = []
    left: Run = []
    for service in fluids:
        for stretch in service.stretches:
            for once in _without(counted, service, stretch, TWICE, taken):
                left += [(service, part) for part in _without(beside.runs, service, once, BESIDE_A_DRUG, taken)]
            insert(counted, stretch.start, stretch.stop)
    return sorted(_before_open(left, beside, taken), key=lambda pair: (pair[1].start, pair[1].administration))


def _before_open(left: Run, beside: Beside, taken: list[Placed]) -> Run:
    if beside.open_from is None:
        return left
    waits = [Interval(beside.open_from, max((s.stop for _, s in left), default=beside.open_from))]
    for service, stretch in left:
        parts = tuple(inside(stretch, waits))
        if parts:
            taken.append(Placed(service, Category.HYDRATION, Kind.WAITS, parts))
    return [(service, part) for service, stretch in left for part in outside(stretch, waits)]


def _runs(alone: Run, orders: Sequence[Interval], beside: Beside) -> list[Run]:
    """Stretches that belong together: touching, or with only a pause of one order between."""
    runs: list[Run] = []
    for service, stretch in alone:
        if runs and _continues(runs[-1][-1][1], stretch, orders, beside):
            runs[-1].append((service, stretch))
        else:
            runs.append([(service, stretch)])
    return runs


def _continues(last: Stretch, stretch: Stretch, orders: Sequence[Interval], beside: Beside) -> bool:
    if stretch.start <= last.stop:
        return True
    begun = bisect_left(orders, Interval(last.stop, last.stop))
    paused = begun > 0 and stretch.start < orders[begun - 1].stop
    return paused and not meeting(Interval(last.stop, stretch.start), beside.runs)


def _reaching(fluids: Sequence[Service]) -> list[Interval]:
    """Each order's start in order of time, with the furthest stop of all that started until then."""
    reached: list[Interval] = []
    for start, stop in sorted([(f.stretches[0].start, f.stretches[-1].stop) for f in fluids if f.stretches]):
        reached.append(Interval(start, max(stop, reached[-1].stop) if reached else stop))
    return reached


def _without_pushes(run: Run, beside: Beside, taken: list[Placed]) -> Run:
    return [(service, part) for service, s in run for part in _without(beside.pushes, service, s, PUSHED, taken)]


def _without(
    covers: Sequence[Interval], service: Service, stretch: Stretch, sentence: str, taken: list[Placed]
) -> Sequence[Stretch]:
    """What the set `covers` leaves of a stretch; the rest is taken away from hydration, as the sentence says."""
    if not covers or not meeting(stretch, covers):
        return (stretch,)
    taken.append(_lost(service, tuple(inside(stretch, covers)), sentence))
    return outside(stretch, covers)


def _lost(service: Service, lost: tuple[Stretch, ...], sentence: str) -> Placed:
    why = Fact(sentence, (minutes(lost),), distinct(lost))
    return Placed(service, Category.HYDRATION, Kind.NOT_EARNED, lost, considered=Role.ADDITIONAL_HOUR, why=why)


def _totalled(runs: list[Run], visit: Visit) -> list[Run]:
    runs = [run for run in runs if run]
    if len(runs) > 1 and visit.book.position("hydration_time") == "total":
        return [[pair for run in runs for pair in run]]
    return runs


def _weighed(run: Run, role: Role, visit: Visit) -> Placed:
    kept = tuple([stretch for _, stretch in run])
    needed = visit.book.limit("hydration_minimum")
    if minutes(kept) >= needed:
        return Placed(run[0][0], Category.HYDRATION, role, kept)
    why = Fact("hydration ran {} min by itself, fewer than {}", (minutes(kept), needed), distinct(kept))
    return Placed(run[0][0], Category.HYDRATION, Kind.NOT_EARNED, kept, considered=role, why=why)
