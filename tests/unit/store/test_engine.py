"""The database's promises: no lost update, no nested transaction, no write that half happened."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, func, inspect, select, text, update
from sqlalchemy.engine import make_url

from plugin.store.cipher import CannotOpen, Cipher, UnusableKey, make_key
from plugin.store.engine import (
    TransactionOpen,
    UnusableStore,
    make_engine,
    open_store,
    refuse_open_transaction,
    upgrade,
)
from plugin.store.migrations import current_revision, make_config, upgrade_engine
from plugin.store.tables import metadata, pending_launches

WRITERS = 8
ROUNDS = 10

_counters = MetaData()
counter = Table("counter", _counters, Column("n", Integer, nullable=False))


def _together(work: Callable[[], None]) -> list[BaseException]:
    """Run the same work in eight threads at once and return what they raised."""
    barrier, raised = threading.Barrier(WRITERS), []

    def run() -> None:
        barrier.wait()
        try:
            for _ in range(ROUNDS):
                work()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_read_then_write_loses_no_update_on_sqlite(sqlite_url, key):
    """Eight threads that each read a number and write one more leave the true sum: `writing` locks before it reads."""
    store = open_store(sqlite_url, [key])
    with store.writing() as connection:
        _counters.create_all(connection)
        connection.execute(counter.insert().values(n=0))

    def add_one() -> None:
        with store.writing() as connection:
            n = connection.execute(select(counter.c.n)).scalar_one()
            connection.execute(update(counter).values(n=n + 1))

    assert _together(add_one) == []
    with store.reading() as connection:
        assert connection.execute(select(counter.c.n)).scalar_one() == WRITERS * ROUNDS
    store.close()


def test_sqlalchemys_default_does_lose_updates(sqlite_url):
    """Why `BEGIN IMMEDIATE` is there: the same work on a plain engine ends short of the sum, or with an error."""
    plain = create_engine(sqlite_url, connect_args={"timeout": 15})
    with plain.begin() as connection:
        connection.execute(text("PRAGMA journal_mode=WAL"))
        _counters.create_all(connection)
        connection.execute(counter.insert().values(n=0))
    both_have_read = threading.Barrier(2)

    def add_one() -> None:
        with plain.begin() as connection:
            n = connection.execute(select(counter.c.n)).scalar_one()
            both_have_read.wait()
            connection.execute(update(counter).values(n=n + 1))

    threads = [threading.Thread(target=add_one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with plain.connect() as connection:
        assert connection.execute(select(counter.c.n)).scalar_one() == 1
    plain.dispose()


@pytest.fixture
def own_store(store_url, key):
    """A database of the test's own, for tests that make or drop tables."""
    store = open_store(store_url, [key])
    yield store
    store.close()


def test_compare_and_set_lets_one_of_many_through(own_store):
    """Eight threads that set a row from the same version change it once, on either database."""
    with own_store.writing() as connection:
        _counters.create_all(connection)
        connection.execute(counter.insert().values(n=0))
    changed = []

    def set_once() -> None:
        with own_store.writing() as connection:
            changed.append(connection.execute(update(counter).where(counter.c.n == 0).values(n=1)).rowcount)

    assert _together(set_once) == []
    assert sum(changed) == 1


def test_a_block_that_raises_leaves_nothing(own_store):
    """An exception inside `writing` rolls everything back."""
    with own_store.writing() as connection:
        _counters.create_all(connection)

    def insert_and_fail() -> None:
        with own_store.writing() as connection:
            connection.execute(counter.insert().values(n=1))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        insert_and_fail()
    with own_store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(counter)).scalar_one() == 0


def test_transactions_never_nest(store):
    """A block inside a block is refused, so that a transaction stays as short as it looks."""
    with store.reading(), pytest.raises(TransactionOpen), store.writing():
        pass
    with store.writing():
        pass


def test_no_request_to_an_ehr_while_a_transaction_is_open(store):
    """The guard that sinks and clients call raises inside a block and is silent outside."""
    with store.writing(), pytest.raises(TransactionOpen):
        refuse_open_transaction()
    refuse_open_transaction()


def test_sqlite_is_set_up_for_many_readers_and_power_cuts(sqlite_url, key):
    """WAL, foreign keys, a busy timeout and full synchronisation hold on every connection."""
    store = open_store(sqlite_url, [key])
    with store.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    store.close()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15_000, "synchronous": 2}


