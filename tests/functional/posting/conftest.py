"""One sandbox EHR for this folder; each test has a store and a charge of its own."""

import itertools
from collections.abc import Iterator

import pytest

from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from tests.functional.posting.clinic import Clinic
from tests.smart.sandbox.ehr import Ehr, running_ehr

_codes = itertools.count(96401)


@pytest.fixture(scope="session")
def posting_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """A running sandbox EHR."""
    with running_ehr(tmp_path_factory.mktemp("ehr")) as ehr:
        yield ehr


@pytest.fixture
def code() -> str:
    """A code no other test of this run charges: the EHR is shared."""
    return str(next(_codes))


@pytest.fixture
def clinic(posting_ehr: Ehr, sqlite_url: str, code: str) -> Iterator[Clinic]:
    """A launched app with an empty store."""
    store = open_store(sqlite_url, [make_key()])
    yield Clinic(posting_ehr, store, posting_ehr.launched()["access_token"], code)
    store.close()
