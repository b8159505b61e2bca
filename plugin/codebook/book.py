"""The book of one day, and the view that remembers what was read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from plugin.codebook import drug_rows, tables
from plugin.codebook.claims import ClaimTables
from plugin.codebook.diagnoses import DiagnosisTables
from plugin.codebook.drugs import DrugTable
from plugin.codebook.errors import CodeBookError
from plugin.codebook.indications import Indications
from plugin.codebook.packages import Package, PackageTable
from plugin.codebook.spans import Spans
from plugin.codebook.units import UnitTable, read_units
from plugin.domain import CareSetting, Category, Citation, Drug, DrugIdentity, Role, TableRow, Technique

IN_A_VEIN = (Technique.INFUSION.value, Technique.PUSH.value)


How = Technique | str


def _known_as(name: str) -> list[How]:
    """A code is found by the technique's word, and by the technique itself where it is one of the three."""
    return [name, *(technique for technique in Technique if technique.value == name)]


def _in_force(day: date, valid_from: date, valid_to: date | None) -> bool:
    return valid_from <= day and (valid_to is None or day <= valid_to)


@dataclass(frozen=True)
class CodeBook:
    """All dated tables; immutable, loaded once."""

    citations: Mapping[str, Citation]
    procedure_codes: tuple[tables.ProcedureCode, ...]
    limits: Mapping[str, list[tables.Limit]]
    positions: Mapping[str, tables.Position]
    modifiers: Mapping[str, Any]
    hierarchy: Mapping[str, Any]
    drugs: DrugTable
    drug_codes: tuple[drug_rows.DrugCode, ...]
    packages: PackageTable
    diagnoses: DiagnosisTables
    flags: Mapping[tuple[str, str], TableRow]
    profiles: Mapping[str, Any]
    retired: Mapping[str, tables.RetiredCode]
    claims: ClaimTables
    indications: Indications
    units: UnitTable

    @staticmethod
    @lru_cache(maxsize=4)
    def load(overlay: Path | None = None) -> "CodeBook":
        """The product's tables, with a site's own over them; CodeBookError names file, row and field of a wrong one."""
        folders = tables.Folders(overlay)
        drug_codes = tuple(drug_rows.read_drug_codes(folders))
        citations = tables.read_citations(folders)
        return CodeBook(
            citations=citations,
            procedure_codes=tuple(tables.read_procedure_codes(folders)),
            limits=tables.read_limits(folders),
            positions=tables.read_positions(folders),
            modifiers=tables.read_toml("modifiers.toml", folders),
            hierarchy=tables.read_toml("hierarchy.toml", folders),
            drugs=DrugTable(drug_rows.read_drugs(folders), drug_rows.read_crosswalk(folders), drug_codes),
            drug_codes=drug_codes,
            packages=PackageTable(folders, drug_codes),
            diagnoses=DiagnosisTables(folders),
            flags=drug_rows.read_flags(folders),
            profiles=tables.read_toml("profiles.toml", folders),
            retired=tables.read_retired(folders),
            claims=ClaimTables(folders, citations),
            indications=Indications(folders),
            units=read_units(folders),
        )

    def as_of(self, day: date, choices: Mapping[str, str] | None = None) -> "View":
        """A view through the tables of `day`, with the site's sides of contested points."""
        return View(self, self._edition(day), day, choices or {})

    def check_choices(self, choices: Mapping[str, str]) -> None:
        """CodeBookError for a position or a side that does not exist."""
        for name, side in choices.items():
            if name not in self.positions:
                known = ", ".join(sorted(self.positions))
                raise CodeBookError(f"there is no position {name!r}; the positions are: {known}")
            self.positions[name].side(side)

    def profile(self, name: str) -> dict[str, str]:
        """The positions of a payer's or contractor's profile; CodeBookError names the profiles there are."""
        if name not in self.profiles:
            raise CodeBookError(f"there is no profile {name!r}; the profiles are: {', '.join(sorted(self.profiles))}")
        return dict(self.profiles[name]["positions"])

    def label(self, code: str) -> str:
        """Our own short label for a code, empty for a code the book does not have."""
        return self._labels.get(code, "")

    def rows_of_code(self, code: str) -> tuple[tables.ProcedureCode, ...]:
        """The rows of an administration code over time, none for any other code."""
        return self._rows_of_codes.get(code, ())

    def rows_of_drug_code(self, code: str) -> tuple[drug_rows.DrugCode, ...]:
        """The rows of a drug's code over time, none for any other code."""
        return self._rows_of_drug_codes.get(code, ())

    @cached_property
    def _rows_of_drug_codes(self) -> dict[str, tuple[drug_rows.DrugCode, ...]]:
        found: dict[str, tuple[drug_rows.DrugCode, ...]] = {}
        for row in self.drug_codes:
            found[row.code] = (*found.get(row.code, ()), row)
        return found

    @cached_property
    def _rows_of_codes(self) -> dict[str, tuple[tables.ProcedureCode, ...]]:
        codes = {row.code for row in self.procedure_codes}
        return {code: tuple(row for row in self.procedure_codes if row.code == code) for code in codes}

    @cached_property
    def _labels(self) -> dict[str, str]:
        drugs = {row.code: row.label for row in self.drug_codes}
        return drugs | {row.code: row.label for row in self.procedure_codes}

    @cached_property
    def administrations(self) -> Mapping[str, tuple[Category, Role, str]]:
        """The administration codes of any day, with category, role and technique."""
        return {row.code: row.family for row in self.procedure_codes}

    @cached_property
    def governed(self) -> frozenset[str]:
        """Every code whose presence the rulebook decides: administrations and drugs."""
        return frozenset(self.administrations) | {row.code for row in self.drug_codes}

    @cached_property
    def _listed(self) -> dict[str, int]:
        return {code: place for place, code in enumerate(self.hierarchy["listed"])}

    def system(self, code: str) -> str:
        """CPT or HCPCS; a code the book doesn't have is told by its form, a letter before four digits being HCPCS."""
        return self._systems.get(code) or ("HCPCS" if code[:1].isalpha() else "CPT")

    @cached_property
    def _systems(self) -> dict[str, str]:
        return {row.code: row.system for row in self.drug_codes} | {
            row.code: row.system for row in self.procedure_codes
        }

    def flags_of(self, drug: str) -> tuple[str, ...]:
        """The flags that `drug_flags.csv` gives a drug."""
        return self._flags_of.get(drug, ())

    @cached_property
    def _flags_of(self) -> dict[str, tuple[str, ...]]:
        flags: dict[str, tuple[str, ...]] = {}
        for drug, flag in self.flags:
            flags[drug] = (*flags.get(drug, ()), flag)
        return flags

    def place_in_list(self, code: str) -> int:
        """Where a code stands among charges; codes the hierarchy does not list come after it."""
        return self._listed.get(code, len(self._listed))

    @cached_property
    def _spans(self) -> Spans:
        codes = [(row.valid_from, row.valid_to) for row in self.procedure_codes]
        limits = [(limit.valid_from, limit.valid_to) for values in self.limits.values() for limit in values]
        return Spans([*codes, *limits, *((row.valid_from, row.valid_to) for row in self.drug_codes)])

    @cached_property
    def _editions(self) -> dict[int, "Edition"]:
        return {}

    def _edition(self, day: date) -> "Edition":
        span = self._spans.number(day)
        edition = self._editions.get(span)
        if edition is None:
            edition = self._editions[span] = Edition(self, self._spans.first_day(span))
        return edition


