"""Which code a charted drug is billed with: chosen where the chart decides, candidates where it doesn't."""

from datetime import date

import pytest

from plugin.codebook import CodeBook
from plugin.codebook.drug_codes import chosen
from plugin.domain import Drug, Ingredient, Route, Term

BOOK = CodeBook.load()
SPRING, AUTUMN = date(2026, 3, 2), date(2026, 11, 2)
IV, SC, IM = Route.INTRAVENOUS, Route.SUBCUTANEOUS, Route.INTRAMUSCULAR


def codes_for(drug: Drug | str, route: Route | None = IV, day: date = SPRING) -> str:
    """The codes of a drug of one ingredient, with a space between."""
    view = BOOK.as_of(day)
    charted = Drug(drug) if isinstance(drug, str) else drug
    key = view.identify(charted).key
    packages = [package for term in charted.terms if term.system == "ndc" for package in view.packages(term.code)]
    return " ".join(code.code for code in chosen(charted, key, view.drug_codes(key), route, packages))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("ondansetron HCl 4 mg/2 mL injection", "J2405"),
        ("cefTRIAXone (ROCEPHIN) 1 g in NS 50 mL IVPB", "J0696"),
        ("Remicade 100 mg vial", "J1745"),
        ("infliximab 500 mg in NS 250 mL", "J1745 Q5103 Q5104 Q5121"),
        ("inFLIXimab-dyyb 100 mg", "Q5103"),
        ("infliximab dyyb 100 mg", "Q5103"),
        ("RENFLEXIS 100 MG IV SOLR", "Q5104"),
        ("infliximab (Remicade or Inflectra)", "J1745 Q5103"),
        ("ferumoxytol 510 mg", "Q0138 Q0139"),
        ("Adrenalin 1 mg", "J0169"),
        ("Adrenalin in 0.9% sodium chloride 8 mg/250 mL", "J0163"),
        ("romidepsin non-lyophilized 27.5 mg", "J9318"),
        ("romidepsin lyophilized 10 mg", "J9319"),
        ("0.9% sodium chloride 1000 mL", "J7030 J7040 J7050"),
    ],
)
def test_text_decides_the_code_or_names_the_candidates(text, codes):
    """A brand, a suffix or the only code there is decides; a bare name with several codes does not."""
    assert codes == codes_for(text)


@pytest.mark.parametrize(
    ("text", "route", "codes"),
    [
        ("infliximab-dyyb 120 mg", SC, "J1748"),
        ("infliximab-dyyb 120 mg", None, "J1748 Q5103"),
        ("Stelara 90 mg", SC, "J3357"),
        ("Stelara 130 mg", IV, "J3358"),
        ("vedolizumab 108 mg", SC, ""),
        ("ondansetron 4 mg", Route.ENTERAL, ""),
        ("HepaGam B 5 mL", IM, "J1571"),
        ("HepaGam B 5 mL", IV, "J1573"),
    ],
)
def test_the_route_leaves_only_its_own_codes(text, route, codes):
    """An unknown route leaves all; a route that no code is for leaves none."""
    assert codes == codes_for(text, route)


@pytest.mark.parametrize(
    ("text", "day", "codes"),
    [
        ("fluorouracil 500 mg", date(2026, 9, 30), "J9190"),
        ("fluorouracil 500 mg", date(2026, 10, 1), "J9191 J9192"),
        ("hydromorphone 1 mg", date(2024, 9, 30), "J1170"),
        ("hydromorphone 1 mg", date(2024, 10, 1), "J1171"),
        ("Soliris 900 mg", date(2025, 3, 31), "J1300"),
        ("Soliris 900 mg", date(2025, 4, 1), "J1299"),
    ],
)
def test_the_day_of_service_picks_the_codes(text, day, codes):
    """What ended yesterday is no candidate, and what begins tomorrow isn't yet."""
    assert codes == codes_for(text, IV, day)


def test_a_charted_hcpcs_code_decides_while_it_is_in_force():
    """Somebody chose it from a list; after its last day it tells the drug, and no longer the code."""
    charted = Drug("fluorouracil", (Term("hcpcs", "J9190"),))

    assert "J9190" == codes_for(charted, IV, date(2026, 9, 30))
    assert "J9191 J9192" == codes_for(charted, IV, AUTUMN)


@pytest.mark.parametrize("ndc", ["57894003001", "57894-030-01", "57894-0030-01", "5789403001"])
def test_a_product_number_decides_in_any_spelling(ndc):
    """57894-030-01 is Remicade, 100 mg in a vial."""
    assert "J1745" == codes_for(Drug("infliximab", (Term("ndc", ndc),)))
    assert [("J1745", 100, "mg", 1)] == [
        (package.code, package.amount, package.unit, package.items) for package in BOOK.as_of(SPRING).packages(ndc)
    ]


@pytest.mark.parametrize(("day", "code"), [(date(2026, 9, 30), "J9190"), (date(2026, 10, 1), "J9192")])
def test_a_product_number_goes_over_to_its_codes_successor(day, code):
    """Accord's fluorouracil is none of Avyxa's, whose code the other successor is."""
    assert code == codes_for(Drug("fluorouracil", (Term("ndc", "16729-276-68"),)), IV, day)
    assert [(code, 500, "mg")] == [(p.code, p.amount, p.unit) for p in BOOK.as_of(day).packages("16729-276-68")]


def test_a_product_number_with_two_codes_leaves_both():
    """The dialysis twin has the same package; who is on dialysis, the number doesn't say."""
    feraheme = Drug("", (Term("ndc", "59338-0775-01"),))

    assert "Q0138 Q0139" == codes_for(feraheme)


def test_an_ingredient_is_asked_for_by_itself():
    """A bag of two drugs has the codes of each."""
    view = BOOK.as_of(SPRING)
    bag = Drug("", (), (Ingredient("ondansetron 8 mg"), Ingredient("dexamethasone 10 mg")))

    assert "dexamethasone + ondansetron" == view.identify(bag).key
    for key, code in (("ondansetron", "J2405"), ("dexamethasone", "J1100")):
        assert [code] == [row.code for row in chosen(bag, key, view.drug_codes(key), IV)]


def test_a_view_remembers_the_codes_and_packages_it_gave():
    """They stand in the trace of what was decided with them."""
    view = BOOK.as_of(SPRING)
    view.drug_codes("ondansetron")
    view.packages("57894-030-01")

    assert [("drug_codes.csv", "J2405"), ("drug_packages.csv", "57894003001 J1745")] == [
        (row.table, row.key) for row in view.rows
    ]


def test_systems_and_labels_of_drug_codes():
    """Five digits are CPT, whose numbers carry our own words."""
    assert ("HCPCS", "infliximab, 10 mg") == (BOOK.system("J1745"), BOOK.label("J1745"))
    assert ("CPT", "rabies immune globulin, 150 IU") == (BOOK.system("90375"), BOOK.label("90375"))
