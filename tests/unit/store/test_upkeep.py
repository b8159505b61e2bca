"""New keys and old pages."""

from datetime import timedelta

from plugin.store.cipher import Cipher, make_key
from plugin.store.engine import Store
from plugin.store.launches import LaunchStore
from plugin.store.records import EncounterRecords
from plugin.store.upkeep import forget_shown, reseal
from tests.unit.store.test_launches import new, pending
from tests.unit.store.test_records import LINES, decision, intend, sent

__all__ = ["new", "pending"]  # fixtures


def _fill(store, new, pending, now):
    records = EncounterRecords(store, "clinic", "Encounter/e1")
    records.keep_shown("b1", LINES, now)
    records.decide([decision(now)], now)
    records.succeed(intend(records, now), sent(), now)
    launches = LaunchStore(store)
    return launches.open(new, "browser", now), launches.pending.begin(pending, "browser", now)


def test_after_resealing_the_old_key_is_not_needed(store, key, new, pending, now):
    """Every kind of sealed value is read with the new key alone: tokens, decisions, intents, the trail and its key."""
    launch, state = _fill(store, new, pending, now)
    fresh = make_key()
    done, shut = reseal(Store(store.engine, Cipher.from_keys([fresh, key])))
    assert (done, shut) == (11, 0)
    alone = Store(store.engine, Cipher.from_keys([fresh]))
    records = EncounterRecords(alone, "clinic", "Encounter/e1")
    assert LaunchStore(alone).get(launch.id, "browser", now) == launch
    assert LaunchStore(alone).pending.take(state, "browser", now) == pending
    assert (records.shown("b1"), len(records.standing()), len(records.trail())) == (LINES, 1, 3)
    assert records.last_intents()["id-1"].found == records.recorded()["id-1"].sent == sent()


def test_what_no_key_opens_is_counted_and_left(store, new, pending, now):
    """A key lost for good: the rest of the store isn't held up by it."""
    _fill(store, new, pending, now)
    assert reseal(Store(store.engine, Cipher.from_keys([make_key()]))) == (0, 11)
    assert len(EncounterRecords(store, "clinic", "Encounter/e1").trail()) == 3


def test_pages_are_forgotten_after_two_days(store, now):
    """The page of today stays."""
    records = EncounterRecords(store, "clinic", "Encounter/e1")
    records.keep_shown("old", LINES, now - timedelta(days=2))
    records.keep_shown("new", LINES, now)
    assert forget_shown(store, now) == 1
    assert (records.shown("old"), records.shown("new")) == (None, LINES)
