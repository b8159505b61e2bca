"""What a drug line says of the package: its NDC, and how much of it, as payers count it.

A powder is counted in vials (UN), a liquid in millilitres (ML), a clotting factor in international units (F2), a part
of a vial as a part. The line carries what was given, the line with JW what was discarded. Nothing is inferred from a
name: without a product number, or without a row that says what one package is, the line says what is missing.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from plugin.codebook import ndc
from plugin.codebook.drug_rows import DrugCode
from plugin.domain import DrugClass, Fact, Product, Quantity
from plugin.rules.drug_lines.amount import exact, one_unit, plain
from plugin.rules.drug_lines.container import held_by
from plugin.rules.drug_lines.dispensed import Dispensed
from plugin.rules.drug_lines.given import Share
from plugin.rules.visit import Visit

EXACT_TO = Decimal("0.001")  # what a claim takes (X12 837, CTP04; NUCC: three places)


def product_of(given: Dispensed, code: DrugCode, amount: Fraction, visit: Visit) -> Product | None:
    """The package of a line for so much of a product, in the unit of its code; None for blood, which has no NDC."""
    if given.shares[0].service.drug.drug_class is DrugClass.BLOOD:
        return None
    charted = [_numbers(measured.share) for measured in given.measured]
    named = tuple(dict.fromkeys(number for numbers in charted for number in numbers))
    if not named:
        return _unnamed("no NDC: the chart names no product number of {}", given.drug, given)
    if not all(charted):
        return _unnamed("no NDC: a part of {} is charted without a product number", given.drug, given)
    if len(named) > 1:
        words = "no NDC: the chart leads to {}, and a line names one product"
        return _unnamed(words, " or ".join(map(spelled, named)), given)
    return _counted(given, code, named[0], amount, visit)


def joined(products: Sequence[Product]) -> Product | None:
    """The package of a line that several drugs share; of several packages it names none, and says so."""
    if len(products) < 2:
        return products[0] if products else None
    ids = tuple(dict.fromkeys(id_ for each in products for id_ in each.because.references))
    amounts = [each.quantity for each in products if each.quantity is not None]
    numbers, units = {each.ndc for each in products}, {amount.unit for amount in amounts}
    if len(numbers) > 1 or len(units) != 1 or len(amounts) < len(products):
        return Product("", None, Fact("no NDC: several products share this line, and it names one", (), ids))
    total = Quantity(sum((amount.value for amount in amounts), Decimal(0)), units.pop())
    words = "NDC {}: {} {} of it in all"
    return Product(products[0].ndc, total, Fact(words, (spelled(products[0].ndc), plain(total.value), total.unit), ids))


def spelled(eleven: str) -> str:
    """Eleven digits as labeler, product and package."""
    return f"{eleven[:5]}-{eleven[5:9]}-{eleven[9:]}"


def _numbers(share: Share) -> tuple[str, ...]:
    """The product numbers of a share in eleven digits: those that read one way, else all that it may be."""
    coded = [ndc.elevens(term.code) for term in share.charted.terms if term.system == "ndc"]
    sure = [numbers for numbers in coded if len(numbers) == 1]
    return tuple(dict.fromkeys(number for numbers in sure or coded for number in numbers))


def _unnamed(words: str, value: str, given: Dispensed) -> Product:
    return Product("", None, Fact(words, (value,), given.ids))


def _counted(given: Dispensed, code: DrugCode, number: str, amount: Fraction, visit: Visit) -> Product:
    packages = [each for each in visit.book.on(given.day).packages(number) if each.code == code.code]
    units = visit.book.book.units
    found = {(held_by(each, code, units), each.ndc_quantity, each.ndc_unit) for each in packages if each.ndc_quantity}
    if len(found) != 1:
        words = "NDC {} without a quantity: the code book doesn't say how payers count this package"
        return Product(number, None, Fact(words, (spelled(number),), given.ids))
    held, one, unit = found.pop()
    counted = amount / held * exact(one or Decimal(0))
    used = (Decimal(counted.numerator) / counted.denominator).quantize(EXACT_TO, ROUND_HALF_UP)
    words = "NDC {}: {} {} for {} {}, as one package item of {} {} counts as {} {}"
    measure = one_unit(code, units).unit
    values = (spelled(number), plain(used), unit, plain(amount), measure, plain(held), measure, plain(one or EXACT_TO))
    return Product(number, Quantity(used, unit), Fact(words, (*values, unit), given.ids))
