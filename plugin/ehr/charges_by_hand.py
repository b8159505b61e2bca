"""What was charged, from a billing system's file: for EHRs that show apps no charges."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from plugin.domain import ExistingCharge

NEEDED = frozenset({"encounter", "code"})


class ChargesFileError(ValueError):
    """A file of charges can't be used; the text names the line and the remedy."""


def read_charges_file(path: Path) -> Mapping[str, tuple[ExistingCharge, ...]]:
    """Charges by `Encounter/id`. Columns as the audit takes them: encounter, code; modifiers, date, units if known.

    Raises ChargesFileError.
    """
    found: defaultdict[str, list[ExistingCharge]] = defaultdict(list)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if not set(rows.fieldnames or ()) >= NEEDED:
                raise ChargesFileError(f"{path}: needs a header with encounter, code, modifiers, date, units")
            for charge in _charges(rows, path):
                found[charge.encounter].append(charge)
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise ChargesFileError(f"{path}: can't be read as CSV ({type(wrong).__name__})") from None
    return {encounter: tuple(charges) for encounter, charges in found.items()}


def _charges(rows: "csv.DictReader[str]", path: Path) -> Iterator[ExistingCharge]:
    for row in rows:
        encounter, code, modifiers, day, units = (
            (row.get(name) or "").strip() for name in ("encounter", "code", "modifiers", "date", "units")
        )
        try:
            yield ExistingCharge(
                id=f"line {rows.line_num}",
                encounter=encounter if "/" in encounter else f"Encounter/{encounter}",
                system="CPT" if code[:1].isdigit() else "HCPCS",
                code=code.upper(),
                units=Decimal(units or "1"),
                modifiers=tuple(modifiers.upper().replace(",", " ").replace(";", " ").split()),
                status="billable",
                day=date.fromisoformat(day) if day else None,
            )
        except (ValueError, InvalidOperation):
            raise ChargesFileError(f"{path}: line {rows.line_num}: date like 2026-03-02, units as a number") from None
