"""The export's ledger: what was accepted is in it once, corrections credit what they replace, files don't overlap."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from plugin.domain.chart import Patient
from plugin.domain.replacing import replace
from plugin.ehr.sinks.export import Export
from plugin.review.decide import decide
from plugin.review.ports import Conflict
from plugin.review.post import post_accepted
from plugin.store.cipher import make_key
from plugin.store.engine import Store, open_store
from plugin.store.exports import ExportLedger
from plugin.store.records import EncounterRecords
from plugin.store.trail_check import verify
from tests.unit.review.pretend import (
    CODER,
    ENCOUNTER,
    HYDRATION,
    LATER,
    NURSE,
    Killed,
    Life,
    Mortal,
    accept,
    asked,
    posting,
    sit,
)
from tests.unit.sinks.test_fhir_create import DRAFT
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(sqlite_url, [make_key()])
    yield opened
    opened.close()


@pytest.fixture
def records(store: Store) -> EncounterRecords:
    return EncounterRecords(store, "clinic", ENCOUNTER)


@pytest.fixture
def ledger(store: Store) -> ExportLedger:
    return ExportLedger(store, "clinic")


def sink(ledger: ExportLedger) -> Export:
    return Export(ledger, lambda: NOW)


def outcome(records: EncounterRecords, ledger: ExportLedger) -> list[str]:
    return [each.outcome for each in post_accepted(posting(records, sink(ledger)))]


def exported(ledger: ExportLedger) -> list[tuple[str, int]]:
    """The lines of the next file."""
    batch = ledger.make_batch(NOW)
    return [] if batch is None else [(line.kind, line.draft.units) for line in ledger.lines_of(batch.id)]


@verifies("WR-09")
def test_what_a_coder_accepts_is_in_the_next_file_and_in_no_other(
    records: EncounterRecords, ledger: ExportLedger
) -> None:
    """Posting again adds nothing; the trail tells of the file."""
    accept(records)
    assert (outcome(records, ledger), outcome(records, ledger)) == (["sent"], ["already"])
    assert exported(ledger) == [("charge", 1)]
    assert exported(ledger) == []
    assert [each.entry.kind for each in records.trail()] == ["accept", "sending", "sent", "exported"]
    assert list(verify(records.store)) == []


@verifies("WR-09", "WR-05")
def test_a_clinicians_acceptance_waits_for_a_coder(records: EncounterRecords, ledger: ExportLedger) -> None:
    """Billing gets nothing that is planned."""
    accept(records, NURSE)
    assert (outcome(records, ledger), exported(ledger)) == (["waiting"], [])
    accept(records, CODER, seen=1)
    assert (outcome(records, ledger), exported(ledger)) == (["sent"], [("charge", 1)])


@verifies("WR-07", "WR-09")
def test_a_correction_credits_and_charges_a_dismissal_credits(records: EncounterRecords, ledger: ExportLedger) -> None:
    """Whatever has been handed over: the sum of all files is what stands."""
    accept(records)
    outcome(records, ledger)
    assert exported(ledger) == [("charge", 1)]
    decide([asked(action="edit", units=3, modifiers=(), reason="Counted again", seen=1)], sit(records))
    assert outcome(records, ledger) == ["sent"]
    assert exported(ledger) == [("credit", 1), ("charge", 3)]
    decide([asked(action="dismiss", reason="Not performed", seen=2)], sit(records))
    assert (outcome(records, ledger), exported(ledger)) == (["sent"], [("credit", 3)])
    accept(records, seen=3)
    assert (outcome(records, ledger), exported(ledger)) == (["sent"], [("charge", 1)])


def test_a_file_written_again_is_the_same(records: EncounterRecords, ledger: ExportLedger) -> None:
    """Later decisions don't move into it."""
    decide([asked(), asked(HYDRATION)], sit(records))
    outcome(records, ledger)
    batch = ledger.make_batch(NOW)
    assert batch is not None
    first = ledger.lines_of(batch.id)
    decide([asked(action="dismiss", reason="Not performed", seen=1)], sit(records))
    outcome(records, ledger)
    assert ledger.lines_of(batch.id) == first
    assert [(each.id, each.lines) for each in ledger.batches()] == [(batch.id, 2)]


def test_another_tenants_lines_are_not_in_the_file(records: EncounterRecords, ledger: ExportLedger) -> None:
    """Nor can they be looked up."""
    accept(records)
    outcome(records, ledger)
    other = ExportLedger(records.store, "another")
    assert (other.make_batch(NOW), other.batches(), other.last(records.standing()[0].identity)) == (None, (), None)


def test_a_line_written_meanwhile_is_a_conflict(store: Store, ledger: ExportLedger) -> None:
    """A second create, or a change of what is no longer the newest line."""
    sent = sink(ledger).create(DRAFT)
    with pytest.raises(Conflict) as conflict:
        sink(ledger).create(replace(DRAFT, units=9))
    assert conflict.value.found == sent
    sink(ledger).change(replace(DRAFT, units=3), sent)
    with pytest.raises(Conflict):
        sink(ledger).change(replace(DRAFT, units=4), sent)
    assert exported(ledger) == [("charge", 2), ("credit", 2), ("charge", 3)]


@verifies("WR-02", "WR-09")
def test_killed_at_any_step_the_charge_is_in_the_export_once(sqlite_url: str) -> None:
    """One step later each time, then started again; as with the other ways of writing."""
    store = open_store(sqlite_url, [make_key()])
    step = 0
    while True:
        records = EncounterRecords(store, "clinic", f"Encounter/e{step}")
        ledger = ExportLedger(store, "clinic")
        _accept_at(records)
        life = Life(step)
        try:
            post_accepted(posting(Mortal(records, life), Mortal(sink(ledger), life)))
        except Killed:
            again = posting(records, sink(ledger), clock=lambda: LATER, writer="writer-2")
            (posted,) = post_accepted(again)
            assert posted.outcome in {"sent", "already"}, life.steps
            assert exported(ledger) == [("charge", 1)]
            step += 1
        else:
            break
    assert step == 18
    store.close()


def _accept_at(records: EncounterRecords) -> None:
    """Accept on an encounter of its own."""
    sitting = sit(records)
    chart = sitting.review.coded.chart
    encounter = replace(chart.encounter, id=records.encounter)
    coded = replace(sitting.review.coded, chart=replace(chart, encounter=encounter, patient=Patient("Patient/p1")))
    decide(
        [replace(asked(), encounter=records.encounter)],
        replace(sitting, review=replace(sitting.review, coded=coded)),
    )
