"""The charge master of generated hospitals: item numbers, our own labels, revenue codes, and prices of nobody's."""

import csv
from decimal import Decimal
from functools import cache
from pathlib import Path

from fhir_mappings.vendor_shapes.facts import Item
from plugin.bulk.generating.formulary import FLUID, SEVERAL, products

FILE = Path(__file__).with_name("charge_master.csv")
DRUGS, SOLUTIONS = "0636", "0258"


@cache
def items() -> dict[str, Item]:
    """Code to its item: the services of `charge_master.csv`, and the drugs of the formulary."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        found = {
            row["code"]: Item(row["revenue"] + row["code"], row["label"], row["revenue"], Decimal(row["price"]))
            for row in csv.DictReader(lines)
        }
    for product in (each for given in products().values() for each in given):
        if product.code not in ("", SEVERAL):
            revenue = SOLUTIONS if product.given == FLUID else DRUGS
            label = f"{product.drug}, {product.per_unit.normalize():f} {product.unit}"
            found[product.code] = Item(revenue + product.code[1:], label, revenue, product.price)
    return found
