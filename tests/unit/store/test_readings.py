"""One process at a time reads the chart of a launch, and what it read is given out once; on both databases."""

import threading
from datetime import UTC, datetime, timedelta

from plugin.store.cipher import Cipher, make_key
from plugin.store.engine import Store
from plugin.store.readings import READER_LIFE, Done, Mine, Others, Readings

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def begun_at_once(store: Store, launch: str) -> int:
    """How many of ten who come at the same moment have the turn."""
    ready, turns = threading.Barrier(10), []

    def come() -> None:
        ready.wait()
        turns.append(Readings(store).begin(launch, NOW))

    threads = [threading.Thread(target=come) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(turns) == 10
    return [isinstance(turn, Mine) for turn in turns].count(True)


def test_at_the_same_moment_one_begins(store: Store) -> None:
    """Each of three times."""
    assert [begun_at_once(store, launch) for launch in ("first", "second", "third")] == [1, 1, 1]


def test_reader_that_died_is_followed(store: Store) -> None:
    """Its turn runs out; until then others wait, and one that goes on renews it."""
    readings = Readings(store)
    first = readings.begin("launch", NOW)
    assert isinstance(first, Mine)
    later = NOW + READER_LIFE - timedelta(seconds=1)
    assert readings.keep_on("launch", first.reader, later)
    assert readings.since("launch", NOW + READER_LIFE + timedelta(seconds=1)) == NOW
    assert readings.begin("launch", NOW + READER_LIFE) == Others(NOW)
    assert isinstance(readings.begin("launch", later + READER_LIFE), Mine)
    assert not readings.keep_on("launch", first.reader, later)
    readings.keep("launch", first.reader, "{}", later)  # it comes back too late
    assert readings.since("launch", later + READER_LIFE) == later + READER_LIFE


def test_what_was_read_is_given_out_once(store: Store) -> None:
    """Then the next one reads anew; one who gives up the turn leaves nothing."""
    readings = Readings(store)
    first = readings.begin("launch", NOW)
    assert isinstance(first, Mine)
    readings.keep("launch", first.reader, "the chart", NOW)
    assert readings.since("launch", NOW) is None
    assert readings.begin("launch", NOW) == Done("the chart")
    second = readings.begin("launch", NOW)
    assert isinstance(second, Mine)
    readings.end("launch", second.reader)
    assert readings.since("launch", NOW) is None
    assert isinstance(readings.begin("launch", NOW), Mine)


def test_what_a_retired_key_sealed_is_read_anew(store: Store) -> None:
    """It can't be opened, and stands in nobody's way."""
    readings = Readings(store)
    first = readings.begin("launch", NOW)
    assert isinstance(first, Mine)
    readings.keep("launch", first.reader, "the chart", NOW)
    assert isinstance(Readings(Store(store.engine, Cipher.from_keys([make_key()]))).begin("launch", NOW), Mine)
