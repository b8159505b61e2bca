"""What is in a package, by its product number in any spelling; a site's imported crosswalk counts first."""

from datetime import date
from decimal import Decimal

import pytest

from plugin.codebook import CodeBook, CodeBookError, drug_rows
from plugin.codebook.packages import PackageTable
from plugin.codebook.tables import Folders

SPRING = date(2026, 3, 2)
BOOK = CodeBook.load()
OWN = "ndc,code,amount,items,valid_from,valid_to,cites\n"
IMPORTED = (
    "ndc,code,drug_name,dosage,package_size,package_quantity,units_per_item,units_per_package,"
    "valid_from,valid_to,cites,file_date\n"
)


def site(folder, table: str, *rows: str) -> PackageTable:
    """The packages of an overlay with these rows."""
    header = OWN if table == "drug_packages.csv" else IMPORTED
    (folder / table).write_text(header + "\n".join(rows) + "\n")
    folders = Folders(folder)
    return PackageTable(folders, drug_rows.read_drug_codes(folders))


def contents(packages) -> list[tuple[str, Decimal, str]]:
    """Code, amount and unit of each."""
    return [(package.code, package.amount, package.unit) for package in packages]


@pytest.mark.parametrize(
    "ndc", ["00004029809", "00004-0298-09", "0004-0298-09", "0004029809", "00004-298-09", "0004-0298-9"]
)
def test_a_product_number_is_found_in_any_spelling(ndc):
    """CellCept for infusion, 500 mg in each of four vials: ten digits or eleven, with hyphens or without."""
    found = BOOK.packages.find(ndc, SPRING)

    assert [("00004029809", "J7519", Decimal(500), "mg", 4)] == [
        (package.ndc, package.code, package.amount, package.unit, package.items) for package in found
    ]


@pytest.mark.parametrize(
    ("ndc", "expected"),
    [
        ("57894-0030-01", [("J1745", Decimal(100), "mg")]),
        ("50242-0137-01", [("J3262", Decimal(400), "mg")]),
        ("59338-0775-01", [("Q0138", Decimal(510), "mg"), ("Q0139", Decimal(510), "mg")]),
        ("55513-0126-10", [("J0885", Decimal(2000), "U"), ("Q4081", Decimal(2000), "U")]),
        ("00000-0000-00", []),
        ("not a number", []),
        ("", []),
    ],
)
def test_a_package_holds_an_amount_in_the_unit_of_its_code(ndc, expected):
    """Remicade 100 mg, Actemra 400 mg; a number with two codes gives two; a number nobody knows gives none."""
    assert expected == contents(BOOK.packages.find(ndc, SPRING))


def test_the_imported_crosswalk_counts_before_our_rows(tmp_path):
    """Its units are billing units of the code: 7 units of 10 mg are 70 mg, on the days that the file covers."""
    row = "57894003001,J1745,Remicade,10 MG,1,1,7,7,2026-01-01,2026-12-31,asp-ndc-hcpcs-2026-01-01,2026-01-01"
    table = site(tmp_path, "drug_crosswalk_units.csv", row)

    assert [("J1745", Decimal(70), "mg")] == contents(table.find("57894-0030-01", SPRING))
    assert [("J1745", Decimal(100), "mg")] == contents(table.find("57894-0030-01", date(2027, 1, 1)))


def test_a_code_that_the_formulary_lacks_is_counted_in_its_own_units(tmp_path):
    """The unit is then "1": what one unit stands for is not known."""
    row = "11111222233,J0001,Wonder,5 MG,1,10,3,30,2026-01-01,,x,2026-01-01"
    (package,) = site(tmp_path, "drug_crosswalk_units.csv", row).find("11111222233", SPRING)

    assert (Decimal(3), "1", 10) == (package.amount, package.unit, package.items)


