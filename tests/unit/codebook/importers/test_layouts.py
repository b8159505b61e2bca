"""Each kind of file, in the layout it is published in, becomes the rows it should."""

import pytest

from plugin.codebook import CodeBook, tables
from plugin.codebook.importers import KINDS, site_tables
from tests.unit.codebook.importers import layouts

FROM_Q4 = "2025-10-01,,"
MUE, PTP, AOC = "2026-10-01", "ptp-facility-2026-10-01,2026-10-01", "add-on-2026-10-01,2026-10-01"
HCPCS = "hcpcs-2026-10-01,2026-10-01"
ADD_ONS = [
    f"96366,96365,1,,2013-04-01,,{AOC}",
    f"96368,CCCCC,2,Contractor Defined Primary Codes,2013-04-01,,{AOC}",
    f"96375,96360,1,practitioner only,2013-04-01,2024-12-31,{AOC}",
]
EXPECTED = {
    "asp-pricing": [
        f"90371,1 ML,134.194,20.000,,{FROM_Q4}asp-pricing-2025-10-01,2025-10-01",
        f"A9606,1 microCurie,,20.000,see the other page,{FROM_Q4}asp-pricing-2025-10-01,2025-10-01",
        f"J0001,10 MG,1234.500,20.000,,{FROM_Q4}asp-pricing-2025-10-01,2025-10-01",
        f"J0002,1 ML,0.130,18.125,Inflation-adjusted coinsurance,{FROM_Q4}asp-pricing-2025-10-01,2025-10-01",
    ],
    "asp-ndc-hcpcs": [
        f"00012034506,J0001,Firstol,10 MG,5,10,0.5,5,{FROM_Q4}asp-ndc-hcpcs-2025-10-01,2025-10-01",
        f"GG100,J0001,Firstol gel,10 MG,1,1,1,1,{FROM_Q4}asp-ndc-hcpcs-2025-10-01,2025-10-01",
    ],
    "hcpcs": [
        f'J0001,"Injection, first drug, 10 mg",First drug inj,D,2002-01-01,,{HCPCS}',
        f'J0002,"Injection, second drug, 1 ml",Second drug inj,C,2010-04-01,2025-12-31,{HCPCS}',
    ],
    "mue": [
        f"facility,96365,2,3,Nature of Service/Procedure,{MUE},,mue-facility-{MUE},{MUE}",
        f"facility,J0001,150,1,Prescribing Information,{MUE},,mue-facility-{MUE},{MUE}",
    ],
    "ptp": [
        f"facility,96365,36000,no,Misuse of column two,1996-01-01,2023-12-31,{PTP}",
        f"facility,96365,36000,yes,Misuse of column two,2024-04-01,,{PTP}",
        f"facility,96365,96372,yes,Standards of practice,2010-01-01,,{PTP}",
    ],
    "add-on": ADD_ONS,
    "icd10cm-order": [
        "A00,no,Cholera,2026-10-01,2027-09-30,icd10cm-order-2026-10-01,2026-10-01",
        'A00.0,yes,"Cholera due to one biovar, cholerae",2026-10-01,2027-09-30,icd10cm-order-2026-10-01,2026-10-01',
        'K50.90,yes,"Crohn\'s disease, unspecified, without complications",'
        "2026-10-01,2027-09-30,icd10cm-order-2026-10-01,2026-10-01",
    ],
    "cpt-descriptors": [
        "96365,our own text of one,2027-01-01,,cpt-descriptors-2027-01-01,2027-01-01",
        '96366,"our own text of another, longer",2027-01-01,,cpt-descriptors-2027-01-01,2027-01-01',
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_each_kind_becomes_its_rows(kind, tmp_path):
    """Values, days and source stand in the table as the file says them, in the order of the key."""
    done = layouts.imported(kind, layouts.written(tmp_path, *layouts.FILES[kind]), tmp_path / "site")

    assert EXPECTED[kind] == layouts.table(tmp_path / "site", done.table)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_imported_is_an_overlay_that_the_code_book_takes(kind, tmp_path):
    """The table's name and its source are known to the code book that reads the overlay."""
    layouts.imported(kind, layouts.written(tmp_path, *layouts.FILES[kind]), tmp_path / "site")

    book = CodeBook.load(tmp_path / "site")

    assert [id for id in book.citations if id.startswith(kind)] != []


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        pytest.param("hcpcs", "HCPC2026_OCT_CONTR_ANWEB.txt", layouts.FIXED_HCPCS, id="hcpcs in fixed columns"),
        pytest.param("add-on", "AOC_V2026Q4-F-MCR.txt", layouts.FIXED_ADD_ONS, id="add-on codes in fixed columns"),
    ],
)
def test_fixed_columns_say_the_same_as_the_sheet(kind, name, text, tmp_path):
    """The text form of a file gives the rows of its spreadsheet form."""
    done = layouts.imported(kind, layouts.written(tmp_path, name, text), tmp_path / "site")

    rows = layouts.table(tmp_path / "site", done.table)
    assert EXPECTED[kind][: len(rows)] == rows
    assert {"hcpcs": 1, "add-on": 3}[kind] == len(rows)


