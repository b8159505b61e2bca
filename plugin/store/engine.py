"""The database: short transactions only, and writers one after the other.

SQLAlchemy's default on SQLite begins a transaction only at the first write, after what was read may have changed:
two updates at once then lose one silently. Every writing transaction here says `BEGIN IMMEDIATE` before it reads.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from plugin.store.cipher import Cipher
from plugin.store.migrations import upgrade_engine

BUSY_TIMEOUT_MS = 15_000
MORE_CONNECTIONS = 15
"""To PostgreSQL, for each process and beside the five that stay open."""
PATIENCE_SECONDS = 100.0
"""A crowd of requests waits for its short turns with the database rather than fail; a worker is given 120 s."""

_transaction_open: ContextVar[bool] = ContextVar("transaction_open", default=False)


class UnusableStore(ValueError):
    """No SQLite file or PostgreSQL database that this version can work on is at the address."""


class TransactionOpen(RuntimeError):
    """A transaction is open where none may be: inside another one, or while the EHR is asked something."""


@dataclass(frozen=True, slots=True, repr=False)
class Store:
    """One database and the cipher for its sealed columns."""

    engine: Engine
    cipher: Cipher

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One short writing transaction: committed at the end of the block, rolled back if it raises."""
        with _one_transaction(), self.engine.execution_options(writing=True).begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One short transaction that only reads, from one snapshot on SQLite."""
        with _one_transaction(), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def refuse_open_transaction() -> None:
    """Raise TransactionOpen inside a `writing` or `reading` block; called before every request to an EHR."""
    if _transaction_open.get():
        raise TransactionOpen("a database transaction is open; end it before asking the EHR")


def open_store(url: str, keys: Sequence[str], *, upgrade: bool = True) -> Store:
    """Open the database at an SQLAlchemy address and bring its tables up to date unless told not to.

    `keys` are Fernet keys, newest first. Raises UnusableStore, UnusableKey.
    """
    cipher = Cipher.from_keys(keys)
    engine = make_engine(url)
    try:
        _prepare(engine, upgrade_engine if upgrade else _connect)
    except UnusableStore:
        engine.dispose()
        raise
    return Store(engine, cipher)


def upgrade(url: str) -> None:
    """Bring the tables of the database at this address up to date; raises UnusableStore."""
    engine = make_engine(url)
    try:
        _prepare(engine, upgrade_engine)
    finally:
        engine.dispose()


def _connect(engine: Engine) -> None:
    engine.connect().close()


def _prepare(engine: Engine, work: Callable[[Engine], None]) -> None:
    """Do the first work on a database; raises UnusableStore, which says what to do about it."""
    shown = engine.url.render_as_string(hide_password=True)
    try:
        work(engine)
    except CommandError as error:
        text = "the tables are of a newer version; start the newer version or restore the backup"
        raise UnusableStore(f"the store {shown} can't be used: {text}") from error
    except OperationalError as error:
        raise UnusableStore(f"the store {shown} can't be opened; check that it is there and may be written") from error
    except DatabaseError as error:
        text = "it is no database of this app, or is damaged; check the address or restore the backup"
        raise UnusableStore(f"the store {shown} can't be used: {text}") from error


def make_engine(url: str) -> Engine:
    """Return an engine with this module's transactions; raises UnusableStore."""
    address = _check_address(url)
    if address.get_backend_name() == "postgresql":
        return create_engine(address, pool_pre_ping=True, max_overflow=MORE_CONNECTIONS, pool_timeout=PATIENCE_SECONDS)
    engine = create_engine(address, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _check_address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise UnusableStore(
            "the store's address is not an SQLAlchemy address such as sqlite:////var/lib/x.sqlite3"
        ) from error
    backend = address.get_backend_name()
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise UnusableStore(f"the store can't live in {backend}; use sqlite:///FILE or postgresql://...")
    if not address.database or address.database == ":memory:":
        raise UnusableStore("the store needs a file: sqlite:////absolute/path.sqlite3")
    _make_private(Path(address.database))
    return address


def _make_private(file: Path) -> None:
    """A new file is for its owner alone; SQLite gives its WAL beside it the same rights."""
    if not file.parent.is_dir():
        raise UnusableStore(f"the store can't be made: there is no folder {file.parent}; make it first")
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # the driver must not begin on its own; _begin_sqlite does
    dbapi_connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _switch_to_wal(dbapi_connection)
    for pragma in ("foreign_keys=ON", "synchronous=FULL"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Of processes that open a new file together SQLite refuses all but one at once, whatever the busy timeout."""
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        else:
            return
        time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _one_transaction() -> Iterator[None]:
    refuse_nested = _transaction_open.get()
    if refuse_nested:
        raise TransactionOpen("a transaction is already open here; blocks are short and never nested")
    token = _transaction_open.set(True)
    try:
        yield
    finally:
        _transaction_open.reset(token)
