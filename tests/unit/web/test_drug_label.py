"""What was given, in one line: name and dose, each once."""

from decimal import Decimal

import pytest

from plugin.domain import Quantity
from plugin.domain.replacing import replace
from plugin.web.views.drug_label import drug_label
from tests.unit.web.sample_charts import given


@pytest.mark.parametrize(
    ("name", "value", "unit", "label"),
    [
        ("Paclitaxel", "300", "mg", "Paclitaxel 300 mg"),
        ("Paclitaxel 300 mg in NS 250 mL", "300", "mg", "Paclitaxel 300 mg in NS 250 mL"),
        ("vancomycin 1,500 mg in NS", "1500", "mg", "vancomycin 1,500 mg in NS"),
        ("infliximab 400 mg in NS 250 mL", "5", "mL", "infliximab 400 mg in NS 250 mL, 5 mL"),
        ("infliximab 400 mg in NS 250 mL", "2.5", "mL", "infliximab 400 mg in NS 250 mL, 2.5 mL"),
        ("sodium chloride 0.9% infusion", "0.9", "L", "sodium chloride 0.9% infusion, 0.9 L"),
        ("Heparin", "500.0", "[USP'U]", "Heparin 500 USP units"),
        ("", "5", "mg", "Drug not charted 5 mg"),
    ],
)
def test_the_dose_is_said_once(name, value, unit, label):
    """Only an amount that stands in the name itself is left out behind it."""
    assert drug_label(replace(given(1, name, "09:00"), dose=Quantity(Decimal(value), unit))) == label
