"""The worklist: what is kept, in which order it is found, and two people who want the same encounter."""

from datetime import date, timedelta

import pytest

from plugin.domain import Patient
from plugin.domain.replacing import replace
from plugin.review.ports import Person
from plugin.review.worklist import WorkSummary
from plugin.store.records import EncounterRecords
from plugin.store.retention import forget_encounters
from plugin.store.trail_check import verify
from plugin.store.worklist import Taken, Worklist
from plugin.store.worklist_search import FILTERS, ORDERS, Wanted

ANN = Person("Practitioner/ann", "Ann Able", "coder", verified=True)
BOB = Person("Practitioner/bob", "Bob Baker", "coder", verified=True)
LEA = Person("Practitioner/lea", "Lea Lead", "lead", verified=True)
JANE = Patient("Patient/p1", "Jane Quill", record_number="MRN-77")
WORK = WorkSummary(
    encounter="Encounter/e1",
    patient="Patient/p1",
    person=JANE,
    unit="Location/chairs",
    day=date(2026, 3, 2),
    due=date(2026, 3, 6),
    is_open=True,
    cents=12_300,
    unpriced=1,
    questions=0,
    infusions=2,
    missing_stops=0,
    dismissed_by={},
    ready=2,
)


def row_named(name: str, **changes: object) -> WorkSummary:
    """Another encounter, changed."""
    return replace(WORK, encounter=f"Encounter/{name}", **changes)


def names(rows: Worklist, person: Person = ANN, size: int = 50, **wanted: str) -> list[str]:
    """The encounters of a page, in its order."""
    return [
        row.encounter.removeprefix("Encounter/") for row in rows.page(Wanted(**wanted), person.reference, size).rows
    ]


@pytest.fixture
def rows(store) -> Worklist:
    """An empty worklist."""
    return Worklist(store, "clinic")


def id_of(rows: Worklist, name: str = "e1") -> int:
    """The number of an encounter's row."""
    return next(r.id for r in rows.page(Wanted("all"), "").rows if r.encounter == f"Encounter/{name}")


def test_a_row_says_what_was_summed_up_and_its_name_is_sealed(rows, store, now):
    """What stands in the database about the person can't be read without the key."""
    rows.keep(WORK, now)
    [row] = rows.page(Wanted(), "").rows
    assert (row.name, row.record_number, row.day, row.due) == ("Jane Quill", "MRN-77", "2026-03-02", "2026-03-06")
    assert (row.cents, row.unpriced, row.counts["ready"], row.seen_at) == (12_300, 1, 2, now)
    with store.reading() as connection:
        raw = str(connection.exec_driver_sql("SELECT * FROM worklist").all())
    assert "Quill" not in raw
    assert "MRN-77" not in raw


def test_seeing_it_again_renews_the_row_and_remembers_the_most_there_was(rows, store, now):
    """A stop that was charted since is no longer missing, and was missing once; posted is dated by the first time."""
    rows.keep(replace(WORK, missing_stops=2, questions=3), now)
    later = now + timedelta(hours=1)
    rows.keep(replace(WORK, ready=0, posted=2, is_open=False), later)
    rows.keep(replace(WORK, ready=0, posted=2, is_open=False), later + timedelta(days=1))
    with store.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT missing_stops, missing_ever, questions, questions_ever FROM worklist"
        ).all()
    assert [tuple(each) for each in found] == [(0, 2, 0, 3)]


def test_the_same_again_within_minutes_is_not_written(rows, now):
    """Something else is written at once, the same after ten minutes."""
    rows.keep(WORK, now)
    rows.keep(WORK, now + timedelta(minutes=9))
    assert rows.page(Wanted(), "").rows[0].seen_at == now
    rows.keep(replace(WORK, ready=1), now + timedelta(minutes=9))
    assert rows.page(Wanted(), "").rows[0].seen_at == now + timedelta(minutes=9)
    rows.keep(replace(WORK, ready=1), now + timedelta(minutes=19))
    assert rows.page(Wanted(), "").rows[0].seen_at == now + timedelta(minutes=19)


def test_the_orders(rows, now):
    """By money; by deadline; by age; what has no day comes last; equals by the deadline, then as they came."""
    rows.keep(row_named("small", cents=100, due=date(2026, 3, 3), day=date(2026, 3, 1)), now)
    rows.keep(row_named("large", cents=900, due=date(2026, 3, 5)), now)
    rows.keep(row_named("as-large-and-sooner", cents=900, due=date(2026, 3, 4), day=date(2026, 3, 3)), now)
    rows.keep(row_named("undated", cents=500, due=None, day=None), now)
    assert names(rows) == ["as-large-and-sooner", "large", "undated", "small"]
    assert names(rows, order="deadline") == ["small", "as-large-and-sooner", "large", "undated"]
    assert names(rows, order="age") == ["small", "large", "as-large-and-sooner", "undated"]


@pytest.mark.parametrize("order", ORDERS)
def test_pages_follow_each_other_without_gap_or_double(rows, now, order):
    """Also where many rows are level in everything but their number."""
    for number in range(23):
        rows.keep(row_named(f"e{number}", cents=number % 3, due=date(2026, 3, 2 + number % 4)), now)
    whole = names(rows, order=order)
    found, after = [], ""
    while True:
        page = rows.page(Wanted(order=order, after=after), "", 5)
        found += [row.encounter.removeprefix("Encounter/") for row in page.rows]
        after = page.next
        if not after:
            break
    assert found == whole
    assert len(found) == 23


