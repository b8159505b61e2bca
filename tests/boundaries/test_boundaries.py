"""Minute by minute around every threshold, in every family and role: see `tables.py` for how a table is read."""

import pytest

from plugin.codebook import CodeBook
from plugin.rules.differences import code_encounter
from tests.boundaries.tables import Row, rows
from tests.properties.building import asked, codes

ROWS = list(rows())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_minute_earns_what_its_row_says(row: Row):
    """The charges of the drawn chart are the row's codes and units, none more, and the row's questions are shown."""
    coded = code_encounter(row.chart(), CodeBook.load(), row.setting, row.positions)

    assert (row.units, row.questions) == (codes(coded.charges), asked(coded)), row.why


def test_no_row_is_written_twice_and_each_says_why():
    """A table has one row for each m, with its reason."""
    names = [row.name for row in ROWS]

    assert [name for name in names if names.count(name) > 1] == []
    assert [row.name for row in ROWS if not row.why] == []
