"""Dollars by code, from a site's fee table or from the price table that `codebook import asp-pricing` made."""

import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path

AMOUNTS = ("amount", "payment_limit_usd")


class FeesError(ValueError):
    """A fee table can't be used; the text names file, line and remedy."""


def read_fees(path: Path) -> dict[str, Decimal]:
    """Code to dollars a unit, the last row of a code standing; FeesError names the row that can't be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            amount = next((name for name in AMOUNTS if name in (rows.fieldnames or ())), None)
            if amount is None or "code" not in (rows.fieldnames or ()):
                raise FeesError(f"{path}: needs the columns code and amount (or payment_limit_usd)")
            return {row["code"].strip().upper(): _dollars(row[amount], path, rows.line_num) for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise FeesError(f"{path}: can't be read as CSV ({type(wrong).__name__})") from None


def _dollars(written: str | None, path: Path, line: int) -> Decimal:
    try:
        dollars = Decimal((written or "").strip().lstrip("$"))
    except InvalidOperation:
        raise FeesError(f"{path}: line {line}: no amount in dollars") from None
    if not dollars.is_finite() or dollars < 0:
        raise FeesError(f"{path}: line {line}: no amount in dollars")
    return dollars
