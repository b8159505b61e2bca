"""Charted amounts in the unit of their kind."""

from decimal import Decimal

import pytest

from plugin.codebook import CodeBook
from plugin.codebook.dosages import Dosage, read_dosage
from plugin.codebook.units import Measure, read_units
from plugin.domain import Quantity
from plugin.rules.drug_lines.amount import one_unit

UNITS = read_units()


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("350", "mg", Measure(Decimal(350), "mg")),
        ("1.5", "g", Measure(Decimal("1500.0"), "mg")),
        ("250", "mcg", Measure(Decimal("0.250"), "mg")),
        ("250", "µg", Measure(Decimal("0.250"), "mg")),
        ("2", "CC", Measure(Decimal(2), "mL")),
        ("1", "L", Measure(Decimal(1000), "mL")),
        ("10000", "[iU]", Measure(Decimal(10000), "U")),
        ("5000", "[USP'U]", Measure(Decimal(5000), "U")),
        ("2", "million units", Measure(Decimal(2_000_000), "U")),
        ("20", "mEq", Measure(Decimal(20), "meq")),
        ("8", "mg/kg", Measure(Decimal(8), "mg", ("kg",))),
        ("2", "ug/kg/min", Measure(Decimal("0.002"), "mg", ("kg", "min"))),
        ("175", "mg/m2", Measure(Decimal(175), "mg", ("m2",))),
    ],
)
def test_an_amount_is_exact_in_the_unit_of_its_kind(value, unit, expected):
    """Decimals stay decimals; what it is for each of stands beside it."""
    assert UNITS.measure(Quantity(Decimal(value), unit)) == expected


@pytest.mark.parametrize(
    ("value", "unit"), [("1", "wafer"), ("1", ""), ("1", "mg/wafer"), ("NaN", "mg"), ("1" * 40, "mg"), ("1", "mg/mL")]
)
def test_what_is_no_known_amount_is_none(value, unit):
    """An unknown unit, none, a concentration, no number, a number too long to be a dose."""
    assert UNITS.measure(Quantity(Decimal(value), unit)) is None


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("two 100 mg single-dose vials, 1,050.5 mcg discarded", [("100", "mg"), ("1.0505", "mg")]),
        ("ondansetron 4 mg/2 mL", [("4", "mg"), ("2", "mL")]),
        ("50mL over 30 min", [("50", "mL"), ("30", "min")]),
        ("room 12, bed 3m2x", []),
        ("COVID19 mg", []),
    ],
)
def test_amounts_in_words(text, amounts):
    """A number with a unit beside it, and nothing else."""
    assert [(w.measure.value, w.measure.unit) for w in UNITS.in_words(text)] == [(Decimal(v), u) for v, u in amounts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 MG", Dosage(Decimal(10), "mg", up_to=False)),
        ("UP TO 80 MG", Dosage(Decimal(80), "mg", up_to=True)),
        ("300 MCG (1500 IU)", Dosage(Decimal("0.300"), "mg", up_to=False)),
        ("PER FACTOR VIII IU", Dosage(Decimal(1), "U", up_to=False)),
        ("PER VIAL", Dosage(Decimal(1), "{vial}", up_to=False)),
        ("Per Therapeutic Dose", Dosage(Decimal(1), "{dose}", up_to=False)),
        ("Less than or equal to 100 MG", Dosage(Decimal(1), "{dose}", up_to=False)),
        ("5MG-1MG", Dosage(Decimal(1), "{composite}", up_to=False)),
        ("by arrangement", None),
    ],
)
def test_a_printed_billing_unit(text, expected):
    """As Medicare's price files print it."""
    assert read_dosage(text, UNITS) == expected


def test_every_code_of_the_formulary_has_a_unit_that_can_be_measured():
    """A code whose unit nobody knows could never have units."""
    codes = CodeBook.load().drug_codes
    assert len(codes) > 570
    assert [code.code for code in codes if one_unit(code, UNITS).value <= 0] == []
