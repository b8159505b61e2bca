"""The whole formulary, row by row: what every row must have, and how many there are."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from plugin.codebook import CodeBook, CodeBookError, drug_rows
from plugin.codebook.check_drugs import drug_problems
from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.tables import Folders
from plugin.domain import Standing

BOOK = CodeBook.load()
UNCLASSIFIED = {"J3490", "J3590", "J9999", "C9399"}
COLUMNS = (
    "code,drug,amount,unit,up_to,products,routes,container,sizes,container_cites,esrd,label,"
    "valid_from,valid_to,cites,checked_on,note"
)


def overlay(folder, *rows: str, header: str = COLUMNS) -> Folders:
    """A site's own rows of the formulary."""
    (folder / "drug_codes.csv").write_text("\n".join([header, *rows]) + "\n")
    return Folders(folder)


def wonder(**fields: str) -> str:
    """A row for J0001, one unit of which is 5 mg of ondansetron, with some fields changed."""
    row = dict.fromkeys(COLUMNS.split(","), "")
    row |= {"code": "J0001", "drug": "ondansetron", "amount": "5", "unit": "mg", "label": "a wonder"}
    row |= {"cites": "cms-asp-2026q4", "checked_on": "2026-11-21"} | fields
    return ",".join(row.values())


def test_the_formulary_is_as_large_as_it_says():
    """At least 400 drugs and 570 codes were asked for."""
    assert (604, 966) == (len({row.drug for row in BOOK.drug_codes}), len({row.code for row in BOOK.drug_codes}))


def test_every_drug_code_has_a_drug_with_a_class_a_source_and_our_label():
    """The class is that of the drug; the source is a real one; a label names the drug."""
    rows = {row.drug: row for row in drug_rows.read_drugs()}

    assert [code.code for code in BOOK.drug_codes if code.drug not in rows] == []
    assert [code.code for code in BOOK.drug_codes if code.row.cites not in BOOK.citations] == []
    assert [code.code for code in BOOK.drug_codes if not code.label.startswith(code.drug)] == []


def test_no_unclassified_code_is_a_drugs_own():
    """They are for drugs without a code."""
    assert UNCLASSIFIED.isdisjoint(code.code for code in BOOK.drug_codes)


def test_every_code_is_given_on_its_first_and_last_day_and_not_beside_them():
    """The dates of a row are days of service."""
    wrong = []
    for code in BOOK.drug_codes:
        inside = [day for day in (code.valid_from, code.valid_to) if day]
        outside = [code.valid_from - timedelta(1)] if code.valid_from else []
        outside += [code.valid_to + timedelta(1)] if code.valid_to else []
        wrong += [code.code for day in inside if code not in BOOK.as_of(day).drug_codes(code.drug)]
        wrong += [code.code for day in outside if code in BOOK.as_of(day).drug_codes(code.drug)]

    assert wrong == []


def test_a_drug_with_several_codes_on_a_day_can_be_told_apart_or_says_why_not():
    """All but one of its codes have product names or a route of their own, are for dialysis, or go by the size."""
    by_size = {"sodium chloride 0.9%", "dextrose 5%", "albumin", "plasma protein fraction", "testosterone cypionate"}
    # An empty name was left where the reference names no product: the package must tell.
    by_package = {"atropine", "rho(d) immune globulin"}
    groups: dict[str, list[DrugCode]] = defaultdict(list)
    for code in BOOK.drug_codes:
        if code.holds(date(2026, 11, 21)):
            groups[code.drug].append(code)

    silent = {
        drug: [code.code for code in codes if not (code.products or code.routes or code.esrd)]
        for drug, codes in groups.items()
        if len(codes) > 1 and drug not in by_size | by_package
    }

    assert {drug: codes for drug, codes in silent.items() if len(codes) > 1} == {}


