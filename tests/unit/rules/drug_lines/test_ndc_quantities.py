"""What a drug line says of the package, each quantity worked out by hand from the label's contents.

By CMS's crosswalk a vial of Remicade or Avsola is 100 mg of powder, one of Rituxan 100 mg in 10 mL or 500 mg in 50 mL,
and Advate is counted in international units.
"""

from decimal import Decimal
from typing import Any

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Drug, Fact, Product, Quantity, SuggestedCharge, Term
from plugin.rules.differences import code_encounter
from plugin.rules.drug_lines.packages_used import joined
from tests.properties.building import chart, given

BOOK = CodeBook.load()
REMICADE, AVSOLA = "57894-0030-01", "55513-0670-01"
RITUXAN_100, RITUXAN_500, ADVATE = "50242-0051-21", "50242-0053-06", "00944-3051-02"


def dose(number: int, text: str, ndc: str, amount: str, unit: str = "mg", note: str = "", how: str = "IVPB") -> Any:
    """An hour's infusion of so much of a product, begun an hour after the one before."""
    drug = Drug(text, (Term("ndc", ndc),) if ndc else ())
    begun = number * 60
    more = {"drug": drug, "dose": Quantity(Decimal(amount), unit), "notes": (note,) if note else ()}
    return given(number, text, begun, begun + 60, how, **more)


def drug_lines(*doses: Any) -> list[SuggestedCharge]:
    """The lines of the drugs."""
    return [charge for charge in code_encounter(chart(*doses), BOOK).charges if charge.ndc_because]


def told(charge: SuggestedCharge) -> tuple[str, int, tuple[str, ...], str, str, str]:
    """Code, units, modifiers, NDC, quantity and its unit."""
    quantity = charge.ndc_quantity
    amount = (f"{quantity.value.normalize():f}", quantity.unit) if quantity else ("", "")
    return charge.code, charge.units, charge.modifiers, charge.ndc, *amount


def because(charge: SuggestedCharge) -> str:
    """Why so, or why not."""
    return charge.ndc_because.text() if charge.ndc_because else ""


def test_a_powder_is_counted_in_vials() -> None:
    """300 mg of vials of 100 mg: three."""
    [line] = drug_lines(dose(1, "infliximab", AVSOLA, "300"))
    assert told(line) == ("Q5121", 30, ("JZ",), "55513067001", "3", "UN")
    assert because(line) == "NDC 55513-0670-01: 3 UN for 300 mg, as one package item of 100 mg counts as 1 UN"


def test_several_vials_and_their_waste_each_have_their_own_quantity() -> None:
    """350 mg of four vials of 100 mg: three and a half given, half a vial discarded."""
    note = "4 x 100 mg single-dose vial, 50 mg discarded"
    lines = drug_lines(dose(1, "Remicade", REMICADE, "350", note=note))
    assert [told(line) for line in lines] == [
        ("J1745", 35, (), "57894003001", "3.5", "UN"),
        ("J1745", 5, ("JW",), "57894003001", "0.5", "UN"),
    ]


def test_a_liquid_is_counted_in_millilitres() -> None:
    """300 mg of 500 mg in 50 mL are 30 mL; the 200 mg discarded are 20 mL."""
    lines = drug_lines(dose(1, "Rituxan", RITUXAN_500, "300", note="200 mg discarded"))
    assert [told(line) for line in lines] == [
        ("J9312", 30, (), "50242005306", "30", "ML"),
        ("J9312", 20, ("JW",), "50242005306", "20", "ML"),
    ]


def test_a_clotting_factor_is_counted_in_international_units() -> None:
    """2 000 IU are 2 000 of its units, whatever the vials hold; what they hold, the number doesn't tell."""
    [line] = drug_lines(dose(1, "Advate", ADVATE, "2000", "[iU]", how="IV push"))
    assert told(line)[3:] == ("00944305102", "2000", "F2")
    assert not any("one container holds" in fact.text() for fact in line.evidence)


def test_doses_of_one_product_count_together() -> None:
    """40 and 60 mg of 100 mg in 10 mL: 10 mL."""
    [line] = drug_lines(dose(1, "Rituxan", RITUXAN_100, "40"), dose(3, "Rituxan", RITUXAN_100, "60"))
    assert told(line)[3:] == ("50242005121", "10", "ML")


def test_what_has_no_end_is_cut_at_three_places() -> None:
    """33.3333 mg of a vial of 100 mg are 0.333333 of it: claims take three places."""
    [line] = drug_lines(dose(1, "Remicade", REMICADE, "33.3333"))
    assert line.ndc_quantity == Quantity(Decimal("0.333"), "UN")


@pytest.mark.parametrize(
    ("doses", "ndc", "words"),
    [
        (
            [dose(1, "Remicade", "", "300")],
            "",
            "no NDC: the chart names no product number of infliximab",
        ),
        (
            [dose(1, "Rituxan", RITUXAN_100, "100"), dose(3, "Rituxan", RITUXAN_500, "500")],
            "",
            "no NDC: the chart leads to 50242-0051-21 or 50242-0053-06, and a line names one product",
        ),
        (
            [dose(1, "Rituxan", RITUXAN_100, "100"), dose(3, "Rituxan", "", "100")],
            "",
            "no NDC: a part of rituximab is charted without a product number",
        ),
        (
            [dose(1, "Remicade", "5789400301", "300")],
            "",
            "no NDC: the chart leads to 05789-4003-01 or 57894-0003-01 or 57894-0030-01, and a line names one product",
        ),
        (
            [dose(1, "Remicade", "99999-0001-01", "300")],
            "99999000101",
            "NDC 99999-0001-01 without a quantity: the code book doesn't say how payers count this package",
        ),
    ],
)
def test_what_is_not_known_stays_away_and_the_line_says_why(doses: list[Any], ndc: str, words: str) -> None:
    """Never a guess: no product, several, a number that reads three ways, a package that nobody described."""
    lines = drug_lines(*doses)
    assert lines
    assert {(line.ndc, line.ndc_quantity, because(line)) for line in lines} == {(ndc, None, words)}


def test_a_service_names_no_package() -> None:
    """The infusion itself is no drug line."""
    [service] = [c for c in code_encounter(chart(dose(1, "Remicade", REMICADE, "300")), BOOK).charges if c.minutes]
    assert (service.ndc, service.ndc_quantity, service.ndc_because) == ("", None, None)


def used(ndc: str, amount: str = "", unit: str = "UN") -> Product:
    """One product's part of a line."""
    quantity = Quantity(Decimal(amount), unit) if amount else None
    return Product(ndc, quantity, Fact("why", (), (f"MedicationAdministration/{ndc}",)))


@pytest.mark.parametrize(
    ("parts", "ndc", "quantity"),
    [
        ([], None, None),
        ([used("11111222233", "1.5")], "11111222233", Quantity(Decimal("1.5"), "UN")),
        ([used("11111222233", "1.5"), used("11111222233", "2")], "11111222233", Quantity(Decimal("3.5"), "UN")),
        ([used("11111222233", "1"), used("44444555566", "1")], "", None),
        ([used("11111222233", "1"), used("11111222233", "10", "ML")], "", None),
        ([used("11111222233", "1"), used("11111222233")], "", None),
    ],
)
def test_a_line_that_several_drugs_share_names_one_package_or_none(
    parts: list[Product], ndc: str | None, quantity: Quantity | None
) -> None:
    """Amounts of one package in one unit add up; anything else is told apart by a person."""
    product = joined(parts)
    assert (product and product.ndc, product and product.quantity) == (ndc, quantity)