@pytest.mark.parametrize("after", ["nonsense", "1~2~3", "2026-03-02~1~1", "9~2026-03-02~1'; --", "~~"])
def test_a_cursor_that_is_none_of_this_order_begins_at_the_start(rows, now, after):
    """An address that somebody made up is no error."""
    rows.keep(WORK, now)
    assert names(rows, after=after) == ["e1"]


def test_the_filters_and_how_many_each_has(rows, now):
    """To do is what is open and not held; the others say what is in a row."""
    rows.keep(row_named("asks", ready=0, questions=1), now)
    rows.keep(row_named("ready"), now)
    rows.keep(row_named("accepted", ready=0, accepted=1), now)
    rows.keep(row_named("posted", ready=0, posted=1, is_open=False), now)
    rows.keep(row_named("unknown", ready=0, unknown=1), now)
    rows.keep(row_named("failed", ready=0, failed=1), now)
    rows.keep(row_named("stale", ready=0, stale=1), now)
    rows.claim(id_of(rows, "failed"), ANN, now)
    rows.hold(id_of(rows, "stale"), BOB, "waits for the physician", now)
    for name, alone in [("question", "asks"), ("ready", "ready"), ("accepted", "accepted"), ("posted", "posted")]:
        assert names(rows, filter=name) == [alone]
    for name in ("unknown", "failed", "stale"):
        assert names(rows, filter=name) == [name]
    assert names(rows, filter="mine") == ["failed"]
    assert names(rows, BOB, filter="mine") == []
    assert names(rows, filter="held") == ["stale"]
    assert sorted(names(rows)) == ["accepted", "asks", "failed", "ready", "unknown"]
    counts = rows.page(Wanted(), ANN.reference).counts
    usual = dict.fromkeys(FILTERS, 1)
    assert counts == {**usual, "to-do": 5, "all": 7}


def test_who_is_nobody_has_nothing_of_theirs(rows, now):
    """Rows that nobody claimed are not those of somebody without a name."""
    rows.keep(WORK, now)
    assert rows.page(Wanted("mine"), "").rows == ()


def test_search_by_part_of_an_id(rows, now):
    """Of the encounter or the patient; a percent sign is one, and no wild card."""
    rows.keep(row_named("abc-1"), now)
    rows.keep(row_named("xyz-2", patient="Patient/abc-9"), now)
    rows.keep(row_named("other"), now)
    assert sorted(names(rows, search="abc")) == ["abc-1", "xyz-2"]
    assert names(rows, search="%") == []


def test_another_tenant_sees_and_changes_nothing(rows, store, now):
    """Neither by the list nor by the number of a row."""
    rows.keep(WORK, now)
    other = Worklist(store, "another")
    assert other.page(Wanted("all"), "").rows == ()
    assert other.row(id_of(rows)) is None
    with pytest.raises(LookupError):
        other.claim(id_of(rows), ANN, now)


def test_the_first_to_claim_has_it(rows, now):
    """The second one hears who; only the first, or a lead, gives it back."""
    rows.keep(WORK, now)
    row = id_of(rows)
    rows.claim(row, ANN, now)
    rows.claim(row, ANN, now)
    for change in (rows.claim, rows.release, rows.resume):
        with pytest.raises(Taken) as taken:
            change(row, BOB, now)
        assert taken.value.by == "Ann Able"
    with pytest.raises(Taken):
        rows.hold(row, LEA, "not mine", now)
    rows.release(row, LEA, now)
    rows.claim(row, BOB, now)
    found = rows.row(row)
    assert found is not None
    assert (found.claimed_by, found.claimed_name) == (BOB.reference, "Bob Baker")


def test_claims_and_holds_stand_in_the_trail_once(rows, store, now):
    """A second click adds nothing; a scan that sees the encounter again takes no claim away."""
    rows.keep(WORK, now)
    row = id_of(rows)
    rows.claim(row, ANN, now)
    rows.claim(row, ANN, now)
    rows.hold(row, ANN, "waits for the order", now)
    rows.keep(replace(WORK, cents=1), now)
    found = rows.row(row)
    assert found is not None
    assert (found.claimed_name, found.held_because, found.cents) == ("Ann Able", "waits for the order", 1)
    rows.resume(row, ANN, now)
    rows.release(row, ANN, now)
    trail = EncounterRecords(store, "clinic", "Encounter/e1").trail()
    assert [each.entry.kind for each in trail] == ["claim", "hold", "resume", "release"]
    assert dict(trail[1].entry.details)["reason"] == "waits for the order"
    assert list(verify(store)) == []


def test_a_row_is_forgotten_with_its_encounter(rows, store, now):
    """A year after it was last seen, and not a day after."""
    rows.keep(WORK, now)
    assert forget_encounters(store, now).encounters == 0
    assert forget_encounters(store, now + timedelta(seconds=1)).encounters == 1
    assert rows.page(Wanted("all"), "").rows == ()