def test_what_is_general_knowledge_of_containers_is_marked_so():
    """No label was read: who relies on it sees that it is to be verified."""
    standings = {
        BOOK.citations[code.container_row.cites].standing for code in BOOK.drug_codes if code.container_row is not None
    }
    assert {"tocilizumab", "golimumab"} == {
        code.drug for code in BOOK.drug_codes if code.container_row and code.container_row.cites == "container-policies"
    }
    assert {Standing.UNSOURCED, Standing.DERIVED, Standing.COPY} == standings


def test_the_products_own_drug_tables_are_sound():
    """Drugs, codes and sources that rows name exist; no code has two rows on one day."""
    assert list(drug_problems(Folders())) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"code": "J00011"}, "code 'J00011' is no HCPCS or CPT code"),
        ({"amount": "0"}, "amount 0 is not above 0"),
        ({"amount": "five"}, "amount 'five' is no number"),
        ({"amount": "NaN"}, "amount NaN is not above 0"),
        ({"unit": "mcg"}, "unit 'mcg' is none of"),
        ({"container": "vial"}, "container 'vial' is none of"),
        ({"routes": "IV;by mouth"}, "'by mouth'"),
        ({"sizes": "4;-1"}, "sizes -1 is not above 0"),
        ({"valid_from": "1/1/2026"}, "1/1/2026"),
    ],
)
def test_a_wrong_row_is_refused_by_line_and_field(tmp_path, fields, said):
    """The message names the file, the line and what is wrong there."""
    with pytest.raises(CodeBookError, match=r"drug_codes\.csv line 2: ") as refused:
        drug_rows.read_drug_codes(overlay(tmp_path, wonder(**fields)))

    assert said in str(refused.value)


def test_a_missing_column_is_named(tmp_path):
    """An overlay from another version is refused, not half read."""
    with pytest.raises(CodeBookError, match="up_to"):
        drug_rows.read_drug_codes(overlay(tmp_path, wonder(), header=COLUMNS.replace("up_to", "upto")))


def test_an_overlay_adds_a_code_and_corrects_one_of_the_same_first_day(tmp_path):
    """A site's row stands in the place of ours with the same code, drug and first day."""
    ours = next(code for code in BOOK.drug_codes if code.code == "J2405")
    first_day = str(ours.valid_from)
    overlay(tmp_path, wonder(), wonder(code="J2405", amount="2", valid_from=first_day))

    view = CodeBook.load(tmp_path).as_of(date(2026, 3, 2))

    assert {"J0001": Decimal(5), "J2405": Decimal(2)} == {c.code: c.amount for c in view.drug_codes("ondansetron")}
    assert "a wonder" == view.book.label("J0001")


def test_an_overlay_for_a_drug_that_no_table_has_is_refused(tmp_path):
    """Its codes would never be found."""
    overlay(tmp_path, wonder(drug="wonderdrug"))

    with pytest.raises(CodeBookError, match=r"J0001: there is no drug .wonderdrug.; add it to drugs\.csv"):
        CodeBook.load(tmp_path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([wonder(drug="wonderdrug")], "J0001: there is no drug 'wonderdrug'"),
        ([wonder(cites="nobody")], "J0001: there is no source 'nobody'"),
        ([wonder(container="single", container_cites="nobody")], "J0001: there is no source 'nobody'"),
        ([wonder(), wonder(valid_from="2026-01-01")], "J0001 ondansetron: two rows hold on one day"),
        (
            [wonder(valid_from="2025-01-01", valid_to="2026-01-01"), wonder(valid_from="2026-01-01")],
            "J0001 ondansetron: two rows hold on one day",
        ),
        ([wonder(amount="x")], "drug_codes.csv line 2"),
    ],
)
def test_the_check_names_what_is_unsound_in_an_overlay(tmp_path, rows, said):
    """One sentence with table, row and remedy."""
    assert [problem for problem in drug_problems(overlay(tmp_path, *rows)) if said in problem] != []


def test_rows_that_follow_each_other_are_sound(tmp_path):
    """The second begins on the day after the first ends."""
    rows = [wonder(valid_to="2025-12-31"), wonder(valid_from="2026-01-01", amount="6")]

    assert list(drug_problems(overlay(tmp_path, *rows))) == []
