"""Units of what was charged, line by line as the rulebook names lines."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal

from plugin.domain import ExistingCharge
from plugin.domain.charge import ChargeKey
from plugin.rules.lines import Earned

Units = int | Decimal


def charged_units(
    charged: Iterable[ExistingCharge],
    governed: Collection[str],
    modifiers: Iterable[str],
    earned: Mapping[ChargeKey, Earned],
    first_day: date | None,
) -> dict[ChargeKey, Units]:
    """Units by line, of codes that are `governed`.

    Of modifiers those count that the rulebook may put, `modifiers` in claim order: whoever else's (PO of a department
    off campus, a payer's own) says nothing of what was given.  In what order they were charged doesn't matter.
    A charge without a day is of the day of its code's only line, else of the encounter's `first_day`.
    """
    units: dict[ChargeKey, Units] = {}
    for charge in charged:
        if charge.code not in governed:
            continue
        day = charge.day or _only_day(charge, earned, first_day)
        if day is None:
            continue
        key = (charge.system, charge.code, _counting(charge, modifiers, earned, day), day)
        units[key] = units.get(key, 0) + charge.units
    return units


def _only_day(charge: ExistingCharge, earned: Mapping[ChargeKey, Earned], first_day: date | None) -> date | None:
    days = {line.day for line in earned.values() if line.code == charge.code}
    return days.pop() if len(days) == 1 else first_day


def _counting(
    charge: ExistingCharge, modifiers: Iterable[str], earned: Mapping[ChargeKey, Earned], day: date
) -> tuple[str, ...]:
    """The modifiers that count, as the line of the chart that has the same ones lists them."""
    if not charge.modifiers:
        return ()
    counting = tuple([each for each in modifiers if each in charge.modifiers])
    same = [k[2] for k in earned if (k[0], k[1], k[3]) == (charge.system, charge.code, day) and {*k[2]} == {*counting}]
    return same[0] if same else counting
