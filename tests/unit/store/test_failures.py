"""Failures are kept for their administrators alone, sealed, and not for ever."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from plugin.domain.replacing import replace
from plugin.store import failures
from plugin.store.cipher import Cipher, make_key
from plugin.store.engine import Store
from plugin.store.failures import KEEP_FAILURES, Failure, last_failures, note_failure

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ONE = Failure(NOW, "0a1b2c3d", "The EHR does not answer", "Unreachable: ehr.example.org did not answer in time")


def test_newest_first_and_only_this_tenants(store: Store) -> None:
    """An administrator of one EHR sees none of another's."""
    for reference, tenant in (("first", "here"), ("other", "there"), ("second", "here")):
        note_failure(store, tenant, replace(ONE, reference=reference))
    assert [each.reference for each in last_failures(store, "here")] == ["second", "first"]
    assert last_failures(store, "here")[0] == replace(ONE, reference="second")


def test_sealed(store: Store) -> None:
    """Its words stand nowhere in the database; with another key they are said to be in the log."""
    note_failure(store, "here", ONE)
    with store.reading() as connection:
        assert "answer" not in str(connection.execute(text("SELECT * FROM failures")).all())
    other = Store(store.engine, Cipher.from_keys([make_key()]))
    assert last_failures(other, "here")[0].happened == "sealed with a key that was retired; the log has it"


def test_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two weeks, or when there are too many."""
    note_failure(store, "here", ONE)
    note_failure(store, "here", replace(ONE, at=NOW + KEEP_FAILURES, reference="late"))
    assert [each.reference for each in last_failures(store, "here")] == ["late"]
    monkeypatch.setattr(failures, "MOST_KEPT", 2)
    for number in range(4):
        note_failure(store, "here", replace(ONE, at=NOW + KEEP_FAILURES, reference=str(number)))
    assert [each.reference for each in last_failures(store, "here")] == ["3", "2"]
