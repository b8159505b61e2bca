"""Counts in the database: up, over, and never lost between processes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from plugin.store.rate_counts import clear_count, count_of, count_up, forget_counts

MINUTE = timedelta(minutes=1)


def test_counts_go_up_and_begin_again(store, now):
    """A minute from the first of them."""
    assert [count_up(store, "a", MINUTE, now) for _ in range(3)] == [1, 2, 3]
    assert count_up(store, "a", MINUTE, now + timedelta(seconds=59)) == 4
    assert count_of(store, "a", now) == (4, now + MINUTE)
    assert count_up(store, "a", MINUTE, now + MINUTE) == 1
    assert count_of(store, "a", now + MINUTE)[1] == now + 2 * MINUTE


def test_each_key_has_its_own(store, now):
    """And clearing one leaves the other."""
    count_up(store, "a", MINUTE, now, amount=5)
    count_up(store, "b", MINUTE, now)
    clear_count(store, "a")
    assert (count_of(store, "a", now), count_of(store, "b", now)[0]) == ((0, None), 1)


def test_what_is_over_is_forgotten(store, now):
    """And nothing else."""
    count_up(store, "a", MINUTE, now)
    count_up(store, "b", 2 * MINUTE, now)
    assert forget_counts(store, now + MINUTE) == 1
    assert count_of(store, "b", now + MINUTE)[0] == 1


def test_many_at_once_lose_none(store, now):
    """Eight writers, each through its own connection."""
    with ThreadPoolExecutor(8) as pool:
        counts = sorted(pool.map(lambda _: count_up(store, "a", MINUTE, now), range(40)))
    assert counts == list(range(1, 41))
