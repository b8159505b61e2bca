"""The billing unit of a code as Medicare's price files print it: `10 MG`, `UP TO 80 MG`, `PER VIAL`.

Such a text is all a site's imported crosswalk says of a code that the formulary doesn't have.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.packages import BILLING_UNIT, Package
from plugin.codebook.units import UnitTable
from plugin.domain import Quantity

UP_TO = re.compile(r"^up to\s+", re.IGNORECASE)
AMOUNT = re.compile(
    r"^(?:per\s+)?(?P<value>\d[\d,]*(?:\.\d+)?|\.\d+)?\s*(?P<unit>[^\d()]*?)\s*(?:\(.*\))?$", re.IGNORECASE
)
UNITS = re.compile(r"\b(units?|i\.?u\.?)(?=$|[\s:])", re.IGNORECASE)
WHOLE = re.compile(r"\b(dose|each|therapy|cells|infusion|applicator)\b|^(greater|less) than", re.IGNORECASE)
MANY = re.compile(r"\d\s*\w*\s*[-/&]\s*\d")  # 5MG-1MG: a mixture
COMPOSITE, DOSE = "{composite}", "{dose}"


class Dosage(NamedTuple):
    """One unit of a code: so much of a unit, or any amount up to it."""

    amount: Decimal
    unit: str
    up_to: bool


def read_dosage(text: str, units: UnitTable) -> Dosage | None:
    """The billing unit that a text says; a mixture counts as {composite}; None for what can't be read."""
    text = " ".join(text.split())
    up_to = bool(UP_TO.match(text))
    rest = UP_TO.sub("", text)
    if WHOLE.search(rest):
        return Dosage(Decimal(1), DOSE, up_to)
    if MANY.search(re.sub(r"\(.*\)", "", rest)):
        return Dosage(Decimal(1), COMPOSITE, up_to)
    found = AMOUNT.match(rest)
    if found is None:
        return None
    value = Decimal((found["value"] or "1").replace(",", ""))
    written = "units" if UNITS.search(found["unit"]) else found["unit"].strip()
    known = units.measure(Quantity(value, written))
    return Dosage(known.value, known.unit, up_to) if known and not known.per else None


def code_of(package: Package, units: UnitTable) -> DrugCode | None:
    """The code of a package as an imported crosswalk alone tells it; None where it doesn't say the billing unit."""
    dosage = read_dosage(package.dosage, units) if package.unit == BILLING_UNIT else None
    if dosage is None:
        return None
    return DrugCode(
        code=package.code,
        drug="",
        amount=dosage.amount,
        unit=dosage.unit,
        up_to=dosage.up_to,
        products=(),
        routes=frozenset(),
        container="",
        sizes=(),
        esrd=False,
        label="",
        valid_from=package.valid_from,
        valid_to=package.valid_to,
        note="",
        row=package.row,
        container_row=None,
    )
