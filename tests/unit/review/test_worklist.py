"""What an encounter comes to on the worklist: counts, money, days, and what keeps it open."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Administration, Chart, Drug, Encounter
from plugin.domain.chart import Status
from plugin.domain.codes import Route, Technique
from plugin.review.prepare import ReviewSettings, code_chart
from plugin.review.worklist import WorkLine, WorkSummary, summarise

VISIT = Encounter("Encounter/e1", "Patient/p1", "AMB", locations=("Location/chairs", "Location/bed-2"))
FEES = {"96365": Decimal("212.345"), "96366": Decimal("40")}
LINES = [WorkLine("96365", 1, "undecided"), WorkLine("96366", 2, "undecided")]


def summed(lines: list[WorkLine], visit: Encounter = VISIT, gone: int = 0, sends: bool = True) -> WorkSummary:
    """The summary of an encounter with these lines and no administrations."""
    coded = code_chart(Chart(encounter=visit), CodeBook.load(), ReviewSettings())
    return summarise(coded, lines, FEES, 4, gone=gone, sends=sends)


def test_money_is_what_is_still_to_be_earned():
    """212.345 + 2 x 40 = 292.345 dollars; a line that is posted or dismissed is earned or lost; cents are whole."""
    assert summed(LINES).cents == 29_234  # half a cent goes to the even one
    assert summed([WorkLine("96365", 1, "sent"), WorkLine("96366", 2, "accepted")]).cents == 8_000
    assert summed([WorkLine("96365", 1, "dismissed", "Not performed")]).cents == 0


def test_a_line_without_a_price_is_counted_not_guessed():
    """Only while it is still to be earned."""
    found = summed([WorkLine("J9999", 3, "undecided"), WorkLine("J1111", 1, "sent"), LINES[0]])
    assert (found.unpriced, found.cents) == (1, 21_234)


def test_counts_by_where_the_lines_stand():
    """A line that waits for a second person was accepted once; one gone from the suggestions is stale."""
    kinds = ("undecided", "accepted", "second", "sent", "unknown", "failed", "changed", "waiting")
    found = summed([WorkLine("96366", 1, kind) for kind in kinds], gone=2)
    assert (found.ready, found.accepted, found.posted, found.unknown, found.failed) == (1, 2, 1, 1, 1)
    assert found.stale == 3


@pytest.mark.parametrize("kind", ["undecided", "accepted", "unknown", "failed", "changed"])
def test_what_keeps_it_open(kind):
    """Everything that isn't in the EHR and isn't dismissed."""
    assert summed([WorkLine("96365", 1, kind)]).is_open
    assert not summed([WorkLine("96365", 1, "sent"), WorkLine("96366", 1, "dismissed")]).is_open


def test_where_nothing_is_sent_an_accepted_line_is_done():
    """Shadow mode."""
    assert summed([WorkLine("96365", 1, "accepted")], sends=False).is_open is False
    assert summed([WorkLine("96365", 1, "undecided")], sends=False).is_open is True


def test_the_days():
    """The bill goes out four days after the visit; a visit without a day has no deadline."""
    visit = Encounter("Encounter/e1", "Patient/p1", "AMB", start=datetime(2026, 2, 27, 9, tzinfo=UTC))
    found = summed(LINES, visit)
    assert (found.day, found.due) == (date(2026, 2, 27), date(2026, 3, 3))
    assert (summed(LINES).day, summed(LINES).due) == (None, None)
    assert summed(LINES).unit == "Location/chairs"


def test_own_words_of_a_dismissal_stay_where_they_are():
    """They may tell of the patient; a reason of the list does not."""
    found = summed(
        [
            WorkLine("96365", 1, "dismissed", "Not performed: the line blew"),
            WorkLine("96366", 1, "dismissed", "Not performed"),
            WorkLine("96375", 1, "dismissed", "Mr Quill went home"),
        ]
    )
    assert found.dismissed_by == {"Not performed": 2, "Another reason": 1}


def test_stops_that_are_missing():
    """Of three infusions one has none and one has it by somebody's word; the others are not over, or none."""
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    drug = Drug("ceftriaxone")
    given = {"status": Status.COMPLETED, "drug": drug, "technique": Technique.INFUSION, "route": Route.INTRAVENOUS}
    chart = Chart(
        encounter=VISIT,
        administrations=(
            Administration("MedicationAdministration/a", start=at, stop=at.replace(hour=10), **given),
            Administration("MedicationAdministration/b", start=at.replace(hour=11), instant=True, **given),
            Administration("MedicationAdministration/c", start=at, **{**given, "technique": Technique.INJECTION}),
            Administration("MedicationAdministration/d", start=at, **{**given, "status": Status.NOT_DONE}),
            Administration("MedicationAdministration/e", start=at, **{**given, "status": Status.IN_PROGRESS}),
            Administration("MedicationAdministration/f", start=at, stop=at, attested=("stop",), **given),
        ),
    )
    found = summarise(code_chart(chart, CodeBook.load(), ReviewSettings()), [], {}, 4)
    assert (found.infusions, found.missing_stops) == (3, 2)
