"""What is in a package of a drug, by NDC: the code it is billed with and the amount in one vial, syringe or bag.

A site's imported NDC-HCPCS crosswalk stands in the place of our own rows for each NDC that it lists.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from plugin.codebook import ndc
from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.errors import CodeBookError
from plugin.codebook.tables import Folders, above_zero, optional_day
from plugin.domain import TableRow

OWN, IMPORTED = "drug_packages.csv", "drug_crosswalk_units.csv"
BILLING_UNIT = "1"
# X12 data element 355, as claims measure a package: international units, grams, milligrams, millilitres, items.
NDC_UNITS = frozenset(["F2", "GR", "ME", "ML", "UN"])
Line = tuple[str, int, dict[str, str]]
Rows = dict[str, list[Line]]
NdcBilling = tuple[Decimal | None, str]


@dataclass(frozen=True, slots=True)
class Package:
    """A product number as eleven digits, and a code it is billed with; a few numbers have several codes.

    One of its `items` (a vial, syringe or bag) holds `amount` of `unit`, the unit of the code. Where the code is none
    of `drug_codes.csv`, `unit` is "1" and `amount` counts the code's own billing units; `dosage` is what an imported
    crosswalk says that such a unit is. To a payer one item is `ndc_quantity` of `ndc_unit`: 1 UN of a powder, 10 ML of
    a solution; None and empty where that isn't known.
    """

    ndc: str
    code: str
    amount: Decimal
    unit: str
    items: Decimal
    valid_from: date | None
    valid_to: date | None
    row: TableRow
    dosage: str = ""
    ndc_quantity: Decimal | None = None
    ndc_unit: str = ""

    def holds(self, day: date) -> bool:
        """Whether the row counts on a day; a side without a date is open."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class PackageTable:
    """All packages; the table is opened when a product number is first asked for, as most charts name none."""

    def __init__(self, folders: Folders, codes: Iterable[DrugCode]) -> None:
        self._folders = folders
        self._units = {code.code: (code.amount, code.unit) for code in codes}
        # A site's own table is read at once: a wrong one is refused before any chart is coded.
        for rows in (self._imported if folders.of_site(IMPORTED) else {}, self._own if folders.of_site(OWN) else {}):
            for line in (line for lines in rows.values() for line in lines):
                self._package(line)

    def find(self, number: str, day: date) -> tuple[Package, ...]:
        """The packages of a product number in any spelling on a day; ten digits without hyphens may fit several.

        What is no NDC (the number of a skin substitute, say) is looked up as it is printed.
        """
        numbers = dict.fromkeys((*ndc.elevens(number), number.strip()))
        return tuple(package for one in numbers for package in self._of(one, day))

    def own(self) -> Iterator[Package]:
        """Every row of `drug_packages.csv`; CodeBookError names line and field of a wrong one."""
        return (self._package(line) for lines in self._own.values() for line in lines)

    def _of(self, eleven: str, day: date) -> list[Package]:
        found: list[Package] = []
        for rows in (self._imported, self._own):
            found = found or [p for p in map(self._package, rows.get(eleven, ())) if p.holds(day)]
        return found

    @cached_property
    def _own(self) -> Rows:
        return self._by_ndc(OWN)

    @cached_property
    def _imported(self) -> Rows:
        return self._by_ndc(IMPORTED)

    def _by_ndc(self, table: str) -> Rows:
        found: Rows = defaultdict(list)
        for line, row in self._folders.csv(table):
            found[row.get("ndc", "")].append((table, line, row))
        return dict(found)

    def _package(self, line: Line) -> Package:
        table, number, row = line
        per_unit, unit = self._units.get(row.get("code", ""), (Decimal(1), BILLING_UNIT))
        try:
            if table == IMPORTED:
                amount, items = above_zero(row["units_per_item"], "units_per_item") * per_unit, row["package_quantity"]
            else:
                amount, items = above_zero(row["amount"], "amount"), row["items"]
            quantity, ndc_unit = self._billed_as(row, unit) if table == IMPORTED else _billing_of(row)
            return Package(
                ndc=row["ndc"],
                code=row["code"],
                amount=amount,
                unit=unit,
                items=above_zero(items, "items"),
                valid_from=optional_day(row["valid_from"]),
                valid_to=optional_day(row["valid_to"]),
                row=TableRow(table, f"{row['ndc']} {row['code']}", row["cites"]),
                dosage=row.get("dosage", ""),
                ndc_quantity=quantity,
                ndc_unit=ndc_unit,
            )
        except (KeyError, ValueError) as wrong:
            raise CodeBookError(f"{table} line {number}: {wrong}; mend that field") from wrong

    def _billed_as(self, row: dict[str, str], unit: str) -> NdcBilling:
        """What one item of an imported row is on a claim; `unit` is that of its code.

        The crosswalk counts and leaves out the unit: what doesn't count as one is millilitres; one of something may be
        a vial of powder, a millilitre or an international unit, which our own row of the number says.
        """
        ours = {each.get("ndc_unit", "") for _, _, each in self._own.get(row["ndc"], ())}
        size = row.get("package_size", "")
        if unit == BILLING_UNIT or not size.replace(".", "", 1).isdecimal() or not Decimal(size):
            return None, ""
        found = "ML" if Decimal(size) != 1 else ours.pop() if len(ours) == 1 else ""
        return (Decimal(size), found) if found else (None, "")


def _billing_of(row: dict[str, str]) -> NdcBilling:
    """The same of a row of `drug_packages.csv`, which says both or neither. Raises ValueError."""
    quantity, unit = row.get("ndc_quantity", ""), row.get("ndc_unit", "")
    if not quantity and not unit:
        return None, ""
    if unit not in NDC_UNITS:
        raise ValueError(f"ndc_unit {unit!r} is none of {', '.join(sorted(NDC_UNITS))}")
    return above_zero(quantity, "ndc_quantity"), unit
