"""Splicing an edition into what was known, against a slow count day by day."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from plugin.codebook.importers.splicing import LAST, Span, Window, splice, without_overlap

START = date(2026, 1, 1)
DAYS = 40


def day(number: int) -> date:
    """The day of that number."""
    return START + timedelta(days=number)


@st.composite
def disjoint_spans(draw, source):
    """Some spans in order without overlap, the last of them perhaps open."""
    ends = sorted(draw(st.sets(st.integers(0, DAYS), max_size=6)))
    spans = [
        Span(day(first), day(last), (draw(st.sampled_from("ab")),), (source,))
        for first, last in zip(ends[::2], ends[1::2], strict=False)
    ]
    if len(ends) % 2:
        spans.append(Span(day(ends[-1]), LAST, (draw(st.sampled_from("ab")),), (source,)))
    return spans


windows = st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)).map(
    lambda ends: Window(day(min(ends)), LAST if max(ends) == DAYS else day(max(ends)))
)


def on(spans: list[Span], when: date) -> tuple[str, ...] | None:
    """What is said on a day."""
    found = [span.values for span in spans if span.first <= when <= span.last]
    assert len(found) < 2, "two spans hold on a day"
    return found[0] if found else None


@given(disjoint_spans("old"), disjoint_spans("new"), windows)
def test_every_day_says_what_it_should(known, told, window):
    """In the window what the edition tells; before it what was known, else what it tells; after it what was known."""
    spliced = splice(known, told, window)
    first = min([window.first, *(span.last + timedelta(days=1) for span in told if span.last < window.first)])

    for number in range(DAYS + 5):
        when = day(number)
        expected = on(known, when)
        if first <= when <= window.last or (when < first and expected is None):
            expected = on(told, when)
        assert expected == on(spliced, when), when


@given(disjoint_spans("old"), disjoint_spans("new"), windows)
def test_splicing_the_same_again_changes_nothing(known, told, window):
    """What was spliced in is known then, down to its source."""
    once = splice(known, told, window)

    assert once == splice(once, told, window)


@given(st.lists(st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)), max_size=6, unique_by=lambda ends: ends[0]))
def test_spans_that_overlap_end_before_their_successor(ends):
    """After it no two of them hold on one day, and each still begins when it did."""
    told = [Span(day(first), day(max(first, last)), (str(first),), ("new",)) for first, last in ends]

    apart = without_overlap(told)

    assert sorted(span.first for span in told) == [span.first for span in apart]
    assert all(a.last < b.first for a, b in pairwise(apart))
