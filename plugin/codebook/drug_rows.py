"""The rows about drugs: each drug with its class, and what it is billed with on which days."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from plugin.codebook.errors import CodeBookError
from plugin.codebook.tables import Folders, above_zero, optional_day, read_csv
from plugin.domain import DrugClass, Route, TableRow

CONTAINERS = ("", "single", "multi", "either")
# What one unit of a drug code is an amount of: UCUM, [iU] for international units only, U for a drug's own units.
# {vial} and {dose} are counted; {unit} is a unit of blood; {composite} is a fixed mixture that no single number doses;
# {unknown} is an amount that no source gives: its doses can't be converted.
MEASURED = ("mg", "ug", "g", "mL", "[iU]", "U", "meq", "mmol", "mCi", "10*6.[PFU]")
DRUG_UNITS = (*MEASURED, "{vial}", "{dose}", "{unit}", "{composite}", "{unknown}")
_CODE = re.compile(r"[A-Z]\d{4}|\d{5}")


@dataclass(frozen=True, slots=True)
class DrugRow:
    """A drug: one active ingredient under all its names, with its class by IV and by injection."""

    drug: str
    drug_class: DrugClass
    injected_class: DrugClass
    payer_varies: bool
    names: tuple[str, ...]
    row: TableRow


@dataclass(frozen=True, slots=True, eq=False)
class DrugCode:
    """What a drug is billed with on some days: one unit of `code` is `amount` of `unit`, or any amount up to it.

    `products` are the product names that choose this code where a drug has several on a day; `routes` the only ones it
    is for, empty for any way of injecting; `sizes` the amounts, in `unit`, that one single-dose container may hold.
    `container` is single, multi, either, or empty when nobody looked; `container_row` cites who says so.
    `esrd`: the code is for patients on dialysis. `valid_from` None: the first day was not found, and every earlier day
    counts; `valid_to` None: still in force.
    """

    code: str
    drug: str
    amount: Decimal
    unit: str
    up_to: bool
    products: tuple[str, ...]
    routes: frozenset[Route]
    container: str
    sizes: tuple[Decimal, ...]
    esrd: bool
    label: str
    valid_from: date | None
    valid_to: date | None
    note: str
    row: TableRow
    container_row: TableRow | None

    @property
    def system(self) -> str:
        """CPT for the five digits of vaccines and some globulins, else HCPCS."""
        return "CPT" if self.code.isdigit() else "HCPCS"

    def holds(self, day: date) -> bool:
        """Whether the code is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


def read_drugs(folders: Folders | None = None) -> list[DrugRow]:
    """`drugs.csv`."""
    return [_drug(line, row) for line, row in read_csv("drugs.csv", folders)]


def _drug(line: int, row: dict[str, str]) -> DrugRow:
    try:
        drug_class = DrugClass(row["class"])
        return DrugRow(
            drug=row["drug"],
            drug_class=drug_class,
            injected_class=DrugClass(row["injected_class"]) if row["injected_class"] else drug_class,
            payer_varies=row["payer_varies"] == "yes",
            names=(row["drug"], *(name.strip() for name in row["names"].split(";") if name.strip())),
            row=TableRow("drugs.csv", row["drug"], row["cites"]),
        )
    except (KeyError, ValueError) as wrong:
        raise CodeBookError(f"drugs.csv line {line}: {wrong}; mend that field") from wrong


def read_drug_codes(folders: Folders | None = None) -> list[DrugCode]:
    """`drug_codes.csv`."""
    return [_drug_code(line, row) for line, row in read_csv("drug_codes.csv", folders)]


def _drug_code(line: int, row: dict[str, str]) -> DrugCode:
    try:
        table_row = TableRow("drug_codes.csv", row["code"], row["cites"])
        return DrugCode(
            code=_one_of_form(row["code"], _CODE, "code"),
            drug=row["drug"],
            amount=above_zero(row["amount"], "amount"),
            unit=_one_of(row["unit"], DRUG_UNITS, "unit"),
            up_to=row["up_to"] == "yes",
            products=_parts(row["products"]),
            routes=frozenset(Route(route) for route in _parts(row["routes"])),
            container=_one_of(row["container"], CONTAINERS, "container"),
            sizes=tuple(above_zero(size, "sizes") for size in _parts(row["sizes"])),
            esrd=row["esrd"] == "yes",
            label=row["label"],
            valid_from=optional_day(row["valid_from"]),
            valid_to=optional_day(row["valid_to"]),
            note=row["note"],
            row=table_row,
            container_row=TableRow("drug_codes.csv", row["code"], row["container_cites"]) if row["container"] else None,
        )
    except (KeyError, ValueError) as wrong:
        raise CodeBookError(f"drug_codes.csv line {line}: {wrong}; mend that field") from wrong


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _one_of(text: str, known: Collection[str], column: str) -> str:
    if text not in known:
        raise ValueError(f"{column} {text!r} is none of: {', '.join(sorted(known))}")
    return text


def _one_of_form(text: str, form: re.Pattern[str], column: str) -> str:
    if not form.fullmatch(text):
        raise ValueError(f"{column} {text!r} is no HCPCS or CPT code")
    return text


def read_crosswalk(folders: Folders | None = None) -> dict[tuple[str, str], str]:
    """`drug_crosswalk.csv`: (system, code) to drug; systems rxnorm and ndc9 (labeler and product, nine digits)."""
    return {(row["system"], row["code"]): row["drug"] for _, row in read_csv("drug_crosswalk.csv", folders)}


def read_flags(folders: Folders | None = None) -> dict[tuple[str, str], TableRow]:
    """`drug_flags.csv`: (drug, flag) to the row that says so."""
    return {
        (row["drug"], row["flag"]): TableRow("drug_flags.csv", f"{row['drug']} {row['flag']}", row["cites"])
        for _, row in read_csv("drug_flags.csv", folders)
    }
