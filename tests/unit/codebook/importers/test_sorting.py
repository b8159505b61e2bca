"""Sorting on disk gives what sorting in memory gives."""

from hypothesis import given
from hypothesis import strategies as st

from plugin.codebook.importers import sorting
from plugin.codebook.importers.layers import paired

cells = st.text(alphabet="ab,\"'é \t", max_size=3)


@given(rows=st.lists(st.tuples(cells, cells), max_size=40), piece=st.integers(1, 9))
def test_any_number_of_pieces_gives_the_same_order(rows, piece, tmp_path_factory):
    """Rows that are equal by the key keep their order, whatever characters they hold."""
    before, sorting.ROWS_IN_MEMORY = sorting.ROWS_IN_MEMORY, piece
    try:
        found = list(sorting.in_order(rows, lambda row: row[:1], tmp_path_factory.mktemp("pieces"), "piece"))
    finally:
        sorting.ROWS_IN_MEMORY = before

    assert sorted(rows, key=lambda row: row[:1]) == found


@given(st.lists(st.tuples(cells, cells)), st.lists(st.tuples(cells, cells)))
def test_two_tables_side_by_side_lose_no_row(left, right):
    """Each key comes once, in order, with every row of either side."""
    left, right = sorted(left), sorted(right)

    groups = list(paired(iter(left), iter(right), lambda row: row[:1]))

    assert left == [row for _, ours, _ in groups for row in ours]
    assert right == [row for _, _, theirs in groups for row in theirs]
    assert sorted({row[:1] for row in left + right}) == [key for key, _, _ in groups]
