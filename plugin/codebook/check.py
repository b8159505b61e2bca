"""What can be checked of the tables by themselves: citations, overlaps, gaps, positions, names."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Protocol

from plugin.codebook import drug_rows, tables
from plugin.codebook.check_drugs import drug_problems
from plugin.codebook.claims import ClaimTables
from plugin.codebook.diagnoses import DiagnosisTables
from plugin.domain import TableRow

STALE_AFTER_DAYS = 400
CLAIM_TABLES = ("unit_limits.csv", "add_on_parents.csv", "code_pairs.csv", "indications.csv")


class Dated(Protocol):
    """A row that is in force from one day to another."""

    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...
    @property
    def row(self) -> TableRow: ...


def problems(today: date) -> list[str]:
    """One sentence for each problem, naming table, row and remedy; empty when the tables are sound."""
    codes, limits, drugs = tables.read_procedure_codes(), tables.read_limits(), drug_rows.read_drugs()
    known = tables.read_citations()
    rows = [*(c.row for c in codes), *(v.row for values in limits.values() for v in values), *(d.row for d in drugs)]
    rows += [r.row for r in tables.read_retired().values()]
    rows += drug_rows.read_flags().values()
    rows += DiagnosisTables().rows
    rows += _claim_rows()
    return [
        *_uncited(rows, known),
        *_overlaps((f"{c.family[0].value} {c.family[1].value} {c.family[2]}", c) for c in codes),
        *_overlaps((name, value) for name, values in limits.items() for value in values),
        *_gaps((name, value) for name, values in limits.items() for value in values),
        *_positions(known),
        *_profiles(known),
        *_drug_names(drugs),
        *drug_problems(tables.Folders()),
        *(
            f"source {c.id} was last checked on {c.checked_on}; look again and write the day"
            for c in known.values()
            if (today - c.checked_on).days > STALE_AFTER_DAYS
        ),
    ]


def _claim_rows() -> Iterator[TableRow]:
    """Every row that a finished set of charges is held against."""
    for name in CLAIM_TABLES:
        for line, row in tables.read_csv(name):
            yield TableRow(name, f"line {line}", row["cites"])
    yield from ClaimTables(tables.Folders(), {}).all_rows


def _uncited(rows: Iterable[TableRow], known: Iterable[str]) -> Iterator[str]:
    there = set(known)
    for row in rows:
        if row.cites not in there:
            yield f"{row.table} {row.key}: there is no source {row.cites!r}; add it to sources.toml"


def _by_key(dated: Iterable[tuple[str, Dated]]) -> dict[str, list[Dated]]:
    groups: dict[str, list[Dated]] = defaultdict(list)
    for key, row in dated:
        groups[key].append(row)
    return {key: sorted(rows, key=lambda r: r.valid_from) for key, rows in groups.items()}


def _overlaps(dated: Iterable[tuple[str, Dated]]) -> Iterator[str]:
    for key, rows in _by_key(dated).items():
        for earlier, later in pairwise(rows):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                yield f"{later.row.table} {key}: two rows hold on {later.valid_from}; end the earlier one before it"


def _gaps(dated: Iterable[tuple[str, Dated]]) -> Iterator[str]:
    for key, rows in _by_key(dated).items():
        for earlier, later in pairwise(rows):
            if earlier.valid_to is not None and (later.valid_from - earlier.valid_to).days > 1:
                yield f"{later.row.table} {key}: no row holds between {earlier.valid_to} and {later.valid_from}"


def _positions(known: Iterable[str]) -> Iterator[str]:
    there = set(known)
    for position in tables.read_positions().values():
        if len(position.sides) < 2:
            yield f"positions.toml {position.name}: one side is no contested point; add the other or drop it"
        for side in position.sides:
            for source in set(side.cites) - there or ([] if side.cites else ["(none)"]):
                yield f"positions.toml {position.name}={side.name}: there is no source {source!r}"


def _drug_names(drugs: Iterable[drug_rows.DrugRow]) -> Iterator[str]:
    owner: dict[str, str] = {}
    for row in drugs:
        for name in row.names:
            if owner.setdefault(name, row.drug) != row.drug:
                yield f"drugs.csv: {name!r} names both {owner[name]} and {row.drug}; keep it with one of them"


def _profiles(known: Iterable[str]) -> Iterator[str]:
    there, positions = set(known), tables.read_positions()
    for name, profile in tables.read_toml("profiles.toml").items():
        for position, side in profile["positions"].items():
            if position not in positions or side not in [s.name for s in positions[position].sides]:
                yield f"profiles.toml {name}: there is no position {position}={side}"
        for source in set(profile["cites"]) - there:
            yield f"profiles.toml {name}: there is no source {source!r}"
