"""Prices: a site's own table, the imported one, and what is neither."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from plugin.ehr.fees import FeesError, read_fees
from tests.unit.codebook.importers import layouts


def table(folder: Path, text: str) -> Path:
    """A file with these lines."""
    path = folder / "fees.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_sites_own_table(tmp_path):
    """Codes in any case; dollar signs and blanks are left aside."""
    path = table(tmp_path, "code,amount\n96365, $210.50\nj1756,0.25\n")
    fees = read_fees(path)
    assert fees.on(date(2026, 3, 2)) == fees.on(None) == {"96365": Decimal("210.50"), "J1756": Decimal("0.25")}


def test_what_a_spreadsheet_leaves_is_understood(tmp_path):
    """Thousands parted by commas, a mark before the header, capitals in it, and rows without anything in them."""
    fees = read_fees(table(tmp_path, '\ufeffCode, Amount\nJ9271,"$12,034.50"\n,\n\n96365,"1,000"\n'))
    assert fees.on(None) == {"J9271": Decimal("12034.50"), "96365": Decimal(1000)}


def test_a_file_that_is_not_there_is_named(tmp_path):
    """And a folder is no file."""
    with pytest.raises(FeesError, match=r"none\.csv: no such file"):
        read_fees(tmp_path / "none.csv")
    with pytest.raises(FeesError, match="can't be read as CSV"):
        read_fees(tmp_path)


def test_the_imported_prices(tmp_path):
    """As `codebook import asp-pricing` writes them, in any order: the visit's day chooses, and not today."""
    columns = "code,dosage,payment_limit_usd,coinsurance_percent,note,valid_from,valid_to,cites,file_date"
    rows = "J1756,1 MG,0.25,20,,2026-04-01,2026-06-30,x,2026-04-01\nJ1756,1 MG,0.20,20,,2026-01-01,2026-03-31,x,x\n"
    fees = read_fees(table(tmp_path, f"{columns}\n{rows}"))
    days = ("2025-12-31", "2026-01-01", "2026-03-31", "2026-04-01", "2026-09-01")
    dollars = [fees.on(date.fromisoformat(day)).get("J1756") for day in days]
    assert dollars == [None, Decimal("0.20"), Decimal("0.20"), Decimal("0.25"), Decimal("0.25")]
    assert fees.on(None) == {"J1756": Decimal("0.25")}


def test_a_file_of_cms_is_read_as_its_import_left_it(tmp_path):
    """Thousands parted by commas, and a radiopharmaceutical whose limit is N/A: that one has no price, the rest do."""
    file = layouts.written(tmp_path, *layouts.FILES["asp-pricing"])
    layouts.imported("asp-pricing", file, tmp_path / "site")
    prices = read_fees(tmp_path / "site" / "drug_prices.csv").on(date(2025, 10, 1))

    assert prices == {"J0001": Decimal("1234.5"), "J0002": Decimal("0.13"), "90371": Decimal("134.194")}


def test_one_table_before_another(tmp_path):
    """The first decides about each code it knows, on every day."""
    own = read_fees(table(tmp_path, "code,amount\n96374,150\n"))
    other = read_fees(table(tmp_path, "code,amount,valid_from\n96374,1,2026-01-01\nJ1756,0.25,\n"))
    assert own.before(other).on(date(2026, 3, 2)) == {"96374": Decimal(150), "J1756": Decimal("0.25")}
    assert not read_fees(table(tmp_path, "code,amount\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code,price\n96365,1\n", "needs the columns code and amount"),
        ("code,amount\n96365,1\n96366,much\n", "line 3: no amount in dollars"),
        ("code,amount,valid_from\n96365,1,soon\n", "line 2: valid_from is no day"),
        ("code,amount\n96365,-1\n", "line 2: no amount in dollars"),
        ("code,amount\n96365,NaN\n", "line 2: no amount in dollars"),
        ("code,amount\n96365\n", "line 2: no amount in dollars"),
        ('code,amount\n96365,"12,50"\n', "line 2: no amount in dollars; write it like 1234.50"),
        ("code,amount\n,12.50\n", "line 2: no code"),
        ("amount,code\n12.50\n", "line 2: no code"),
    ],
)
def test_what_is_no_table_of_prices_is_named(tmp_path, text, told):
    """File and line."""
    with pytest.raises(FeesError, match=told):
        read_fees(table(tmp_path, text))
