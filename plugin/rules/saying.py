"""Making outcomes: what the earning rules share in saying suggest or decline."""

from collections import defaultdict
from datetime import date

from plugin.domain import Category, Decline, Fact, Role, Stretch, Suggest, Technique
from plugin.rules.placement import Placed
from plugin.rules.visit import Visit, distinct

Units = tuple[tuple[Stretch, ...], ...]


def code_for(placed: Placed, role: Role, visit: Visit, technique: str | None = None) -> str | None:
    """The code of that role in the service's family, on this day, in this setting; None when there is none."""
    how = technique or (placed.service.technique or Technique.INFUSION).value
    return visit.book.code(placed.category, role, how, visit.setting)


def suggest(code: str, units: Units, placed: Placed, visit: Visit, *facts: Fact) -> list[Suggest]:
    """The code once for each unit, dated by the day its service started, or by position `midnight_dating`."""
    if not units:
        return []
    days = _days(units, placed, visit)
    if days[0] == days[-1]:
        return [_one_day(code, days[0], units, placed, visit, facts)]
    by_day: dict[date, list[tuple[Stretch, ...]]] = defaultdict(list)
    for day, unit in zip(days, units, strict=True):
        by_day[day].append(unit)
    return [_one_day(code, day, tuple(of_day), placed, visit, facts) for day, of_day in by_day.items()]


def _one_day(code: str, day: date, units: Units, placed: Placed, visit: Visit, facts: tuple[Fact, ...]) -> Suggest:
    claims = tuple(stretch for unit in units for stretch in unit)
    return Suggest(
        code=code,
        units=len(units),
        day=day,
        administrations=distinct(claims),
        claims=claims,
        because=(visit.ran(placed.service, claims), *facts),
        unit_claims=units,
        modifiers=placed.modifiers,
        tier=placed.service.tier,
    )


def _days(units: Units, placed: Placed, visit: Visit) -> list[date]:
    """One day for all units, or each unit's own when the service crossed midnight and the site splits."""
    own = placed.category is not Category.HYDRATION and placed.service.stretches
    first = own[0] if own else placed.kept[0]
    start = visit.day_of(first.administration, first.start)
    last = units[-1][-1]
    if visit.within_a_day(first.administration, first.start, last.stop):
        return [start] * len(units)
    if visit.day_of(last.administration, last.stop) == start:
        return [start] * len(units)
    if visit.book.position("midnight_dating") == "start_date":
        return [start] * len(units)
    return [visit.day_of(unit[0].administration, _earned_at(unit, visit)) for unit in units]


def _earned_at(unit: tuple[Stretch, ...], visit: Visit) -> int:
    """The moment at which a unit's threshold was reached: just over half an hour into it, or its end when shorter."""
    left = (visit.book.limit("last_part_must_exceed") + 1) * 60
    for stretch in unit:
        if stretch.stop - stretch.start >= left:
            return stretch.start + left
        left -= stretch.stop - stretch.start
    return unit[-1].stop


def decline(code: str | None, claims: tuple[Stretch, ...], *facts: Fact) -> list[Decline]:
    """A decline of those stretches; nothing when there are none."""
    return [Decline(code, distinct(claims), claims, facts)] if claims else []
