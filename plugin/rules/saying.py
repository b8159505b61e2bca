"""Making outcomes: what the earning rules share in saying suggest or decline."""

from collections import defaultdict
from datetime import date

from plugin.domain import Category, Decline, Fact, Role, Stretch, Suggest, Technique
from plugin.rules.hours import beyond_first_hour, first_hour
from plugin.rules.placement import Placed
from plugin.rules.visit import Visit, distinct

Units = tuple[tuple[Stretch, ...], ...]


def code_for(placed: Placed, role: Role, visit: Visit, technique: str | None = None) -> str | None:
    """The code of that role in the service's family, on this day, in this setting; None when there is none."""
    how = technique or placed.service.technique or Technique.INFUSION
    return visit.book.code(placed.category, role, how, visit.setting)


def suggest(code: str, units: Units, placed: Placed, visit: Visit, *facts: Fact) -> list[Suggest]:
    """The code once for each unit, dated by the day its service started, or by position `midnight_dating`."""
    if not units:
        return []
    day = _only_day(units, placed, visit)
    if day is not None:
        return [_one_day(code, day, units, placed, visit, facts)]
    by_day: dict[date, list[tuple[Stretch, ...]]] = defaultdict(list)
    for unit in units:
        by_day[visit.day_of(unit[0].administration, _earned_at(unit, visit))].append(unit)
    return [_one_day(code, day, tuple(of_day), placed, visit, facts) for day, of_day in by_day.items()]


def _one_day(code: str, day: date, units: Units, placed: Placed, visit: Visit, facts: tuple[Fact, ...]) -> Suggest:
    claims = units[0] if len(units) == 1 else tuple([stretch for unit in units for stretch in unit])
    ran = visit.ran(placed.service, claims)
    return Suggest(
        code=code,
        units=len(units),
        day=day,
        administrations=ran.references,
        claims=claims,
        because=(ran, *facts),
        unit_claims=units,
        modifiers=placed.modifiers,
        tier=placed.service.tier,
    )


def _only_day(units: Units, placed: Placed, visit: Visit) -> date | None:
    """The one day of all units; None when the service crossed midnight and the site dates each unit by itself."""
    if visit.only_day is not None:
        return visit.only_day
    own = placed.category is not Category.HYDRATION and placed.service.stretches
    first = own[0] if own else placed.kept[0]
    last = units[-1][-1]
    start = visit.day_of(first.administration, first.start)
    if last.stop == first.start or visit.day_of(last.administration, last.stop) == start:
        return start
    return start if visit.book.position("midnight_dating") == "start_date" else None


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


def by_the_hour(first: str, further: str, placed: Placed, visit: Visit, why: str) -> list[Suggest | Decline]:
    """The first hour of an infusion outside the hierarchy, its further hours, and what is left declined."""
    kept, _ = first_hour(placed.kept, visit)
    hours = beyond_first_hour(placed.kept, visit)
    return [
        *suggest(first, (kept,), placed, visit, Fact(why)),
        *suggest(further, hours.of_unit, placed, visit, Fact("beyond the first hour")),
        *decline(further, hours.left, Fact("{} min are left, not more than 30", (hours.left_minutes,))),
    ]
