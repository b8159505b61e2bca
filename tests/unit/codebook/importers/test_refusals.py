"""A wrong or truncated file is refused whole, by file, line, field and remedy; the overlay stays byte for byte."""

import errno
from pathlib import Path

import pytest

from plugin.codebook import CodeBookError
from plugin.codebook.importers import KINDS, importing
from tests.unit.codebook.importers import layouts


def refused(kind: str, file: Path, site: Path, **wishes: object) -> str:
    """The refusal's message; the overlay must be the same before and after, and leave nothing beside it."""
    before = layouts.bytes_of(site) if site.exists() else None
    beside = sorted(path.name for path in site.parent.iterdir())
    with pytest.raises(CodeBookError) as wrong:
        layouts.imported(kind, file, site, **wishes)
    assert before == (layouts.bytes_of(site) if site.exists() else None)
    assert beside == sorted(path.name for path in site.parent.iterdir())
    return str(wrong.value)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An overlay that already holds an edition of every kind."""
    for kind, (name, text) in layouts.FILES.items():
        layouts.imported(kind, layouts.written(tmp_path, name, text), tmp_path / "site")
    return tmp_path / "site"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_refused(kind, site, tmp_path):
    """No file passes for one of another kind."""
    strangers = [other for other in KINDS if other != kind]
    for other in strangers:
        name, text = layouts.FILES[other]
        file = layouts.written(tmp_path, f"other-2026q4-{name}", text)

        assert "nothing was imported" in refused(kind, file, site, setting="office"), other


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.35, 0.6, 0.85, 0.97])
def test_a_file_cut_short_anywhere_in_a_line_is_refused(kind, kept, site, tmp_path):
    """A download that broke off in the middle of a line doesn't end with a line's end."""
    name, text = layouts.FILES[kind]
    cut = text[: int(len(text) * kept)].rstrip("\n")

    assert "download" in refused(kind, layouts.written(tmp_path, name, cut), site)


WRONG_ROWS = [
    ("asp-pricing", "1,234.500", "1,2e4.5x", "line 5, Payment Limit: '1,2e4.5x' is no number"),
    ("asp-pricing", "J0002,", "J02,", "line 6, HCPCS Code: 'J02' is no code"),
    ("asp-pricing", "20.000,\nJ0002", "20.000\nJ0002", "line 5: 5 of 6 columns"),
    ("asp-pricing", 'other page"', "other page", "quotation mark is missing"),
    ("asp-ndc-hcpcs", "00012-0345-06", "", "line 3, NDC: the product number is missing"),
    ("asp-ndc-hcpcs", ",0.5,5", ",-0.5,5", "line 3, BILLUNITS: '-0.5' is no number"),
    ("asp-ndc-hcpcs", "GG100", "00012-0345-06", "line 4: 00012034506 J0001 is there twice"),
    ("hcpcs", "20020101", "20021301", "line 2, ADD DT: '20021301' is no date"),
    ("hcpcs", "20251231", "20091231", "it ends on 2009-12-31, before it begins on 2010-04-01"),
    ("hcpcs", "J0001,00200,4", "J0009,00200,4", "the description of J0009 goes on before it began"),
    ("mue", "96365,2,3 Date", "96365,two,3 Date", "line 5, MUE Values: 'two' is no whole number"),
    ("mue", "1 Line Edit", "7 Line Edit", "line 6, MUE Adjudication Indicator: '7' is none of 1, 2, 3"),
    ("ptp", "20100101", "2010", "line 7, Effective Date: '2010' is no date"),
    ("ptp", "\t*\t1\tStandards", "\t*\t5\tStandards", "line 7, Modifier: '5' is none of 0, 1, 9"),
    ("ptp", "\t36000\t*", "\t360\t*", "line 8, Column 2: '360' is no code"),
    ("add-on", "2024366", "2023366", "line 4, PARENT_ENDED: '2023366' is no year with a day"),
    ("add-on", "2,96368", "4,96368", "line 5, AOC_Edit_Type: '4' is none of 1, 2, 3"),
    ("icd10cm-order", "A000    1", "A000    2", "line 2:"),
    ("icd10cm-order", "00002", "00001", "line 2, order: order number 00001 comes after 00001"),
    ("cpt-descriptors", "96366\tour own text of another, longer", "96366\t", "line 4, text: 96366 has no text"),
    ("cpt-descriptors", "96366\t", "96365\t", "96365 is there twice with different contents"),
]


@pytest.mark.parametrize(("kind", "old", "new", "said"), WRONG_ROWS)
def test_a_wrong_row_is_named_by_line_and_field(kind, old, new, said, site, tmp_path):
    """One wrong field refuses the whole file, and the message says where it is and what to do."""
    name, text = layouts.FILES[kind]
    assert old in text
    file = layouts.written(tmp_path, name, text.replace(old, new, 1))

    message = refused(kind, file, site)

    assert said in message
    assert str(file) in message


FIXED = {
    "hcpcs": ("HCPC2026_OCT_CONTR_ANWEB.txt", layouts.FIXED_HCPCS),
    "add-on": ("AOC_V2026Q4-F-MCR.txt", layouts.FIXED_ADD_ONS),
}


WHOLE = layouts.FIXED_HCPCS.splitlines()[1]
WRONG_RECORDS = [
    ("hcpcs", WHOLE.replace("J0001002003", "J0001002005"), "line 2, RECID: record kind '5'"),
    ("hcpcs", WHOLE[:250], "line 2: 250 of 293 columns are there"),
    ("hcpcs", WHOLE.replace("J0001", "J00 1", 1), "line 2, HCPC: 'J00 1' is no code"),
    ("hcpcs", WHOLE.replace("20020101", "20020230"), "line 2, ADD DT: '20020230' is no date"),
    ("add-on", f"1{'96366':12}{'96365':12}2024367", "line 2, AOC_Edit_EffDT"),
    ("add-on", f"7{'96366':12}{'96365':12}2013091", "line 2, AOC_Edit_Type: '7'"),
    ("add-on", f"1{'96366':12}{'96365':12}20130", "line 2: 30 of 39 columns are there"),
]


@pytest.mark.parametrize(("kind", "record", "said"), WRONG_RECORDS)
def test_a_wrong_record_in_fixed_columns_is_named_by_line_and_field(kind, record, said, tmp_path):
    """The text forms are held to their columns as the sheets are to their headings."""
    name, text = FIXED[kind]
    lines = text.splitlines()
    first = lines[0] if kind == "hcpcs" else lines[1]  # a whole record, so that the columns have begun
    file = layouts.written(tmp_path, name, "\r\n".join((first, record, *lines[2:], "")))

    assert said in refused(kind, file, tmp_path / "site")


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"PK\x03\x04 a workbook\n", "Excel workbook"),
        (b"HCPCS\0Code\n", "no text file"),
        (b"", "empty"),
        (b"HCPCS Code,HCPCS Code Dosage,Payment Limit\n", "no row under the header"),
    ],
)
def test_what_is_no_table_at_all_is_refused(contents, said, tmp_path):
    """A ZIP, a binary file, an empty one and one without rows; no overlay is left behind."""
    file = tmp_path / "asp_2025q4.csv"
    file.write_bytes(contents)

    assert said in refused("asp-pricing", file, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_file_that_is_not_there_is_named(tmp_path):
    """The path is in the message, and no traceback."""
    assert "nowhere.csv: No such file" in refused("mue", tmp_path / "nowhere.csv", tmp_path / "site")


def test_a_file_without_a_day_asks_for_one(tmp_path):
    """Neither contents nor name say which quarter it is."""
    text = layouts.PRICES.replace("Effective October 1, 2025 through December 31, 2025", "")
    file = layouts.written(tmp_path, "prices.csv", text)

    assert "--date YYYY-MM-DD" in refused("asp-pricing", file, tmp_path / "site")
    assert "2026-01-01" == str(
        layouts.imported("asp-pricing", file, tmp_path / "site", day=layouts.TODAY.replace(month=1, day=1)).first_day
    )


def prices(codes: int) -> str:
    """A price file of so many codes."""
    rows = "".join(f"J{number:04},1 MG,1.5\n" for number in range(codes))
    return f"HCPCS Code,HCPCS Code Dosage,Payment Limit\n{rows}"


def test_far_fewer_rows_than_before_look_cut_short(tmp_path):
    """A file cut at the end of a line is told by its number of rows; a person may say that it is right."""
    site = tmp_path / "site"
    layouts.imported("asp-pricing", layouts.written(tmp_path, "asp_2025q4.csv", prices(100)), site)
    short = layouts.written(tmp_path, "asp_2026q1.csv", prices(79))

    assert "79 rows are in force where there were 100" in refused("asp-pricing", short, site)
    assert 21 == layouts.imported("asp-pricing", short, site, fewer_rows=True).counts.ended


def test_a_year_that_the_code_book_has_no_table_for_is_refused(tmp_path):
    """An overlay may hold only tables that the product knows."""
    file = layouts.written(tmp_path, "icd10cm-order-2019.txt", layouts.ORDER)

    assert "icd10cm_2019.csv" in refused("icd10cm-order", file, tmp_path / "site")


def test_a_full_disk_leaves_the_overlay_as_it_was(site, tmp_path, monkeypatch):
    """An error of the disk while writing is a refusal, not a traceback."""

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(importing.os, "fsync", full)
    file = layouts.written(tmp_path, "asp_2026q1.csv", prices(5))

    assert "No space left on device" in refused("asp-pricing", file, site)


def test_an_overlays_own_table_that_is_broken_is_named(site, tmp_path):
    """What stands in the overlay is checked too before anything is laid over it."""
    with (site / "drug_prices.csv").open("a", encoding="utf-8") as file:
        file.write("J9999,too,few\n")
    new = layouts.written(tmp_path, "asp_2026q1.csv", prices(5))

    assert "drug_prices.csv line 6: 3 of 9 columns" in refused("asp-pricing", new, site)