class Edition:
    """The rows in force on a day, and on all others of its span, made once."""

    def __init__(self, book: CodeBook, day: date) -> None:
        rows = {row.family: row for row in book.procedure_codes if _in_force(day, row.valid_from, row.valid_to)}
        self.codes: dict[tuple[Category, Role, How], tables.ProcedureCode] = {
            (category, role, how): row for (category, role, name), row in rows.items() for how in _known_as(name)
        }
        self.limits = {
            name: value
            for name, values in book.limits.items()
            for value in values
            if _in_force(day, value.valid_from, value.valid_to)
        }
        self.initial_codes = frozenset(
            row.code for family, row in rows.items() if family[1] is Role.INITIAL and family[2] in IN_A_VEIN
        )
        self.drug_codes: dict[str, list[drug_rows.DrugCode]] = {}
        for drug_code in book.drug_codes:
            if drug_code.holds(day):
                self.drug_codes.setdefault(drug_code.drug, []).append(drug_code)
        cites = book.hierarchy["cites"]
        self.ranks: dict[tuple[Category, Technique], tuple[int, TableRow]] = {
            (Category(line["category"]), Technique(line["technique"])): (
                place,
                TableRow("hierarchy.toml", f"{line['category']} {line['technique']}", cites),
            )
            for place, line in enumerate(book.hierarchy["initial"])
        }


