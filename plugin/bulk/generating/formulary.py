"""The drugs of generated visits, by how they are given there."""

import csv
from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

SEVERAL = "several"
FLUID = "fluid"
FILE = Path(__file__).with_name("formulary.csv")


class Product(NamedTuple):
    """A drug with the range of its doses; `rxnorm` is empty where only its name is charted.

    `code` is its HCPCS code, of which one unit is `per_unit` of `unit`; SEVERAL where its name alone fits several
    codes, so that a chart without the product leaves it open; empty where nothing is charged for it.
    `rates` are the doses it has for each `per` (kg or m2) of a body, empty where it has none; `price` of a unit.
    """

    drug: str
    rxnorm: str
    given: str
    least: float
    most: float
    unit: str
    code: str
    per_unit: Decimal
    per: str
    rates: tuple[Decimal, ...]
    price: Decimal

    def dose(self, random: Random) -> str:
        """An amount from its range, as charted: whole numbers where the range has whole ends."""
        if self.least == int(self.least) and self.most == int(self.most):
            return str(random.randint(int(self.least), int(self.most)))
        return f"{random.uniform(self.least, self.most):.2f}"


@cache
def products() -> dict[str, tuple[Product, ...]]:
    """How given (infused, pushed, chemotherapy ...) to the products given so."""
    found: dict[str, list[Product]] = defaultdict(list)
    with FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            per, *rates = row["body"].split() or [""]
            product = Product(
                row["drug"],
                row["rxnorm"],
                row["given"],
                float(row["least"]),
                float(row["most"]),
                row["unit"],
                row["code"],
                Decimal(row["per_unit"] or 1),
                per,
                tuple(map(Decimal, rates)),
                Decimal(row["price"] or 0),
            )
            found[product.given].append(product)
    return {given: tuple(rows) for given, rows in found.items()}


def some(random: Random, given: str, count: int) -> list[Product]:
    """Different products given so, at most as many as there are."""
    choices = products()[given]
    return random.sample(choices, min(count, len(choices)))
