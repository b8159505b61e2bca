"""A tenant's own billing codes: the charge-master code and the revenue code of each procedure or drug code.

Revenue codes have usual values (`revenue_codes.csv`); a tenant's file comes before them. They say where a service is
booked and change no payment.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

COLUMNS = ("code", "charge_code", "revenue_code")
LONGEST = 40
_DEFAULTS = Path(__file__).with_name("revenue_codes.csv")


class ChargeMasterError(ValueError):
    """A charge-master file can't be used; the text names the line and the remedy."""


@dataclass(frozen=True, slots=True)
class BillingCodes:
    """The codes a line is booked under besides its own; each is empty where the tenant has none."""

    charge_code: str = ""
    revenue_code: str = ""


@dataclass(frozen=True, slots=True)
class ChargeMaster:
    """Billing codes by CPT or HCPCS code; `find` fills revenue codes in with the usual ones."""

    codes: Mapping[str, BillingCodes] = field(default_factory=dict)

    def own(self, code: str) -> BillingCodes:
        """What the tenant's file says of a code, nothing usual in its place."""
        return self.codes.get(code, BillingCodes())

    def find(self, code: str) -> BillingCodes:
        """The billing codes of one procedure or drug code."""
        own = self.codes.get(code, BillingCodes())
        return BillingCodes(own.charge_code, own.revenue_code or _usual_revenue_code(code))


def read_charge_master(path: Path) -> ChargeMaster:
    """Read a CSV file with the columns `code`, `charge_code` and `revenue_code`; raises ChargeMasterError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return ChargeMaster(dict(_read_rows(csv.reader(file, strict=True))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ChargeMasterError(f"{path.name} can't be read as CSV in UTF-8 ({type(error).__name__})") from error


def _read_rows(rows: Iterable[list[str]]) -> Iterable[tuple[str, BillingCodes]]:
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if number == 1:
            if tuple(cells) != COLUMNS:
                raise ChargeMasterError(f"line 1: the columns must be {','.join(COLUMNS)}")
        elif any(cells):
            _check(cells, number, seen)
            seen.add(cells[0])
            yield cells[0], BillingCodes(cells[1], cells[2])


def _check(cells: list[str], number: int, seen: set[str]) -> None:
    if len(cells) != len(COLUMNS):
        raise ChargeMasterError(f"line {number}: {len(cells)} cells instead of {len(COLUMNS)}")
    code, charge_code, revenue_code = cells
    if len(code) != 5 or not (code.isalnum() and code.isascii()) or code != code.upper():
        raise ChargeMasterError(f"line {number}: {code[:12]!r} is no CPT or HCPCS code")
    if code in seen:
        raise ChargeMasterError(f"line {number}: {code} stands in the file twice; keep one of them")
    if len(charge_code) > LONGEST or not charge_code.isprintable():
        raise ChargeMasterError(f"line {number}: the charge code must be at most {LONGEST} printable characters")
    if revenue_code and not (len(revenue_code) == 4 and revenue_code.isdecimal() and revenue_code.isascii()):
        raise ChargeMasterError(f"line {number}: a revenue code has four digits, such as 0260")


def _usual_revenue_code(code: str) -> str:
    return next((revenue for first, last, revenue in _defaults() if first <= code <= last), "")


@cache
def _defaults() -> tuple[tuple[str, str, str], ...]:
    with _DEFAULTS.open(encoding="utf-8", newline="") as file:
        return tuple((row["first"], row["last"], row["revenue_code"]) for row in csv.DictReader(file))