@pytest.fixture
def half_switched(sqlite_url):
    """A new file that another process has begun to write to: SQLite refuses the switch to WAL without waiting."""
    other = sqlite3.connect(make_url(sqlite_url).database, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_a_start_waits_for_another_that_switches_the_file(sqlite_url, half_switched):
    """The busy timeout alone doesn't: with it the second of two first starts ended now and then."""
    threading.Timer(0.3, half_switched.rollback).start()
    upgrade(sqlite_url)
    assert half_switched.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_stays_locked_is_named_in_the_end(sqlite_url, half_switched, monkeypatch):
    """Waiting ends with the busy timeout."""
    monkeypatch.setattr("plugin.store.engine.BUSY_TIMEOUT_MS", 100)
    with pytest.raises(UnusableStore, match="can't be opened"):
        upgrade(sqlite_url)


def test_migrations_make_the_tables_the_code_uses(own_store):
    """After `upgrade` Alembic sees no difference between database and `tables.py`."""
    with own_store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrations_can_be_taken_back(own_store):
    """Down to nothing and up again: a failed upgrade of the app can be rolled back."""
    with own_store.writing() as connection:
        command.downgrade(make_config(connection), "base")
    assert current_revision(own_store.engine) is None
    assert set(inspect(own_store.engine).get_table_names()) == {"alembic_version"}
    upgrade_engine(own_store.engine)
    assert set(metadata.tables) <= set(inspect(own_store.engine).get_table_names())


def test_upgrading_twice_changes_nothing(store_url):
    """`upgrade` may run at every start."""
    upgrade(store_url)
    upgrade(store_url)
    engine = make_engine(store_url)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def _start_process(script: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.Popen(
        [sys.executable, "-c", script], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def test_processes_that_start_together_all_find_the_tables(store_url, tmp_path):
    """Two first starts at once, in an empty folder: each migrates or waits, and no alembic.ini is needed or made."""
    folder = tmp_path / "empty"
    folder.mkdir()
    script = f"from plugin.store.engine import upgrade; upgrade({store_url!r})"
    processes = [_start_process(script, folder) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert said == [b"", b""]
    assert list(folder.iterdir()) == []
    engine = make_engine(store_url)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_threads_that_open_the_store_together_all_find_the_tables(store_url, key):
    """Alembic itself isn't thread-safe; opening a store is."""
    stores = []
    threads = [threading.Thread(target=lambda: stores.append(open_store(store_url, [key]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = []
    for store in stores:
        with store.reading() as connection:
            counts.append(connection.execute(select(func.count()).select_from(pending_launches)).scalar_one())
        store.close()
    assert counts == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "url", ["mysql://host/base", "sqlite://", "sqlite:///:memory:", "not an address"], ids=lambda url: url
)
def test_other_databases_are_refused_by_name(url, key):
    """An address that can't work is refused with what to write instead."""
    with pytest.raises(UnusableStore, match="sqlite:///"):
        open_store(url, [key])


def test_a_store_that_cannot_be_opened_is_named_with_its_remedy(tmp_path, key):
    """A missing folder, a folder instead of a file, a database nobody serves: one sentence, no password."""
    with pytest.raises(UnusableStore, match="no folder"):
        open_store(f"sqlite:///{tmp_path}/missing/store.sqlite3", [key])
    with pytest.raises(UnusableStore, match="can't be opened"):
        open_store(f"sqlite:///{tmp_path}", [key])
    with pytest.raises(UnusableStore, match="can't be opened") as refused:
        open_store(f"postgresql://nurse:secret-word@/none?host={tmp_path}", [key])
    assert "secret-word" not in str(refused.value)


def test_a_new_sqlite_file_is_for_its_owner_alone(sqlite_url, key):
    """Others on the machine read neither the file nor what SQLite puts beside it."""
    store = open_store(sqlite_url, [key])
    folder = Path(str(store.engine.url.database)).parent
    modes = {file.stat().st_mode & 0o777 for file in folder.glob("store.sqlite3*")}
    store.close()
    assert modes == {0o600}


def test_a_postgresql_address_may_leave_out_the_driver(postgres_url, key):
    """`postgresql://` is what people have; the driver is ours to know."""
    store = open_store(postgres_url.replace("postgresql+psycopg", "postgresql"), [key])
    with store.reading() as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1
    store.close()


def test_keys_are_required_and_checked(sqlite_url):
    """No key and a malformed key are refused before anything is stored."""
    for keys in ([], ["too short"]):
        with pytest.raises(UnusableKey):
            open_store(sqlite_url, keys)


def test_keys_rotate():
    """A new first key seals; the old one still opens; resealed text no longer needs it; without it the rest is shut."""
    old, new = make_key(), make_key()
    sealed = Cipher.from_keys([old]).seal("token")
    both = Cipher.from_keys([new, old])
    assert both.open(sealed) == "token"
    assert Cipher.from_keys([new]).open(both.reseal(sealed)) == "token"
    for attempt in (Cipher.from_keys([new]).open, Cipher.from_keys([new]).reseal):
        with pytest.raises(CannotOpen):
            attempt(sealed)


def test_a_store_shows_neither_keys_nor_address_when_printed(store, key):
    """`repr` must be safe in a log."""
    assert key not in repr(store)
    assert str(store.engine.url.database) not in repr(store)


def test_tables_of_a_newer_version_are_left_alone(store_url, key):
    """An older version started on newer tables says what helps, and closes what it opened."""
    engine = make_engine(store_url)
    upgrade_engine(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    for attempt in (lambda: open_store(store_url, [key]), lambda: upgrade(store_url)):
        with pytest.raises(UnusableStore, match="newer version; start the newer version or restore the backup"):
            attempt()
    assert current_revision(engine) == "0099"
    engine.dispose()


def test_a_file_that_is_no_database_is_named_with_its_remedy(tmp_path, key):
    """Something else lies at the address; it is neither used nor changed."""
    file = tmp_path / "store.sqlite3"
    file.write_bytes(b"anything but a database" * 100)
    with pytest.raises(UnusableStore, match=r"store\.sqlite3 can't be used: it is no database of this app"):
        open_store(f"sqlite:///{file}", [key])
    assert file.read_bytes() == b"anything but a database" * 100
