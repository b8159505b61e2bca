"""Every store test runs on SQLite and on PostgreSQL; tables are made once and emptied, which is much faster."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete

from plugin.store.cipher import make_key
from plugin.store.engine import Store, open_store, upgrade
from plugin.store.tables import metadata
from tests.store_servers import Cluster

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KINDS = ("sqlite", "postgres")


@pytest.fixture(params=KINDS)
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind, without tables."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "store.sqlite3"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres_cluster: Cluster) -> Iterator[str]:
    """A PostgreSQL database with all tables, to be emptied after each test."""
    postgres_cluster.create("migrated")
    url = postgres_cluster.url_of("migrated")
    upgrade(url)
    yield url
    postgres_cluster.drop("migrated")


@pytest.fixture
def key() -> str:
    """A fresh encryption key."""
    return make_key()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path, key: str) -> Iterator[Store]:
    """An open store with all tables and nothing in them."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "store.sqlite3")
        opened = open_store(f"sqlite:///{file}", [key], upgrade=False)
    else:
        opened = open_store(request.getfixturevalue("migrated_database"), [key], upgrade=False)
    yield opened
    with opened.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
    opened.close()


@pytest.fixture
def now() -> datetime:
    """A fixed moment; the store never asks for the time itself."""
    return NOW
