"""What is done from time to time: encrypt anew under a new key, forget what pages showed."""

from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, select, update

from plugin.store.cipher import CannotOpen, Cipher
from plugin.store.engine import Store
from plugin.store.tables import metadata, shown_lines
from plugin.store.worklist_words import hash_anew

KEEP_SHOWN = timedelta(days=2)
_AT_ONCE = 200


def forget_shown(store: Store, now: datetime, keep: timedelta = KEEP_SHOWN) -> int:
    """Delete the lines that pages showed longer ago than `keep`; return how many pages."""
    with store.writing() as connection:
        return connection.execute(delete(shown_lines).where(shown_lines.c.shown_at <= now - keep)).rowcount


def reseal(store: Store) -> tuple[int, int]:
    """Encrypt every sealed value anew under the first key, and hash names anew; how many were, how many no key opens.

    Afterwards older keys can leave the list. The app may go on running: what changed meanwhile keeps its change.
    """
    done, shut = 0, 0
    for table in metadata.sorted_tables:
        for column in (column.name for column in table.columns if column.name.endswith("_sealed")):
            counts = _reseal_column(store, table, column)
            done, shut = done + counts[0], shut + counts[1]
    hash_anew(store)
    return done, shut


def _reseal_column(store: Store, table: Table, column: str) -> tuple[int, int]:
    keys = [table.c[key.name] for key in table.primary_key.columns]
    with store.reading() as connection:
        places = connection.execute(select(*keys).where(table.c[column] != "")).all()
    done, shut = 0, 0
    for first in range(0, len(places), _AT_ONCE):
        with store.writing() as connection:
            for place in places[first : first + _AT_ONCE]:
                here = [key == value for key, value in zip(keys, place, strict=True)]
                try:
                    done += _reseal_one(connection, table.c[column], here, store.cipher)
                except CannotOpen:
                    shut += 1
    return done, shut


def _reseal_one(connection: Connection, column: Column[str], here: list[ColumnElement[bool]], cipher: Cipher) -> int:
    sealed = connection.execute(select(column).where(*here)).scalar_one_or_none()
    if not sealed:
        return 0  # wiped or deleted meanwhile
    fresh = {column.name: cipher.reseal(sealed)}
    return connection.execute(update(column.table).where(*here, column == sealed).values(fresh)).rowcount
