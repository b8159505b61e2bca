"""Every store test runs on an empty SQLite file and on an empty PostgreSQL database."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from plugin.store.cipher import make_key
from plugin.store.engine import Store, open_store

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def key() -> str:
    """A fresh encryption key."""
    return make_key()


@pytest.fixture
def store(store_url: str, key: str) -> Iterator[Store]:
    """An open store with all tables."""
    opened = open_store(store_url, [key])
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    """A fixed moment; the store never asks for the time itself."""
    return NOW