def test_a_site_may_add_a_package_by_hand(tmp_path):
    """A row of its own `drug_packages.csv` joins ours."""
    table = site(tmp_path, "drug_packages.csv", "11111222233,J2405,4,25,,,my-label")

    assert [("J2405", Decimal(4), "mg")] == contents(table.find("11111-2222-33", SPRING))
    assert [("J1745", Decimal(100), "mg")] == contents(table.find("57894-0030-01", SPRING))


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("drug_packages.csv", "11111222233,J2405,0,25,,,x", r"drug_packages\.csv line 2: amount 0 is not above 0"),
        ("drug_packages.csv", "11111222233,J2405,4,ten,,,x", r"drug_packages\.csv line 2: items 'ten' is no number"),
        ("drug_packages.csv", "11111222233,J2405,4,25,soon,,x", r"drug_packages\.csv line 2: .*soon"),
        (
            "drug_crosswalk_units.csv",
            "11111222233,J2405,x,1 MG,1,1,none,1,2026-01-01,,x,2026-01-01",
            r"drug_crosswalk_units\.csv line 2: units_per_item 'none' is no number",
        ),
    ],
)
def test_a_sites_wrong_package_is_refused_when_the_book_is_loaded(tmp_path, table, row, said):
    """Not in the midst of the first chart with a product number."""
    with pytest.raises(CodeBookError, match=said):
        site(tmp_path, table, row)


def test_the_table_is_opened_when_a_number_is_first_asked_for(monkeypatch):
    """Loading the book stays quick: a chart without product numbers costs nothing."""
    opened: list[str] = []
    folders = Folders()

    def remember(name: str) -> list[tuple[int, dict[str, str]]]:
        opened.append(name)
        return []

    monkeypatch.setattr(folders, "csv", remember)

    table = PackageTable(folders, ())
    assert opened == []
    assert () == table.find("57894-0030-01", SPRING)
    table.find("57894-0030-01", SPRING)
    assert ["drug_crosswalk_units.csv", "drug_packages.csv"] == opened


def billed_as(table: PackageTable, number: str) -> list[tuple[str, str]]:
    """What one item is on a claim."""
    return [(str(package.ndc_quantity or ""), package.ndc_unit) for package in table.find(number, SPRING)]


@pytest.mark.parametrize(
    ("ndc", "expected"),
    [
        ("57894-0030-01", [("1", "UN")]),
        ("50242-0053-06", [("50", "ML")]),
        ("00944-3051-02", [("1", "F2")]),
        ("00517-0650-01", [("15", "ML")]),
        ("00338-5002-41", [("50", "ML")]),
        ("00641-0376-25", [("1", "ML")]),
        ("00002-7635-11", [("", "")]),
    ],
)
def test_a_package_counts_on_a_claim_as_its_label_says(ndc, expected):
    """Remicade: powder; Rituxan, Injectafer, ceftriaxone in a bag of 50 mL, diphenhydramine: liquids.

    Advate: international units. Of Zyprexa Relprevv, a powder with its own diluent, we don't say.
    """
    assert expected == billed_as(BOOK.packages, ndc)


@pytest.mark.parametrize(
    ("ndc", "size", "expected"),
    [
        ("50242-0053-06", "25", [("25", "ML")]),
        ("57894-0030-01", "1", [("1", "UN")]),
        ("11111-2222-33", "1", [("", "")]),
        ("57894-0030-01", "", [("", "")]),
        ("57894-0030-01", "0", [("", "")]),
        ("57894-0030-01", "a vial", [("", "")]),
    ],
)
def test_an_imported_size_is_millilitres_unless_it_is_one_of_something(tmp_path, ndc, size, expected):
    """What one of something is, our own row of the number says, else nobody."""
    code = {"50242-0053-06": "J9312"}.get(ndc, "J1745")
    row = f"{ndc.replace('-', '')},{code},Any,10 MG,{size},1,10,10,2026-01-01,,x,2026-01-01"

    assert expected == billed_as(site(tmp_path, "drug_crosswalk_units.csv", row), ndc)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("11111222233,J2405,4,25,2,CC,,,x", "ndc_unit 'CC' is none of F2, GR, ME, ML, UN"),
        ("11111222233,J2405,4,25,0,ML,,,x", "ndc_quantity 0 is not above 0"),
        ("11111222233,J2405,4,25,2,,,,x", "ndc_unit '' is none of"),
    ],
)
def test_a_sites_wrong_count_is_refused(tmp_path, row, said):
    """Both or neither, in a unit that claims have."""
    (tmp_path / "drug_packages.csv").write_text(
        f"ndc,code,amount,items,ndc_quantity,ndc_unit,valid_from,valid_to,cites\n{row}\n"
    )
    folders = Folders(tmp_path)
    with pytest.raises(CodeBookError, match=said):
        PackageTable(folders, drug_rows.read_drug_codes(folders))