class View:
    """What one encounter is coded through: it answers, and remembers the rows and positions it was asked for.

    `rows` is emptied by the engine before each rule, so that each outcome carries just what its rule read.
    `sides_read` collects the positions that mattered for this encounter, `drug_rows` the rows that told each drug.
    """

    def __init__(self, book: CodeBook, edition: Edition, day: date, choices: Mapping[str, str]) -> None:
        self.book = book
        self.day = day
        self._edition = edition
        self._codes, self._limits = edition.codes, edition.limits
        self._choices = choices
        self.rows: list[TableRow] = []
        self.sides_read: dict[str, str] = {}
        self.drug_rows: dict[str, tuple[TableRow, ...]] = {}

    def on(self, day: date) -> "View":
        """This view, or for another day one through that day's tables that remembers with this one."""
        if day == self.day:
            return self
        other = self.book.as_of(day, self._choices)
        other.rows, other.sides_read, other.drug_rows = self.rows, self.sides_read, self.drug_rows
        return other

    def limit(self, name: str) -> int:
        """A number of `time_limits.toml`, in the unit it says there."""
        limit = self._limits.get(name)
        if limit is None:
            raise CodeBookError(f"time_limits.toml has no value of {name} for {self.day}; add a row for that day")
        self.rows.append(limit.row)
        return limit.value

    def code(self, category: Category, role: Role, technique: How, setting: CareSetting) -> str | None:
        """The code of a service on this day, None when that setting has none."""
        row = self._codes.get((category, role, technique))
        if row is None:
            return None
        self.rows.append(row.row)
        return row.code if setting in row.settings else None

    def code_anywhere(self, category: Category, role: Role, technique: How) -> str | None:
        """The code of a service whatever the setting: what a decline names."""
        row = self._codes.get((category, role, technique))
        return row.code if row else None

    def ever(self, category: Category, role: Role, technique: str) -> tables.ProcedureCode | None:
        """The row of a service on any day and in any setting: what a decline can name."""
        family = (category, role, technique)
        return next((row for row in self.book.procedure_codes if row.family == family), None)

    def initial_codes(self) -> frozenset[str]:
        """The codes of which an access site and encounter has one."""
        return self._edition.initial_codes

    def rank(self, category: Category, technique: Technique) -> int | None:
        """Place in the hierarchy of initial services, 0 highest; None for what stands outside it."""
        found = self._edition.ranks.get((category, technique))
        if found is None:
            return None
        self.rows.append(found[1])
        return found[0]

    def modifier_holds(self, modifier: str) -> bool:
        """Whether `modifiers.toml` has a modifier in force on this day."""
        row = self.book.modifiers.get(modifier)
        if row is None or self.day < row.get("from", date.min):
            return False
        self.rows.append(TableRow("modifiers.toml", modifier, row["cites"]))
        return True

    def modifier_needed(self, modifier: str, code: str) -> bool:
        """Whether a code is one of those that `modifiers.toml` says need a modifier, on this day."""
        return code in self.book.modifiers[modifier]["codes"] and self.modifier_holds(modifier)

    def position(self, name: str) -> str:
        """The side taken on a contested point; reading it records that it mattered here."""
        side = self._choices.get(name) or self.book.positions[name].sides[0].name
        self.sides_read[name] = side
        return side

    def identify(self, drug: Drug) -> DrugIdentity:
        """Who a charted drug is."""
        identity, rows = self.book.drugs.identify(drug)
        self.drug_rows[identity.key] = rows
        return identity

    def drug_codes(self, drug: str) -> tuple[drug_rows.DrugCode, ...]:
        """The codes one drug can be billed with on this day, by its key in `drugs.csv`; of a mixture ask for each."""
        found = tuple(self._edition.drug_codes.get(drug, ()))
        self.rows += [code.row for code in found]
        return found

    def codes_named(self, code: str) -> tuple[drug_rows.DrugCode, ...]:
        """The row of one code in force on this day, whichever drug it is of; the first where several drugs share it."""
        found = [row for rows in self._edition.drug_codes.values() for row in rows if row.code == code][:1]
        self.rows += [row.row for row in found]
        return tuple(found)

    def packages(self, ndc: str) -> tuple[Package, ...]:
        """What a product number, in any spelling, is billed with and holds on this day; several where several fit."""
        found = self.book.packages.find(ndc, self.day)
        self.rows += [package.row for package in found]
        return found

    def flag(self, drug: str, flag: str) -> bool:
        """Whether `drug_flags.csv` marks a drug so."""
        row = self.book.flags.get((drug, flag))
        if row is not None:
            self.rows.append(row)
        return row is not None

    def a_day(self, setting: CareSetting) -> Mapping[str, int]:
        """Units of each initial code that a day may have in a setting (addendum A2)."""
        limits: Mapping[str, int] = self.book.hierarchy["a_day"][setting.value]
        return limits

    def concurrent_parents(self) -> Collection[str]:
        """Codes one of which must stand beside the concurrent code."""
        parents: Collection[str] = self.book.hierarchy["concurrent_parents"]
        return parents
