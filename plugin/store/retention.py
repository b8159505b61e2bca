"""Forgetting: everything that is kept of encounters nobody has touched for long.

An encounter goes whole, with its trail, or not at all: what is left of a chain could not be checked.
One with a charge whose arrival is unknown, or that no file for billing has taken yet, stays, however old.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, or_, select

from plugin.store.engine import Store
from plugin.store.tables import (
    UNSETTLED_STATES,
    attestations,
    decisions,
    export_lines,
    intents,
    metadata,
    review_encounters,
    sent_charges,
    sent_questions,
    shown_lines,
    trail,
    worklist,
)

_AT_ONCE = 100
# When each kind of row was last written.
_TOUCHED = (
    decisions.c.decided_at,
    intents.c.changed_at,
    sent_charges.c.changed_at,
    attestations.c.at,
    trail.c.at,
    shown_lines.c.shown_at,
    export_lines.c.written_at,
    sent_questions.c.changed_at,
    worklist.c.seen_at,
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many encounters went, and how many old ones stay for a charge that has not verifiably arrived."""

    encounters: int
    unsettled: int


def forget_encounters(store: Store, before: datetime, *, dry: bool = False) -> Forgotten:
    """Delete everything about encounters last touched before this moment; `dry` only counts."""
    with store.reading() as connection:
        old = _old(connection, before)
        kept = {place for place in old if _has_unsettled(connection, place)}
    going = [place for place in old if place not in kept]
    for first in range(0, 0 if dry else len(going), _AT_ONCE):
        with store.writing() as connection:
            for place in going[first : first + _AT_ONCE]:
                _forget(connection, place)
    return Forgotten(len(going), len(kept))


def _old(connection: Connection, before: datetime) -> list[tuple[str, str]]:
    """Tenant and encounter of everything under review that has nothing young."""
    young = [_of(column.table, review_encounters) & (column >= before) for column in _TOUCHED]
    places = select(review_encounters.c.tenant, review_encounters.c.encounter)
    for condition in young:
        places = places.where(~exists().where(condition))
    return [(tenant, encounter) for tenant, encounter in connection.execute(places)]


def _has_unsettled(connection: Connection, place: tuple[str, str]) -> bool:
    unknown = _at(intents, place) & intents.c.state.in_(UNSETTLED_STATES)
    waiting = _at(export_lines, place) & export_lines.c.batch.is_(None)
    return bool(connection.execute(select(or_(exists().where(unknown), exists().where(waiting)))).scalar_one())


def _forget(connection: Connection, place: tuple[str, str]) -> None:
    """Children first; every table that knows encounters is asked, so that a new one can't be overlooked."""
    of_encounters = [table for table in metadata.sorted_tables if {"tenant", "encounter"} <= set(table.c.keys())]
    for table in reversed(of_encounters):
        if table.name != "launches":
            connection.execute(delete(table).where(_at(table, place)))


def _at(table: Table, place: tuple[str, str]) -> ColumnElement[bool]:
    return and_(table.c.tenant == place[0], table.c.encounter == place[1])


def _of(table: Table, other: Table):  # type: ignore[no-untyped-def]
    return and_(table.c.tenant == other.c.tenant, table.c.encounter == other.c.encounter)
