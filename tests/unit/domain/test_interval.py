"""Arithmetic on half-open stretches of time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.interval import (
    Clock,
    Interval,
    Stretch,
    inside,
    minutes,
    outside,
    seconds,
    split_after,
    union,
)

LONG = 200


def spans(name: str = "m1") -> st.SearchStrategy[list[Stretch]]:
    """Up to six stretches of one administration, empty and overlapping ones among them."""
    ends = st.tuples(st.integers(0, LONG), st.integers(0, LONG)).map(sorted)
    return st.lists(ends.map(lambda pair: Stretch(name, *pair)), max_size=6)


def points(stretches) -> set[int]:
    """Every second that a stretch holds, one by one."""
    return {second for stretch in stretches for second in range(stretch.start, stretch.stop)}


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ((59,), 0),
        ((60,), 1),
        ((119,), 1),
        ((59, 59), 1),
        ((30, 30), 1),
        ((3600, 1799), 89),
        ((3600, 1800), 90),
        ((), 0),
    ],
)
def test_minutes_are_rounded_down_once_over_the_whole(lengths, expected):
    """Seconds of several segments are added before they are rounded (D3)."""
    assert expected == minutes([Interval(0, length) for length in lengths])


def test_seconds_count_overlaps_twice():
    """A sum is a sum; counting once is what `union` is for."""
    assert 90 == seconds([Interval(0, 60), Interval(30, 60)])


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([(0, 10), (10, 20)], [(0, 20)]),
        ([(0, 10), (11, 20)], [(0, 10), (11, 20)]),
        ([(5, 8), (0, 10)], [(0, 10)]),
        ([(3, 3)], []),
        ([(0, 10), (0, 10)], [(0, 10)]),
        ([], []),
    ],
)
def test_union_joins_what_touches_and_drops_what_is_empty(given_, expected):
    """A set of intervals is sorted and disjoint."""
    assert [Interval(*pair) for pair in expected] == union(Interval(*pair) for pair in given_)


@pytest.mark.parametrize(
    ("covers", "left"),
    [
        ([], [(10, 20)]),
        ([(0, 10)], [(10, 20)]),
        ([(20, 30)], [(10, 20)]),
        ([(12, 15)], [(10, 12), (15, 20)]),
        ([(0, 12), (18, 30)], [(12, 18)]),
        ([(0, 30)], []),
        ([(11, 12), (13, 14)], [(10, 11), (12, 13), (14, 20)]),
    ],
)
def test_outside_is_what_the_covers_leave(covers, left):
    """Covers are taken away, at the edges and in the middle."""
    assert [Stretch("m", *pair) for pair in left] == outside(Stretch("m", 10, 20), [Interval(*c) for c in covers])


@given(spans(), spans("m2"))
def test_inside_and_outside_share_a_stretch_out(stretches, covers):
    """Each second is either inside or outside, and in exactly one of them."""
    cover = union(covers)
    for stretch in stretches:
        kept, lost = points(outside(stretch, cover)), points(inside(stretch, cover))
        assert points([stretch]) == kept | lost
        assert kept & lost == set()
        assert lost == points([stretch]) & points(cover)


@given(spans())
def test_a_union_holds_every_second_once(stretches):
    """The set holds what its members hold."""
    joined = union(stretches)

    assert points(stretches) == points(joined)
    assert seconds(joined) == len(points(joined))
    assert all(one.stop < other.start for one, other in pairwise(joined))


@pytest.mark.parametrize(
    ("limit", "first", "rest"),
    [
        (0, [], [("a", 0, 10), ("b", 20, 30)]),
        (4, [("a", 0, 4)], [("a", 4, 10), ("b", 20, 30)]),
        (10, [("a", 0, 10)], [("b", 20, 30)]),
        (15, [("a", 0, 10), ("b", 20, 25)], [("b", 25, 30)]),
        (20, [("a", 0, 10), ("b", 20, 30)], []),
        (99, [("a", 0, 10), ("b", 20, 30)], []),
    ],
)
def test_split_after_cuts_by_running_seconds_not_by_the_clock(limit, first, rest):
    """A pause between two stretches counts nothing towards the limit."""
    stretches = [Stretch("a", 0, 10), Stretch("b", 20, 30)]

    assert (tuple(Stretch(*s) for s in first), tuple(Stretch(*s) for s in rest)) == split_after(stretches, limit)


def test_a_clock_is_read_in_its_own_zone():
    """The moment is the same; the words are local, also on the day clocks change."""
    moment = int(datetime(2026, 3, 8, 7, 30, tzinfo=UTC).timestamp())

    assert "03:30" == f"{Clock(moment, ZoneInfo('America/New_York'))}"
    assert "2026-03-08" == f"{Clock(moment, ZoneInfo('America/New_York')):%Y-%m-%d}"
    assert "07:30" == f"{Clock(moment, UTC)}"
    hour_before = moment - int(timedelta(hours=1).total_seconds())
    assert "01:30" == f"{Clock(hour_before, ZoneInfo('America/New_York'))}"
