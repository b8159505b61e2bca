"""Reading the data files into rows, and refusing wrong ones by file, row and field."""

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from plugin.codebook.errors import CodeBookError
from plugin.domain import CareSetting, Category, Citation, Role, Standing, TableRow

DATA: Traversable = files("plugin.codebook") / "data"
# The columns of any table that say what a row is about; most tables have a few of them.
ABOUT = ("code", "drug", "flag", "system", "setting", "ndc", "parent", "column_1", "column_2", "valid_from")


@dataclass(frozen=True, slots=True)
class ProcedureCode:
    """An administration code with our own short label, the days it is valid, and where it may be reported."""

    code: str
    system: str
    family: tuple[Category, Role, str]
    label: str
    settings: frozenset[CareSetting]
    valid_from: date
    valid_to: date | None
    row: TableRow


@dataclass(frozen=True, slots=True)
class Limit:
    """A number the rules compare with, on one span of days."""

    value: int
    valid_from: date
    valid_to: date | None
    row: TableRow


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a contested point."""

    name: str
    means: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """A contested point, or a site's own practice where `contested` is false; the first side is the default."""

    name: str
    question: str
    sides: tuple[Side, ...]
    in_use: bool
    contested: bool = True

    def side(self, name: str) -> Side:
        """The side of that name; CodeBookError names the sides there are."""
        for side in self.sides:
            if side.name == name:
                return side
        names = ", ".join(side.name for side in self.sides)
        raise CodeBookError(f"position {self.name} has no side {name!r}; choose one of: {names}")


class Folders:
    """Where tables are read from: the product's own folder, then a site's overlay with files of the same names.

    A row of the overlay stands in the place of the row with the same key and first day, or is added.
    """

    def __init__(self, overlay: Path | None = None) -> None:
        if overlay is not None and not overlay.is_dir():
            raise CodeBookError(f"{overlay}: there is no such folder; name the folder that holds the overlay's tables")
        self._overlay = overlay
        if overlay is not None:  # a name with a dot before it: .gitignore, or what an import is working on
            names = (p.name for p in overlay.iterdir() if not p.name.startswith("."))
            strange = sorted(name for name in names if not (DATA / name).is_file())
            if strange:
                raise CodeBookError(f"{overlay}: {strange[0]} is no table of the code book; see docs/reference")

    def toml(self, name: str) -> dict[str, Any]:
        """A table in TOML, entries of the overlay in the place of ours."""
        return {**_toml(DATA / name), **(_toml(self._overlay / name) if self._has(name) and self._overlay else {})}

    def csv(self, name: str) -> list[tuple[int, dict[str, str]]]:
        """A table in CSV as (line number, row)."""
        rows = _csv(DATA / name)
        if not self._has(name) or self._overlay is None:
            return rows
        merged = {_key(row): (line, row) for line, row in rows}
        merged.update({_key(row): (line, row) for line, row in _csv(self._overlay / name)})
        return list(merged.values())

    def bytes(self, name: str) -> bytes:
        """A table of ours that is no text; OSError when there is none."""
        return (DATA / name).read_bytes()

    def of_site(self, pattern: str) -> list[str]:
        """The names of the overlay's own tables of that form, in order."""
        return sorted(path.name for path in self._overlay.glob(pattern)) if self._overlay else []

    def site_file(self, name: str) -> Path | None:
        """Where the overlay's own table of that name lies; None when it has none."""
        return self._overlay / name if self._overlay is not None and self._has(name) else None

    def _has(self, name: str) -> bool:
        return self._overlay is not None and (self._overlay / name).is_file()


def _toml(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise CodeBookError(f"{file.name}: {wrong}; mend the file") from wrong


def _csv(file: Traversable) -> list[tuple[int, dict[str, str]]]:
    return list(enumerate(csv.DictReader(file.read_text("utf-8").splitlines()), start=2))


def _key(row: dict[str, str]) -> tuple[str, ...]:
    """What a row is about: everything but what it says of it."""
    return tuple(row.get(name, "") for name in ABOUT)


def read_toml(name: str, folders: Folders | None = None) -> dict[str, Any]:
    """A data file in TOML."""
    return (folders or Folders()).toml(name)


def read_csv(name: str, folders: Folders | None = None) -> list[tuple[int, dict[str, str]]]:
    """A data file in CSV as (line number, row)."""
    return (folders or Folders()).csv(name)


def optional_day(text: str) -> date | None:
    """An ISO date, or None for an empty field."""
    return date.fromisoformat(text) if text else None


def read_citations(folders: Folders | None = None) -> dict[str, Citation]:
    """All sources by id."""
    found: dict[str, Citation] = {}
    for name in ("sources.toml", "sources_drugs.toml", "sources_diagnoses.toml", "sources_claims.toml"):
        for key, entry in read_toml(name, folders).items():
            if key in found:
                raise CodeBookError(f"{name}: source {key} is there twice; give one of them another id")
            found[key] = Citation(
                key, entry["title"], entry["locator"], Standing(entry["standing"]), entry["checked_on"]
            )
    return found


def read_procedure_codes(folders: Folders | None = None) -> list[ProcedureCode]:
    """`procedure_codes.csv`."""
    return [_procedure_code(line, row) for line, row in read_csv("procedure_codes.csv", folders)]


def _procedure_code(line: int, row: dict[str, str]) -> ProcedureCode:
    try:
        return ProcedureCode(
            code=row["code"],
            system=row["system"],
            family=(Category(row["category"]), Role(row["role"]), row["technique"]),
            label=row["label"],
            settings=frozenset(s for s in CareSetting if row[s.value] == "yes"),
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=optional_day(row["valid_to"]),
            row=TableRow("procedure_codes.csv", row["code"], row["cites"]),
        )
    except (KeyError, ValueError) as wrong:
        raise CodeBookError(f"procedure_codes.csv line {line}: {wrong}; mend that field") from wrong


def read_limits(folders: Folders | None = None) -> dict[str, list[Limit]]:
    """`time_limits.toml`: each limit's values over time."""
    return {
        name: [
            Limit(v["is"], v["from"], v.get("to"), TableRow("time_limits.toml", name, v["cites"]))
            for v in entry["values"]
        ]
        for name, entry in read_toml("time_limits.toml", folders).items()
    }


def read_positions(folders: Folders | None = None) -> dict[str, Position]:
    """`positions.toml`."""
    return {
        name: Position(
            name,
            entry["question"],
            tuple(Side(s["name"], s["means"], tuple(s["cites"])) for s in entry["sides"]),
            entry["in_use"],
            entry.get("contested", True),
        )
        for name, entry in read_toml("positions.toml", folders).items()
    }


def above_zero(text: str, column: str) -> Decimal:
    """A decimal above 0; ValueError names the column otherwise."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{column} {text!r} is no number") from None
    if not amount.is_finite() or amount <= 0:
        raise ValueError(f"{column} {text} is not above 0")
    return amount


@dataclass(frozen=True, slots=True)
class RetiredCode:
    """A code of the family's past: its last day (None when not known), and what it is now."""

    code: str
    successors: tuple[str, ...]
    last_day: date | None
    note: str
    row: TableRow


def read_retired(folders: Folders | None = None) -> dict[str, RetiredCode]:
    """`retired_codes.csv` by code."""
    return {
        row["code"]: RetiredCode(
            row["code"],
            tuple(row["successors"].split()),
            optional_day(row["last_day"]),
            row["note"],
            TableRow("retired_codes.csv", row["code"], row["cites"]),
        )
        for _, row in read_csv("retired_codes.csv", folders)
    }
