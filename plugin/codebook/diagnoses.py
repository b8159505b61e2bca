"""The tables about diagnoses: ICD-10-CM editions, SNOMED CT to ICD-10-CM, the order rules of `first_listed.toml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin.codebook.errors import CodeBookError
from plugin.codebook.icd10cm import Icd10cm
from plugin.codebook.tables import Folders, read_csv, read_toml
from plugin.domain import TableRow

LINKS = "diagnosis_links.csv"
TABLE = "first_listed.toml"
CONDITIONS = ("lines", "visit", "visit_lacks", "charted", "charted_lacks", "with", "chief")
ACTS = ("first", "after", "never_first", "never_alone", "leave_out")
KINDS = frozenset(["chemotherapy", "hormonal", "hydration", "port", "refill", "other"])
OF_KINDS = ("lines", "visit", "visit_lacks")
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class DiagnosisLink:
    """The ICD-10-CM code that stands for a SNOMED CT concept; `note` says what the one claims beyond the other."""

    snomed: str
    icd10cm: str
    label: str
    note: str
    row: TableRow


@dataclass(frozen=True, slots=True)
class OrderRule:
    """A rule of `first_listed.toml`, which explains the fields; `act` is what it does to the groups in `on`."""

    id: str
    says: str
    lines: frozenset[str]
    visit: frozenset[str]
    visit_lacks: frozenset[str]
    charted: frozenset[str]
    charted_lacks: frozenset[str]
    with_: frozenset[str]
    chief: frozenset[str]
    position: tuple[str, str] | None
    act: str
    on: tuple[str, ...]
    follow: frozenset[str]
    cites: tuple[str, ...]

    def concerns(self, groups: frozenset[str], kind: str) -> bool:
        """Whether it can do anything to diagnoses of these groups on that kind of line."""
        return (
            (not self.lines or kind in self.lines)
            and not groups.isdisjoint(self.on)
            and (not self.with_ or not groups.isdisjoint(self.with_))
            and (self.act != "after" or not groups.isdisjoint(self.follow))
        )


class DiagnosisTables:
    """What the code book knows of diagnoses; ICD-10-CM itself is read when first asked."""

    def __init__(self, folders: Folders | None = None) -> None:
        files = folders or Folders()
        self.editions = read_toml("icd10cm_editions.toml", files)
        self.icd10cm = Icd10cm(self.editions, files)
        self.links = {(row["system"], row["code"]): _link(line, row) for line, row in read_csv(LINKS, files)}
        listed = read_toml(TABLE, files)
        self._groups = {name: _pattern(name, form) for name, form in listed["groups"].items()}
        self.order = tuple(_rule(entry, self._groups) for entry in listed["rules"])
        self._known: dict[str, frozenset[str]] = {}
        self._about: dict[tuple[frozenset[str], str], tuple[OrderRule, ...]] = {}

    def groups_of(self, code: str) -> frozenset[str]:
        """The groups of `first_listed.toml` that a code belongs to."""
        known = self._known.get(code)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = (name for name, pattern in self._groups.items() if pattern.match(code))
            known = self._known[code] = frozenset(found)
        return known

    def rules_about(self, groups: frozenset[str], kind: str) -> tuple[OrderRule, ...]:
        """The rules that can do something to diagnoses of these groups on that kind of line."""
        known = self._about.get((groups, kind))
        if known is None:
            if len(self._about) >= REMEMBERED:
                self._about.clear()
            known = self._about[(groups, kind)] = tuple(rule for rule in self.order if rule.concerns(groups, kind))
        return known

    @property
    def rows(self) -> list[TableRow]:
        """Every row with its source, for the check of the tables."""
        editions = [TableRow("icd10cm_editions.toml", name, entry["cites"]) for name, entry in self.editions.items()]
        rules = [TableRow(TABLE, rule.id, source) for rule in self.order for source in rule.cites]
        return [*editions, *(link.row for link in self.links.values()), *rules]


def _link(line: int, row: Mapping[str, str]) -> DiagnosisLink:
    try:
        source = TableRow(LINKS, row["code"], row["cites"])
        return DiagnosisLink(row["code"], row["icd10cm"], row["label"], row["note"], source)
    except KeyError as wrong:
        raise CodeBookError(f"{LINKS} line {line}: the column {wrong} is missing; mend the table") from wrong


def _pattern(name: str, form: str) -> re.Pattern[str]:
    try:
        return re.compile(form)
    except re.error as wrong:
        raise CodeBookError(f"{TABLE} group {name}: {wrong}; mend the expression") from wrong


def _rule(entry: Mapping[str, Any], groups: Mapping[str, object]) -> OrderRule:
    name = entry.get("id", "(without id)")
    acts = [act for act in ACTS if act in entry]
    if len(acts) != 1 or "says" not in entry or not entry.get("cites"):
        raise CodeBookError(f"{TABLE} rule {name}: needs id, says, cites and one of {', '.join(ACTS)}")
    sets = {each: frozenset(entry.get(each, ())) for each in (*CONDITIONS, "follow")}
    for field, names in {**sets, acts[0]: frozenset(entry[acts[0]])}.items():
        if unknown := names - (KINDS if field in OF_KINDS else set(groups)):
            raise CodeBookError(f"{TABLE} rule {name}: {field} names {min(unknown)!r}, which nothing explains")
    sets["with_"] = sets.pop("with")
    position, _, side = entry.get("position", "").partition("=")
    return OrderRule(
        id=name,
        says=entry["says"],
        position=(position, side) if position else None,
        act=acts[0],
        on=tuple(entry[acts[0]]),
        cites=tuple(entry["cites"]),
        **sets,
    )