def test_dates_may_be_written_with_hyphens_or_slashes(tmp_path):
    """The same sheet saved with another form of date says the same."""
    text = layouts.HCPCS_SHEET.replace("20020101", "2002-01-01").replace("20100401", "4/1/2010")
    text = text.replace("20251231", "12/31/2025")
    layouts.imported("hcpcs", layouts.written(tmp_path, "HCPC2026_OCT_ANWEB.csv", text), tmp_path / "site")

    assert EXPECTED["hcpcs"] == layouts.table(tmp_path / "site", "hcpcs_codes.csv")


def test_practitioner_limits_are_those_of_the_office(tmp_path):
    """The two MUE files live side by side, and neither ends the other's rows."""
    site = tmp_path / "site"
    for name, text in (
        layouts.FILES["mue"],
        ("MCR_MUE_PractitionerServices_Eff_10-01-2026.csv", layouts.PRACTITIONER_LIMITS),
    ):
        layouts.imported("mue", layouts.written(tmp_path, name, text), site)

    assert [
        "facility,96365,2,3",
        "facility,J0001,150,1",
        "office,96365,1,3",
        "office,J0001,150,1",
    ] == [",".join(line.split(",")[:4]) for line in layouts.table(site, "unit_limits.csv")]


def test_pairs_are_of_the_setting_that_the_name_or_the_person_says(tmp_path):
    """`ccipra` is the practitioner file; a name that says nothing needs --setting."""
    site = tmp_path / "site"
    layouts.imported("ptp", layouts.written(tmp_path, "ccipra-v323r0-f1.txt", layouts.PAIRS), site)
    file = layouts.written(tmp_path, "edits-2026q4.txt", layouts.PAIRS)
    layouts.imported("ptp", file, site, setting="facility")

    assert {"facility": 3, "office": 3} == {
        setting: sum(line.startswith(setting) for line in layouts.table(site, "code_pairs.csv"))
        for setting in ("facility", "office")
    }


def test_a_pair_deleted_on_its_first_day_is_left_out_and_counted(tmp_path):
    """Indicator 9 marks an edit that never held."""
    done = layouts.imported("ptp", layouts.written(tmp_path, *layouts.FILES["ptp"]), tmp_path / "site")

    assert (3, 1) == (done.counts.rows, done.counts.left_out)


def test_a_diagnosis_code_may_have_a_letter_in_its_second_place(tmp_path):
    """Chapters that ran out of numbers go on with letters, as QA0 does."""
    text = "00001 QA000   1 " + "A code of ours".ljust(61) + "A code of ours\n"
    layouts.imported("icd10cm-order", layouts.written(tmp_path, "icd10cm-order-2027.txt", text), tmp_path / "site")

    assert layouts.table(tmp_path / "site", "icd10cm_2027.csv")[0].startswith(
        "QA0.00,yes,A code of ours,2026-10-01,2027-09-30"
    )


@pytest.mark.parametrize("separator", [",", " ", "\t"])
def test_descriptors_may_be_set_apart_by_tab_comma_or_blank(separator, tmp_path):
    """The three forms in which licensed descriptor files come."""
    text = f"96365{separator}our own text\n"
    layouts.imported("cpt-descriptors", layouts.written(tmp_path, "cpt2027.txt", text), tmp_path / "site")

    assert layouts.table(tmp_path / "site", "descriptors.csv")[0].startswith("96365,our own text,2027-01-01")


def test_the_older_code_page_and_a_byte_order_mark_are_read(tmp_path):
    """Files that a spreadsheet saved: a mark before the first heading, and letters of Windows."""
    file = tmp_path / "asp_2025q4.csv"
    file.write_bytes(b"\xef\xbb\xbfHCPCS Code,HCPCS Code Dosage,Payment Limit,Notes\r\nJ0001,10\xa0MG,1.5,caf\xe9\r\n")
    layouts.imported("asp-pricing", file, tmp_path / "site")

    assert "J0001,10\xa0MG,1.5,,café" == layouts.table(tmp_path / "site", "drug_prices.csv")[0].split(",2025")[0]


def test_every_table_an_importer_fills_is_there_with_its_columns():
    """The product's own table of that name has the same columns, so that an overlay may hold it."""
    years = [site_tables.icd10cm(year) for year in range(2024, 2029)]

    assert [
        table.name
        for table in (*site_tables.FIXED, *years)
        if (tables.DATA / table.name).read_text("utf-8").splitlines()[0] != ",".join(table.columns)
    ] == []


def test_a_blank_line_within_the_heading_of_the_pairs_is_passed_over(tmp_path):
    """Between the two lines of the heading and the first pair."""
    text = layouts.PAIRS.replace("\t\tprior to 1996", "\n\t\tprior to 1996")
    layouts.imported("ptp", layouts.written(tmp_path, "ccioph-v323r0-f1.txt", text), tmp_path / "site")

    assert 3 == len(layouts.table(tmp_path / "site", "code_pairs.csv"))
