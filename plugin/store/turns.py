"""The row of an encounter: locked by whoever changes anything about it, and held by the one writer of its charges.

A turn runs out, so that a process that dies holds up the next one for minutes at most; it is renewed at every step.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from plugin.review.ports import TurnLost
from plugin.store.tables import review_encounters

# Longer than the slowest step: three requests of a minute each.
TURN_LIFE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose encounter: every table about a review has these two columns."""

    tenant: str
    encounter: str

    def of(self, table: Any) -> ColumnElement[bool]:
        """The condition that picks this encounter's rows."""
        return and_(table.c.tenant == self.tenant, table.c.encounter == self.encounter)

    def columns(self) -> dict[str, str]:
        """The two columns of a new row."""
        return {"tenant": self.tenant, "encounter": self.encounter}


def lock_encounter(connection: Connection, place: Place) -> Any:
    """Make the encounter's row if it is new, lock it to the end of the transaction and return it."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(review_encounters).values(**place.columns(), writer="").on_conflict_do_nothing())
    return connection.execute(select(review_encounters).where(place.of(review_encounters)).with_for_update()).one()


def take_turn(connection: Connection, place: Place, writer: str, now: datetime) -> bool:
    """Become or stay the writer; False while somebody else's turn runs."""
    row = lock_encounter(connection, place)
    if row.writer not in {"", writer} and row.writer_until is not None and now < row.writer_until:
        return False
    _set_writer(connection, place, writer, now + TURN_LIFE)
    return True


def is_taken(connection: Connection, place: Place, now: datetime) -> bool:
    """Whether somebody's turn runs."""
    running = and_(review_encounters.c.writer != "", review_encounters.c.writer_until > now)
    writer = select(review_encounters.c.writer).where(place.of(review_encounters), running)
    return connection.execute(writer).first() is not None


def keep_turn(connection: Connection, place: Place, writer: str, now: datetime) -> None:
    """Renew a turn that still runs; raises TurnLost once somebody else has it or it ran out."""
    row = lock_encounter(connection, place)
    if row.writer != writer or row.writer_until is None or now >= row.writer_until:
        raise TurnLost("another process writes for this encounter now")
    _set_writer(connection, place, writer, now + TURN_LIFE)


def end_turn(connection: Connection, place: Place, writer: str) -> None:
    """Let the next writer in; nothing happens where the turn is no longer ours."""
    row = lock_encounter(connection, place)
    if row.writer == writer:
        _set_writer(connection, place, "", None)


def _set_writer(connection: Connection, place: Place, writer: str, until: datetime | None) -> None:
    connection.execute(
        update(review_encounters).where(place.of(review_encounters)).values(writer=writer, writer_until=until)
    )
