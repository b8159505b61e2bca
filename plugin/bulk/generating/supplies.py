"""The drugs of a planned visit: units, waste and modifiers by the code's descriptor, and mistakes in charging them.

A dose is a whole number of the code's units, from a single-dose container whose waste is charted as so many units or as
nothing: so what is right follows from the amounts alone.  JZ says that nothing was discarded; what was discarded stands
on a line of its own with JW.  Fluids have neither.
Some doses are charted for each kilogram or square meter, of a body that makes them whole units too.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from random import Random

from plugin.bulk.generating.bodies import Body, fitted
from plugin.bulk.generating.formulary import FLUID, SEVERAL, Product
from plugin.bulk.generating.mistakes import Truth
from plugin.bulk.generating.plan import Dose, Earned, LineKey, Plan

MOST_WASTED = 5
BY_BODY = 0.5
NOTHING_WASTED, WASTED = "from a single-dose vial, nothing discarded", "from a single-dose vial, {} {} discarded"


def supply(random: Random, plan: Plan, body: Body | None = None) -> None:
    """Chart each dose in whole units with its waste, and write down the lines that a day's doses of a product earn.

    `body`: the patient's, by which some doses are charted.
    """
    if plan.encounter_class == "IMP":
        return
    rates = _dose_by_body(random, plan, body) if body else {}
    given: dict[tuple[Product, date], list[tuple[Dose, int, int]]] = defaultdict(list)
    for dose in plan.doses:
        if dose.status == "completed":
            plan.unsettled = plan.unsettled or dose.product.code == SEVERAL
            if dose.product.code not in ("", SEVERAL):
                measured = _measure(random, dose, plan.body, rates.get(dose.product))
                given[dose.product, plan.at(dose.start).date()].append((dose, *measured))
    for doses in given.values():
        plan.supplied += _lines(doses)


def _dose_by_body(random: Random, plan: Plan, body: Body) -> dict[Product, Decimal]:
    """Draw which products are dosed by the body, all by its surface or all by its weight, and how large it is then."""
    drugs = dict.fromkeys(dose.product for dose in plan.doses if dose.product.rates and dose.status == "completed")
    drawn = [drug for drug in drugs if random.random() < BY_BODY]
    per = "m2" if any(drug.per == "m2" for drug in drawn) else "kg"
    rates = {drug: random.choice(drug.rates) for drug in drawn if drug.per == per}
    plan.body = fitted(body, per, lambda size: _all_whole(rates, size)) if rates else None
    return rates if plan.body else {}


def _all_whole(rates: Mapping[Product, Decimal], size: Decimal) -> bool:
    return not any(rate * size % drug.per_unit for drug, rate in rates.items())


def _measure(random: Random, dose: Dose, body: Body | None, rate: Decimal | None) -> tuple[int, int]:
    """Draw and chart a dose: units given, units discarded."""
    product = dose.product
    if body is not None and rate is not None:
        units = int(rate * (body.surface if product.per == "m2" else body.weight) / product.per_unit)
        dose.dose, dose.unit = _written(rate), f"{product.unit}/{product.per}"
    else:
        least, most = (Decimal(str(end)) / product.per_unit for end in (product.least, product.most))
        units = random.randint(math.ceil(least), max(math.floor(most), math.ceil(least)))
        dose.dose = _written(units * product.per_unit)
    dose.once = True
    wasted = 0 if product.given == FLUID else random.choice((0, random.randint(1, MOST_WASTED)))
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
