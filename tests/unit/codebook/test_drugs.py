"""Who a charted drug is: by code, by ingredient, by the names in its text."""

import pytest

from plugin.codebook import CodeBook, ndc
from plugin.codebook.drug_names import words_of
from plugin.codebook.drug_rows import DrugRow
from plugin.codebook.drugs import REMEMBERED, DrugTable
from plugin.domain import Drug, DrugClass, DrugIdentity, Ingredient, TableRow, Term


def row(drug: str, drug_class: str = "therapeutic", names: str = "", injected: str = "") -> DrugRow:
    """A line of a small drug table."""
    known = DrugClass(drug_class)
    listed = tuple(filter(None, [drug, *names.split(";")]))
    injected_class = DrugClass(injected) if injected else known
    return DrugRow(drug, known, injected_class, False, listed, TableRow("drugs.csv", drug, "somewhere"))


TABLE = (
    row("saline", "hydration fluid", "normal saline;ns"),
    row("saline flush", "flush", "normal saline flush"),
    row("ringer's", "hydration fluid", "lr"),
    row("potassium chloride", "electrolyte", "kcl"),
    row("ceftriaxone", names="rocephin"),
    row("metronidazole", names="flagyl"),
    row("paclitaxel", "antineoplastic", "taxol"),
    row("infliximab", "complex biologic", "remicade", injected="therapeutic"),
)
CROSSWALK = {("rxnorm", "2193"): "ceftriaxone", ("ndc9", "004090801"): "ceftriaxone", ("rxnorm", "1"): "gone"}


def identify(text: str = "", *terms: Term, ingredients: tuple[Ingredient, ...] = ()) -> DrugIdentity:
    """What the small table says of a drug."""
    return DrugTable(TABLE, CROSSWALK).identify(Drug(text, terms, ingredients))[0]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ceftriaxone 1 g IVPB", "ceftriaxone"),
        ("ROCEPHIN (CEFTRIAXONE) 2 g", "ceftriaxone"),
        ("Normal Saline 1000 mL", "saline"),
        ("normal saline flush 10 mL", "saline flush"),
        ("ns/flagyl", "text:ns/flagyl"),
        ("ceftriaxone 1 g in NS 50 mL", "ceftriaxone"),
        ("ceftriaxone + metronidazole", "ceftriaxone + metronidazole"),
        ("metronidazole and ceftriaxone", "ceftriaxone + metronidazole"),
        ("NS with KCl 20 mEq", "potassium chloride + saline"),
        ("ceftriaxones", "text:ceftriaxones"),
        ("", "text:"),
    ],
)
def test_a_drug_is_found_by_the_longest_names_in_its_text(text, key):
    """Whole words only; a fluid that carries a drug is not a second drug, but stays beside an electrolyte."""
    assert key == identify(text).key


@pytest.mark.parametrize(
    ("terms", "key"),
    [
        ([Term("rxnorm", "2193")], "ceftriaxone"),
        ([Term("ndc", "0409-0801-01")], "ceftriaxone"),
        ([Term("ndc", "00409080101")], "ceftriaxone"),
        ([Term("rxnorm", "999999", "Flagyl")], "metronidazole"),
        ([Term("snomed", "x"), Term("rxnorm", "2193")], "ceftriaxone"),
        ([Term("rxnorm", "1")], "rxnorm:1"),
        ([Term("hcpcs", "J9999")], "hcpcs:J9999"),
    ],
)
def test_a_drug_is_found_by_code_before_text(terms, key):
    """RxNorm and NDC by the crosswalk, then the words of the terms; what nothing tells keeps its own code as key."""
    assert key == identify("", *terms).key


def test_a_code_outranks_the_text():
    """The text says one drug, the code another: the code was chosen from a list."""
    assert "ceftriaxone" == identify("flagyl", Term("rxnorm", "2193")).key


def test_ingredients_outrank_all_and_one_unknown_spoils_them():
    """A mixture is what its ingredients are; when one can't be read, codes and text are tried instead."""
    known = (Ingredient("ceftriaxone"), Ingredient("Normal saline"))
    unknown = (Ingredient("ceftriaxone"), Ingredient("something"))

    assert "ceftriaxone" == identify("taxol", ingredients=known).key
    assert "paclitaxel" == identify("taxol", ingredients=unknown).key


def test_a_mixture_is_as_complex_as_its_most_complex_drug():
    """Class follows the strongest of them, whatever the order."""
    assert DrugClass.ANTINEOPLASTIC is identify("ceftriaxone and paclitaxel").drug_class
    assert DrugClass.ELECTROLYTE is identify("saline with kcl").drug_class


