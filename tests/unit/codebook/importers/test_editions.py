"""The first day of an edition, from its first lines or its name."""

from datetime import date

import pytest

from plugin.codebook import CodeBookError
from plugin.codebook.importers import editions, icd10cm
from plugin.codebook.importers.source_file import SourceFile
from tests.unit.codebook.importers import layouts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("asp_pricing_2025q4.csv", date(2025, 10, 1)),
        ("Q1-2026-prices.csv", date(2026, 1, 1)),
        ("October 2025 ASP Pricing File 091525.csv", date(2025, 10, 1)),
        ("section 508 version of July 2026 ASP NDC-HCPCS Crosswalk.csv", date(2026, 7, 1)),
        ("MCR_MUE_PractitionerServices_Eff_10-01-2026.csv", date(2026, 10, 1)),
        ("add-code-edits-medicare-effective-04012026.txt", date(2026, 4, 1)),
        ("AOC_V2026Q2-F-MCR.txt", date(2026, 4, 1)),
        ("ccipra-v323r0-f1.txt", date(2026, 10, 1)),
        ("ccioph-v310r0-f4.TXT", date(2025, 1, 1)),
        ("HCPC2024_OCT_ANWEB_v2.csv", date(2024, 10, 1)),
        ("HCPC2020_ANWEB.csv", date(2020, 1, 1)),
        ("prices-2026-07-01.csv", date(2026, 7, 1)),
    ],
)
def test_the_name_says_the_day(name, expected, tmp_path):
    """The names under which CMS publishes, and some that people give."""
    file = SourceFile(layouts.written(tmp_path, name, "x\n"))

    assert expected == editions.first_day(file, None, yearly=True)


def test_the_first_lines_count_before_the_name(tmp_path):
    """A file whose name was changed still says its quarter."""
    file = SourceFile(layouts.written(tmp_path, "asp_2024q1.csv", layouts.PRICES))

    assert date(2025, 10, 1) == editions.first_day(file, None)


def test_what_the_person_says_counts_before_all(tmp_path):
    """--date stands over contents and name."""
    file = SourceFile(layouts.written(tmp_path, "asp_2024q1.csv", layouts.PRICES))

    assert date(2026, 1, 1) == editions.first_day(file, date(2026, 1, 1))


def test_a_year_alone_is_no_quarter(tmp_path):
    """For a quarterly file the year alone is not enough."""
    file = SourceFile(layouts.written(tmp_path, "asp 2026.csv", "x\n"))

    with pytest.raises(CodeBookError, match="--date"):
        editions.first_day(file, None)


@pytest.mark.parametrize(
    ("name", "expected", "year"),
    [
        ("icd10cm-order-2027.txt", date(2026, 10, 1), 2027),
        ("icd10cm_order_2026.txt", date(2025, 10, 1), 2026),
        ("icd10cm-order-Jan-2021.txt", date(2021, 1, 1), 2021),
        ("icd10cm-order-April-2026.txt", date(2026, 4, 1), 2026),
        ("icd10cm_codes_order_2025_apr.txt", date(2025, 4, 1), 2025),
    ],
)
def test_a_diagnosis_file_is_of_a_fiscal_year(name, expected, year, tmp_path):
    """The year in the name is the fiscal year, from 1 October of the year before."""
    first = icd10cm.first_day(SourceFile(layouts.written(tmp_path, name, "x\n")), None)

    assert (expected, year) == (first, icd10cm.fiscal_year(first))
