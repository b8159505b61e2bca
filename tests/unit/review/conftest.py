"""Use cases are tested on real records in an SQLite file; the store's own tests cover PostgreSQL."""

from collections.abc import Iterator

import pytest

from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from plugin.store.records import EncounterRecords
from tests.unit.review.pretend import ENCOUNTER, Ehr


@pytest.fixture
def records(sqlite_url: str) -> Iterator[EncounterRecords]:
    """Empty records of the pretended encounter."""
    store = open_store(sqlite_url, [make_key()])
    yield EncounterRecords(store, "clinic", ENCOUNTER)
    store.close()


@pytest.fixture
def ehr() -> Ehr:
    """An EHR without charges."""
    return Ehr()