def test_a_drug_may_be_another_class_when_injected():
    """Some biologics are complex by vein only."""
    infliximab = identify("Remicade")

    assert (DrugClass.COMPLEX_BIOLOGIC, DrugClass.THERAPEUTIC) == (infliximab.drug_class, infliximab.injected_class)


def test_an_unknown_drug_is_unknown_and_rests_on_no_row():
    """Never taken for therapeutic."""
    identity, rows = DrugTable(TABLE, CROSSWALK).identify(Drug("Wonderdrug 5 mg"))

    assert (DrugClass.UNKNOWN, "text:wonderdrug 5 mg", "") == (identity.drug_class, identity.key, identity.row)
    assert () == rows


def test_an_answer_about_the_class_is_taken():
    """A term `class` is never charted; it is what somebody answered, and the drug stays the same drug."""
    answered = identify("ceftriaxone", Term("class", "antineoplastic"))

    assert ("ceftriaxone", DrugClass.ANTINEOPLASTIC) == (answered.key, answered.drug_class)


def test_a_found_drug_names_the_rows_that_told_it():
    """One row for each drug of a mixture."""
    _, rows = DrugTable(TABLE, CROSSWALK).identify(Drug("ceftriaxone + metronidazole"))

    assert ["ceftriaxone", "metronidazole"] == [each.key for each in rows]


def test_answers_are_remembered_and_forgotten_in_time():
    """The same drug gives the same value; memory does not grow without end."""
    table = DrugTable(TABLE, CROSSWALK)

    assert table.identify(Drug("taxol")) is table.identify(Drug("taxol"))
    for number in range(REMEMBERED + 1):
        table.identify(Drug(str(number)))
    assert "paclitaxel" == table.identify(Drug("taxol"))[0].key


@pytest.mark.parametrize(
    ("code", "elevens"),
    [
        ("0409-0801-01", ("00409080101",)),
        ("12345-678-90", ("12345067890",)),
        ("12345-6789-1", ("12345678901",)),
        ("00409080101", ("00409080101",)),
        ("0409080101", ("00409080101", "04090080101", "04090801001")),
        ("00409-0801-0101", ()),
        ("abc", ()),
        ("", ()),
    ],
)
def test_an_ndc_is_padded_where_its_form_allows(code, elevens):
    """Hyphens tell where the zero goes; ten digits without them fit three forms."""
    assert elevens == ndc.elevens(code)


def test_ten_digits_without_hyphens_name_a_drug_when_one_padding_fits():
    """Of the three forms only one is a product of the crosswalk."""
    crosswalk = {("ndc9", "004090801"): "ceftriaxone"}
    identity, _ = DrugTable(TABLE, crosswalk).identify(Drug("", (Term("ndc", "0409080101"),)))

    assert "ceftriaxone" == identity.key


def test_a_hcpcs_code_names_its_drug():
    """DESIGN section 7: drugs are charted by HCPCS, too."""
    identity, _ = DrugTable(TABLE, {("hcpcs", "J0696"): "ceftriaxone"}).identify(Drug("", (Term("hcpcs", "J0696"),)))

    assert "ceftriaxone" == identity.key


def test_words_keep_signs_inside_and_drop_them_at_the_edges():
    """`0.9%` is a word, a full stop at the end is none of it."""
    assert ("sodium", "chloride", "0.9%", "d5-1/2ns") == words_of("Sodium chloride 0.9%. (D5-1/2NS)")


@pytest.mark.parametrize(
    ("text", "drug", "drug_class"),
    [
        ("vancomycin 1.75 g in NS 500 mL", "vancomycin", DrugClass.THERAPEUTIC),
        ("Taxol 300 mg", "paclitaxel", DrugClass.ANTINEOPLASTIC),
        ("0.9% sodium chloride 1000 mL bolus", "sodium chloride 0.9%", DrugClass.HYDRATION_FLUID),
        ("Lactated Ringer's", "lactated ringer's", DrugClass.HYDRATION_FLUID),
        ("PRBC", "red blood cells", DrugClass.BLOOD),
        ("Lupron Depot 7.5 mg", "leuprolide", DrugClass.HORMONAL),
        ("ondansetron 4 mg IV push", "ondansetron", DrugClass.THERAPEUTIC),
    ],
)
def test_the_products_own_table_knows_what_charts_say(text, drug, drug_class):
    """A few spellings that every infusion center charts."""
    identity, _ = CodeBook.load().drugs.identify(Drug(text))

    assert (drug, drug_class) == (identity.row, identity.drug_class)
