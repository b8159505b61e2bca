"""Who reads the chart of a launch at this moment, and what came of a reading that nobody could wait for.

One row for each launch that is being read, so that no two processes read its chart at once. The one that reads renews
its time; of one that died the next in line takes over. What was read waits here, sealed, for the page that shows it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from plugin.store.cipher import CannotOpen
from plugin.store.engine import Store
from plugin.store.tables import readings

# How long a process that says nothing more is believed to read on, and how long what it read is fit to be shown.
READER_LIFE = timedelta(seconds=15)
KEEP_READ = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Mine:
    """The turn to read is the caller's; `reader` proves it."""

    reader: str


@dataclass(frozen=True, slots=True)
class Others:
    """Somebody has been reading since then."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What was read, in the words of whoever read it; it is forgotten here by being given out."""

    content: str


@dataclass(frozen=True, slots=True)
class Readings:
    """The rows; the clock is passed in."""

    store: Store

    def begin(self, launch_id: str, now: datetime) -> Mine | Others | Done:
        """Take what was read, else the turn to read, else say since when somebody has it."""
        try:
            with self.store.writing() as connection:
                return self._begin(connection, launch_id, now)
        except IntegrityError:
            return Others(now)  # another process was first by a moment

    def since(self, launch_id: str, now: datetime) -> datetime | None:
        """Since when the chart is being read; None where it isn't, or is ready."""
        with self.store.reading() as connection:
            row = connection.execute(_row_of(launch_id)).one_or_none()
        return row.began_at if row is not None and _is_running(row, now) else None

    def keep_on(self, launch_id: str, reader: str, now: datetime) -> bool:
        """Renew the reader's time; False once somebody else has the turn."""
        with self.store.writing() as connection:
            renewed = update(readings).where(*_turn(launch_id, reader)).values(reader_until=now + READER_LIFE)
            return connection.execute(renewed).rowcount == 1

    def keep(self, launch_id: str, reader: str, content: str, now: datetime) -> None:
        """Leave what was read for the next page; nothing happens where the turn was lost."""
        sealed = self.store.cipher.seal(content)
        with self.store.writing() as connection:
            done = update(readings).where(*_turn(launch_id, reader))
            connection.execute(done.values(content_sealed=sealed, reader_until=now + KEEP_READ))

    def end(self, launch_id: str, reader: str) -> None:
        """Give up the turn: what was read needs no keeping."""
        with self.store.writing() as connection:
            connection.execute(delete(readings).where(*_turn(launch_id, reader)))

    def _begin(self, connection: Connection, launch_id: str, now: datetime) -> Mine | Others | Done:
        row = connection.execute(_row_of(launch_id).with_for_update()).one_or_none()
        if row is not None and _is_running(row, now):
            return Others(row.began_at)
        if row is not None:
            connection.execute(delete(readings).where(*_turn(launch_id, row.reader)))
            content = self._content(row) if now < row.reader_until else ""
            if content:
                return Done(content)
        mine = secrets.token_hex(8)
        turn = {"reader": mine, "reader_until": now + READER_LIFE, "began_at": now, "content_sealed": ""}
        connection.execute(insert(readings).values(launch_id=launch_id, **turn))
        return Mine(mine)

    def _content(self, row: Any) -> str:
        try:
            return self.store.cipher.open(row.content_sealed) if row.content_sealed else ""
        except CannotOpen:
            return ""  # its key was retired: read again


def forget_readings(connection: Connection, now: datetime) -> None:
    """Delete what nobody came for in time, and the turns of processes that died."""
    connection.execute(delete(readings).where(readings.c.reader_until <= now))


def forget_of_launch(connection: Connection, launch_id: str) -> None:
    """Delete what was read for a launch that is closed."""
    connection.execute(delete(readings).where(readings.c.launch_id == launch_id))


def _row_of(launch_id: str) -> Select[Any]:
    return select(readings).where(readings.c.launch_id == launch_id)


def _is_running(row: Any, now: datetime) -> bool:
    return not row.content_sealed and bool(now < row.reader_until)


def _turn(launch_id: str, reader: str) -> tuple[ColumnElement[bool], ...]:
    return readings.c.launch_id == launch_id, readings.c.reader == reader
