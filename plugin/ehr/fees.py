"""Dollars by code, from a site's fee table or from the price table that `codebook import asp-pricing` made."""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

LIMIT = "payment_limit_usd"
AMOUNTS = ("amount", LIMIT)
GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")
"""Thousands parted by commas; a comma never stands for the decimal point."""


class FeesError(ValueError):
    """A fee table can't be used; the text names file, line and remedy."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Dollars a unit: of each code the amounts with the day they begin, earliest first; `date.min` for no day."""

    rows: Mapping[str, tuple[tuple[date, Decimal], ...]] = field(default_factory=dict)

    def on(self, day: date | None) -> dict[str, Decimal]:
        """Code to dollars on a day: of several rows the last that had begun; the last of all where no day is known.

        A price that has run out stands until the next one: it is the best that is known.
        """
        begun = {
            code: [amount for first, amount in rows if day is None or first <= day] for code, rows in self.rows.items()
        }
        return {code: amounts[-1] for code, amounts in begun.items() if amounts}

    def of(self, code: str, day: date) -> Decimal | None:
        """Dollars for a unit of one code on a day; None where none is known."""
        begun = [amount for first, amount in self.rows.get(code, ()) if first <= day]
        return begun[-1] if begun else None

    def before(self, others: "Fees") -> "Fees":
        """Both, where these decide about the codes that both know."""
        return Fees({**others.rows, **self.rows})

    def __bool__(self) -> bool:
        return bool(self.rows)


def read_fees(path: Path) -> Fees:
    """The prices of a file, the later of two rows for one day; FeesError names the row that can't be read.

    An imported code without a limit has no price of that file.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
            amount = next((name for name in AMOUNTS if name in rows.fieldnames), None)
            if amount is None or "code" not in rows.fieldnames:
                raise FeesError(f"{path}: needs the columns code and amount (or payment_limit_usd)")
            found: defaultdict[str, dict[date, Decimal]] = defaultdict(dict)
            for row in rows:
                if not any(isinstance(cell, str) and cell.strip() for cell in row.values()):
                    continue  # a spreadsheet's empty row
                if amount == LIMIT and not (row[LIMIT] or "").strip():
                    continue  # CMS names no limit for it: contractors price it
                code, first = row["code"] or "", _first_day(row.get("valid_from"), path, rows.line_num)
                if not code.strip():
                    raise FeesError(f"{path}: line {rows.line_num}: no code")
                found[code.strip().upper()][first] = _dollars(row[amount], path, rows.line_num)
    except FileNotFoundError:
        raise FeesError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise FeesError(f"{path}: can't be read as CSV ({type(wrong).__name__})") from None
    return Fees({code: tuple(sorted(amounts.items())) for code, amounts in found.items()})


def _first_day(written: str | None, path: Path, line: int) -> date:
    try:
        return date.fromisoformat((written or "").strip()) if (written or "").strip() else date.min
    except ValueError:
        raise FeesError(f"{path}: line {line}: valid_from is no day (YYYY-MM-DD)") from None


def _dollars(written: str | None, path: Path, line: int) -> Decimal:
    amount = (written or "").strip().lstrip("$")
    try:
        dollars = Decimal(amount.replace(",", "") if GROUPED.fullmatch(amount) else amount)
    except InvalidOperation:
        dollars = Decimal("NaN")
    if not dollars.is_finite() or dollars < 0:
        raise FeesError(f"{path}: line {line}: no amount in dollars; write it like 1234.50")
    return dollars
