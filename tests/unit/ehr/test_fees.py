"""Prices: a site's own table, the imported one, and what is neither."""

from decimal import Decimal
from pathlib import Path

import pytest

from plugin.ehr.fees import FeesError, read_fees


def table(folder: Path, text: str) -> Path:
    """A file with these lines."""
    path = folder / "fees.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_sites_own_table(tmp_path):
    """Codes in any case; dollar signs and blanks are left aside."""
    path = table(tmp_path, "code,amount\n96365, $210.50\nj1756,0.25\n")
    assert read_fees(path) == {"96365": Decimal("210.50"), "J1756": Decimal("0.25")}


def test_the_imported_prices(tmp_path):
    """As `codebook import asp-pricing` writes them: the last of several dated rows stands."""
    columns = "code,dosage,payment_limit_usd,coinsurance_percent,note,valid_from,valid_to,cites,file_date"
    rows = "J1756,1 MG,0.20,20,,2026-01-01,2026-03-31,x,2026-01-01\nJ1756,1 MG,0.25,20,,2026-04-01,,x,2026-04-01\n"
    assert read_fees(table(tmp_path, f"{columns}\n{rows}")) == {"J1756": Decimal("0.25")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code,price\n96365,1\n", "needs the columns code and amount"),
        ("code,amount\n96365,1\n96366,much\n", "line 3: no amount in dollars"),
        ("code,amount\n96365,-1\n", "line 2: no amount in dollars"),
        ("code,amount\n96365,NaN\n", "line 2: no amount in dollars"),
        ("code,amount\n96365\n", "line 2: no amount in dollars"),
    ],
)
def test_what_is_no_table_of_prices_is_named(tmp_path, text, told):
    """File and line."""
    with pytest.raises(FeesError, match=told):
        read_fees(table(tmp_path, text))
