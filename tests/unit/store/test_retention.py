"""What is forgotten after a while, and what is not."""

from datetime import timedelta

from plugin.domain.replacing import replace
from plugin.store.exports import ExportLedger
from plugin.store.records import EncounterRecords
from plugin.store.retention import Forgotten, forget_encounters
from tests.unit.sinks.test_export import DRAFT
from tests.unit.store.test_records import LINES, decision, intend, sent


def reviewed(store, name, at):
    """An encounter with a page shown, a decision, and a charge that arrived."""
    records = EncounterRecords(store, "clinic", f"Encounter/{name}")
    records.keep_shown("b1", LINES, at)
    records.decide([decision(at, identity=f"id-{name}")], at)
    return records


def test_an_encounter_goes_whole_when_nothing_in_it_is_young(store, now):
    """One touched a day before the limit goes with its trail; one touched at the limit stays."""
    old = reviewed(store, "old", now - timedelta(days=31))
    young = reviewed(store, "young", now - timedelta(days=30))

    assert forget_encounters(store, now - timedelta(days=30)) == Forgotten(encounters=1, unsettled=0)
    assert (old.shown("b1"), old.standing(), old.trail()) == (None, (), ())
    assert (young.shown("b1"), len(young.standing()), len(young.trail())) == (LINES, 1, 1)


def test_one_young_row_keeps_it_all(store, now):
    """A page looked at yesterday keeps a decision of a year ago."""
    records = reviewed(store, "e1", now - timedelta(days=365))
    records.keep_shown("b2", LINES, now - timedelta(days=1))

    assert forget_encounters(store, now - timedelta(days=30)).encounters == 0
    assert len(records.standing()) == 1


def test_a_charge_of_unknown_arrival_is_never_forgotten(store, now):
    """The encounter is counted, so that somebody looks into it."""
    long_ago = now - timedelta(days=365)
    records = EncounterRecords(store, "clinic", "Encounter/e1")
    records.decide([decision(long_ago)], long_ago)
    intent = intend(records, long_ago)

    assert forget_encounters(store, now - timedelta(days=30)) == Forgotten(encounters=0, unsettled=1)
    records.succeed(intent, sent(), long_ago)
    assert forget_encounters(store, now - timedelta(days=30)) == Forgotten(encounters=1, unsettled=0)
    assert records.recorded() == {}


def test_a_dry_run_counts_and_leaves(store, now):
    """The same number, and everything is still there."""
    records = reviewed(store, "e1", now - timedelta(days=365))

    assert forget_encounters(store, now - timedelta(days=30), dry=True).encounters == 1
    assert len(records.standing()) == 1


def test_a_charge_that_no_file_has_taken_is_never_forgotten(store, now):
    """It was accepted and billing has not seen it; once it is in a file, the encounter may go."""
    long_ago = now - timedelta(days=365)
    reviewed(store, "e1", long_ago)
    ledger = ExportLedger(store, "clinic")
    ledger.write(replace(DRAFT, encounter="Encounter/e1"), 0, ["charge"], long_ago)

    assert forget_encounters(store, now - timedelta(days=30)) == Forgotten(encounters=0, unsettled=1)
    assert ledger.make_batch(long_ago) is not None
    assert forget_encounters(store, now - timedelta(days=30)) == Forgotten(encounters=1, unsettled=0)


def test_an_export_of_yesterday_keeps_its_encounter(store, now):
    """What was written for billing is something that happened on the encounter."""
    reviewed(store, "e1", now - timedelta(days=365))
    ledger = ExportLedger(store, "clinic")
    ledger.write(replace(DRAFT, encounter="Encounter/e1"), 0, ["charge"], now - timedelta(days=1))
    ledger.make_batch(now - timedelta(days=365))

    assert forget_encounters(store, now - timedelta(days=30)) == Forgotten(encounters=0, unsettled=0)
