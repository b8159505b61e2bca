"""Which rows of the worklist are looked for, in which order, and where a page begins."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, case, func, or_, select, true

from plugin.store.cipher import Cipher
from plugin.store.tables import worklist
from plugin.store.worklist_words import asked_words, found_by

FILTERS = ("to-do", "mine", "question", "ready", "accepted", "posted", "unknown", "failed", "stale", "held", "all")
UNKNOWN_DAY = "9999-12-31"
_C = worklist.c
# Each order ends with the id, so that no two rows are equal; True sorts the largest first.
ORDERS: Mapping[str, tuple[tuple[Column[Any], bool], ...]] = {
    "money": ((_C.cents, True), (_C.due, False), (_C.id, False)),
    "deadline": ((_C.due, False), (_C.cents, True), (_C.id, False)),
    "age": ((_C.day, False), (_C.cents, True), (_C.id, False)),
}
_DAY, _NUMBER = r"(\d{4}-\d\d-\d\d)", r"([0-9]{1,12})"
_CURSORS = {
    "money": re.compile(f"{_NUMBER}~{_DAY}~{_NUMBER}", re.ASCII),
    "deadline": re.compile(f"{_DAY}~{_NUMBER}~{_NUMBER}", re.ASCII),
    "age": re.compile(f"{_DAY}~{_NUMBER}~{_NUMBER}", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for: one of FILTERS, one of ORDERS, words to find, and the cursor of the page before."""

    filter: str = "to-do"
    order: str = "money"
    search: str = ""
    after: str = ""


def condition(filter: str, person: str) -> ColumnElement[bool]:
    """The rows of one of FILTERS."""
    if filter == "all":
        return true()
    if filter == "to-do":
        return and_(_C.is_open, _C.held_by == "")
    if filter == "mine":
        return and_(_C.claimed_by == person, _C.claimed_by != "")
    if filter == "held":
        return _C.held_by != ""
    return worklist.c["questions" if filter == "question" else filter] > 0


def count(connection: Connection, found: ColumnElement[bool], person: str) -> dict[str, int]:
    """How many of the found rows each of FILTERS has."""
    each = [func.coalesce(func.sum(case((condition(name, person), 1), else_=0)), 0) for name in FILTERS]
    row = connection.execute(select(*each).where(found)).one()
    return {name: int(number) for name, number in zip(FILTERS, row, strict=True)}


def searched(tenant: str, search: str, cipher: Cipher) -> ColumnElement[bool]:
    """Rows whose name or numbers have all these words, or whose encounter's or patient's id has these characters."""
    if not search:
        return true()
    ids = (column.contains(search, autoescape=True) for column in (_C.encounter, _C.patient))
    return or_(found_by(tenant, search, cipher), *ids) if asked_words(search) else or_(*ids)


def in_order(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """The rows after the cursor, in the order that is wanted."""
    keys = ORDERS[wanted.order]
    ordered = query.order_by(*(column.desc() if down else column.asc() for column, down in keys))
    after = _CURSORS[wanted.order].fullmatch(wanted.after)
    if after is None:
        return ordered
    values = zip(keys, after.groups(), strict=True)
    return ordered.where(_beyond([(column, down, _typed(column, value)) for (column, down), value in values]))


def _typed(column: Column[Any], value: str) -> str | int:
    return value if column.type.python_type is str else int(value)


def _beyond(keys: Sequence[tuple[Column[Any], bool, str | int]]) -> ColumnElement[bool]:
    """Rows after these sort values: past the first key, or level with it and past the rest."""
    column, down, value = keys[0]
    past = column < value if down else column > value
    return or_(past, and_(column == value, _beyond(keys[1:]))) if keys[1:] else past


def cursor(row: Any, order: str) -> str:
    """Where the page after this row begins; the row as stored, or as read, where an unknown day is empty."""
    return "~".join(str(_sorted_by(row, column.name)) for column, _ in ORDERS[order])


def _sorted_by(row: Any, name: str) -> str | int:
    value: str | int = getattr(row, name)
    return UNKNOWN_DAY if value == "" else value
