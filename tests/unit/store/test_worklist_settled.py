"""The worklist's counts when charges of unknown arrival were found out about."""

from datetime import UTC, date, datetime

import pytest

from plugin.review.worklist import WorkSummary
from plugin.store.turns import Place
from plugin.store.worklist import Wanted, Worklist
from plugin.store.worklist_settled import count_settled

NOW = datetime(2026, 3, 3, 8, tzinfo=UTC)
PLACE = Place("clinic", "Encounter/e1")


def row(store):
    """What the list says of the encounter."""
    [found] = Worklist(store, "clinic").page(Wanted("all"), "").rows
    return {name: found.counts[name] for name in ("unknown", "posted", "failed")}, found.is_open


@pytest.fixture
def listed(store):
    """Three lines unknown, one posted."""
    day = date(2026, 3, 2)
    counts = {"unknown": 3, "posted": 1}
    Worklist(store, "clinic").keep(
        WorkSummary("Encounter/e1", "Patient/p1", None, "", day, day, True, 0, 0, 0, 0, 0, {}, **counts), NOW
    )
    return store


@pytest.mark.parametrize(
    ("arrived", "never", "counts", "is_open"),
    [
        (3, 0, {"unknown": 0, "posted": 4, "failed": 0}, False),
        (2, 0, {"unknown": 1, "posted": 3, "failed": 0}, True),
        (2, 1, {"unknown": 0, "posted": 3, "failed": 1}, True),
        (0, 0, {"unknown": 3, "posted": 1, "failed": 0}, True),
        (4, 0, {"unknown": 3, "posted": 1, "failed": 0}, True),
    ],
)
def test_lines_move_from_unknown_to_where_they_belong(listed, arrived, never, counts, is_open):
    """Arrived is posted, never arrived is failed; a row that holds fewer is left for whoever reads the chart next."""
    count_settled(listed, PLACE, arrived, never, NOW)
    assert row(listed) == (counts, is_open)


def test_an_encounter_that_is_not_listed_stays_so(store):
    """Nobody has opened it: there is nothing to count."""
    count_settled(store, PLACE, 1, 0, NOW)
    assert Worklist(store, "clinic").page(Wanted("all"), "").rows == ()
