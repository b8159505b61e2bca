"""Body weight and surface from Observations, for doses charted per kg or per m2."""

from decimal import Decimal
from typing import Any

import pytest

from fhir_mappings.charts import read_charts
from tests.mappings.soups import encounter

LOINC = "http://loinc.org"


def measure(
    code: str = "29463-7", value: str = "80", unit: str = "kg", at: str = "2026-03-02T09:10:00-05:00", **more: Any
) -> dict[str, Any]:
    """A weight of patient p1 on the day of the visit."""
    return {
        "resourceType": "Observation",
        "id": f"o{value}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": at,
        "valueQuantity": {"value": Decimal(value), "code": unit},
        **more,
    }


def read(*observations: dict[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """The chart's weight and surface with these observations beside its encounter."""
    chart = read_charts([encounter(), *observations]).charts[0]
    return chart.weight_kg, chart.surface_m2


@pytest.mark.parametrize(
    ("value", "unit", "kilograms"), [("80", "kg", "80"), ("4200", "g", "4.2"), ("150", "[lb_av]", "68.0388555")]
)
def test_a_weight_is_read_in_kilograms(value: str, unit: str, kilograms: str) -> None:
    """Whatever the scale shows: kilograms, grams of an infant, pounds."""
    assert read(measure(value=value, unit=unit)) == (Decimal(kilograms), None)


def test_a_surface_is_read_in_square_meters() -> None:
    """As a formula gave it, under its own code."""
    assert read(measure("3140-1", "1.9", "m2")) == (None, Decimal("1.9"))


def test_the_last_one_before_the_visit_ended_counts() -> None:
    """Whatever the order of the input; one measured after the visit is not the weight that was dosed by."""
    early, late = measure(value="79", at="2026-02-20T08:00:00-05:00"), measure(value="81")
    after = measure(value="90", at="2026-03-09T08:00:00-05:00")
    for soup in ([early, late, after], [after, late, early]):
        assert read(*soup)[0] == Decimal(81)


@pytest.mark.parametrize(
    "odd",
    [
        measure(status="entered-in-error"),
        measure(status="preliminary"),
        measure(unit="stone"),
        measure(value="0"),
        measure(value="-5"),
        measure(code="8302-2"),
        measure(at="2026-03-02"),
        measure(subject={"reference": "Patient/p2"}),
        measure(valueQuantity=None),
    ],
)
def test_what_can_not_be_relied_on_is_no_weight(odd: dict[str, Any]) -> None:
    """Not final, an unknown unit, another thing, another patient, no time of day."""
    assert read(odd) == (None, None)


def test_a_weight_of_nobody_is_not_that_of_an_encounter_of_nobody() -> None:
    """Neither says whose it is."""
    chart = read_charts([encounter(subject={}), measure(subject={})]).charts[0]
    assert chart.weight_kg is None
