"""The drugs of a planned visit: units, waste and modifiers by the code's descriptor, and mistakes in charging them.

A dose is a whole number of the code's units, from a single-dose container whose waste is charted as so many units or as
nothing: so what is right follows from the amounts alone.  JZ says that nothing was discarded; what was discarded stands
on a line of its own with JW.  Fluids have neither.
"""

import math
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from random import Random

from plugin.bulk.generating.formulary import SEVERAL, Product
from plugin.bulk.generating.mistakes import Truth
from plugin.bulk.generating.plan import Dose, Earned, LineKey, Plan

MOST_WASTED = 5
FLUID = "fluid"
NOTHING_WASTED, WASTED = "from a single-dose vial, nothing discarded", "from a single-dose vial, {} {} discarded"


def supply(random: Random, plan: Plan) -> None:
    """Chart each dose in whole units with its waste, and write down the lines that a day's doses of a product earn."""
    if plan.encounter_class == "IMP":
        return
    given: dict[tuple[Product, date], list[tuple[Dose, int, int]]] = defaultdict(list)
    for dose in plan.doses:
        if dose.status == "completed":
            plan.unsettled = plan.unsettled or dose.product.code == SEVERAL
            if dose.product.code not in ("", SEVERAL):
                given[dose.product, plan.at(dose.start).date()].append((dose, *_measure(random, dose)))
    for doses in given.values():
        plan.supplied += _lines(doses)


def _measure(random: Random, dose: Dose) -> tuple[int, int]:
    """Draw and chart a dose: units given, units discarded."""
    product = dose.product
    least, most = (Decimal(str(end)) / product.per_unit for end in (product.least, product.most))
    units = random.randint(math.ceil(least), max(math.floor(most), math.ceil(least)))
    wasted = 0 if product.given == FLUID else random.choice((0, random.randint(1, MOST_WASTED)))
    dose.dose, dose.once = _written(units * product.per_unit), True
    if product.given != FLUID:
        amount = _written(wasted * product.per_unit)
        dose.note = WASTED.format(amount, product.unit) if wasted else NOTHING_WASTED
    return units, wasted


def _lines(doses: list[tuple[Dose, int, int]]) -> list[Earned]:
    """The first dose carries the line; JZ only where nothing of the whole day's was discarded."""
    first, units, wasted = doses[0][0], sum(given for _, given, _ in doses), sum(lost for *_, lost in doses)
    code = first.product.code
    if first.product.given == FLUID:
        return [Earned(code, units, first)]
    if not wasted:
        return [Earned(code, units, first, "JZ")]
    return [Earned(code, units, first), Earned(code, wasted, first, "JW")]


def _written(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def charge_supplies(random: Random, plan: Plan, under: float, over: float) -> list[Truth]:
    """Charge the drugs; with probability `under` too little, with `over` too much of one line."""
    supported = plan.lines(plan.supplied)
    charged = Counter(supported)
    drawn = random.random()
    if supported and drawn < under + over:
        key = random.choice(sorted(supported))
        (_charge_less if drawn < under else _charge_more)(random, charged, key)
    beyond = "undocumented" if plan.unsettled else "over"
    return [
        Truth(key, supported[key], charged[key], _direction(charged[key] - supported[key], beyond))
        for key in sorted({*supported, *charged})
    ]


def _charge_less(random: Random, charged: Counter[LineKey], key: LineKey) -> None:
    """Forget the line, or charge one unit of several."""
    charged[key] = 1 if charged[key] > 1 and random.random() < 0.5 else 0


def _charge_more(random: Random, charged: Counter[LineKey], key: LineKey) -> None:
    """Charge further units; or waste that nobody charted, on a line with JW."""
    if key.modifiers == "JZ" and random.random() < 0.4:
        charged[key._replace(modifiers="JW")] += random.randint(1, MOST_WASTED)
    else:
        charged[key] += random.randint(1, 2 * charged[key])


def _direction(more: int, beyond: str) -> str:
    return beyond if more > 0 else "under" if more < 0 else ""
