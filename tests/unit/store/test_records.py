"""Decisions, turns, intents and the trail on both databases, and under many threads at once."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from plugin.domain.charge import ChargeDraft, Decision, SuggestedCharge
from plugin.domain.replacing import replace
from plugin.review.ports import (
    AlreadyDecided,
    AlreadySent,
    Backing,
    NewDecision,
    NewIntent,
    SentCharge,
    ShownLine,
    TurnLost,
)
from plugin.review.trail import Entry
from plugin.store.records import EncounterRecords, encounters_with_unsettled
from plugin.store.tables import decisions, intents, sent_charges, shown_lines, trail

THREADS = 8
KEY = ("CPT", "96365", (), date(2026, 3, 2))
CHARGE = SuggestedCharge("CPT", "96365", 1, (), KEY[3], ("MedicationAdministration/m1",), (), (), (), (), ())
LINES = (ShownLine(KEY, 1, ("MedicationAdministration/m1",)),)


@pytest.fixture
def records(store):
    """Empty records of one encounter."""
    return EncounterRecords(store, "clinic", "Encounter/e1")


def decision(now: datetime, person: str = "Practitioner/c1", identity: str = "id-1", **changes) -> NewDecision:
    """A coder's acceptance."""
    made = Decision(KEY, "accept", person, "coder", now, 1, (), reason="because of Mr. Example", basis="b1")
    new = NewDecision(identity, made, Backing(CHARGE, "Patient/p1", "why"), "Carl Coder", True, 0)
    return replace(new, **changes)


def draft(now: datetime, identity: str = "id-1") -> ChargeDraft:
    """What is sent for it."""
    return ChargeDraft(
        identity=identity,
        encounter="Encounter/e1",
        patient="Patient/p1",
        charge=CHARGE,
        units=1,
        modifiers=(),
        status="billable",
        entered_by="Practitioner/c1",
        entered_at=now,
        start=None,
        stop=None,
        note="why",
    )


def sent(version: str = "1") -> SentCharge:
    """What the EHR holds."""
    return SentCharge("id-1", "ChargeItem/x1", version, "billable", Decimal(1), (), "Practitioner/c1")


def intend(records, now, number=1, base=None):
    """An intent of a writer whose turn it is."""
    assert records.take_turn("w1", now)
    return records.intend(NewIntent(draft(now), number, "fhir-create", base), "w1", now)


def together(work: Callable[[int], None]) -> list[Exception]:
    """Run work(0) ... work(7) in threads at once; return what they raised."""
    barrier, raised = threading.Barrier(THREADS), []

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_a_decision_comes_back_as_it_was_recorded(records, now):
    """Every field of decision and backing survives the database."""
    (decided,) = records.decide([decision(now)], now)
    assert records.standing() == (decided,)
    assert (decided.decision, decided.backing) == (decision(now).decision, decision(now).backing)


def test_encounters_and_tenants_stay_apart(store, records, now):
    """The same line of another encounter or tenant is another world."""
    records.decide([decision(now)], now)
    for other in (EncounterRecords(store, "clinic", "Encounter/e2"), EncounterRecords(store, "ward", "Encounter/e1")):
        assert (other.standing(), other.trail(), other.shown("b1")) == ((), (), None)


def test_of_many_who_decide_at_once_one_is_recorded(records, now):
    """Eight people accept the same line from the same page: one stands, seven are told whose it is."""

    def decide(number: int) -> None:
        records.decide([decision(now, f"Practitioner/c{number}")], now)

    raised = together(decide)
    assert [type(each) for each in raised] == [AlreadyDecided] * (THREADS - 1)
    (standing,) = records.standing()
    assert {each.standing.decision.decided_by for each in raised} == {standing.decision.decided_by}
    assert len(records.trail()) == 1


def test_all_or_none_of_a_form_is_recorded(records, now):
    """The second line clashes, so the first isn't recorded either."""
    records.decide([decision(now, identity="id-2")], now)
    form = [decision(now), decision(now, "Practitioner/other", identity="id-2")]
    with pytest.raises(AlreadyDecided):
        records.decide(form, now)
    assert [each.identity for each in records.standing()] == ["id-2"]
    assert len(records.trail()) == 1


def test_the_trails_numbers_have_no_gap_and_no_double(records, now):
    """Eight threads that add three entries each leave 1 to 24."""
    entry = Entry(now, "shadow", "id-1", "96365 x 1 on 2026-03-02")
    assert together(lambda _number: [records.note([entry]) for _ in range(3)] and None) == []
    assert [each.number for each in records.trail()] == list(range(1, 3 * THREADS + 1))


def test_one_of_many_gets_the_turn(records, now):
    """Eight writers ask at once; one has it and keeps it, and only that one can give it up."""
    granted = []

    def take(number: int) -> None:
        if records.take_turn(f"w{number}", now):
            granted.append(f"w{number}")

    assert together(take) == []
    (winner,) = granted
    loser = "w1" if winner != "w1" else "w2"
    assert records.take_turn(winner, now + timedelta(minutes=2))
    records.end_turn(loser)
    assert not records.take_turn(loser, now + timedelta(minutes=4))
    records.end_turn(winner)
    assert records.take_turn(loser, now + timedelta(minutes=4))


def test_a_turn_runs_out_after_three_minutes(records, now):
    """Then somebody else gets it, and the first one can store no intent any more."""
    records.decide([decision(now)], now)
    records.take_turn("w1", now)
    assert not records.take_turn("w2", now + timedelta(seconds=179))
    assert records.take_turn("w2", now + timedelta(seconds=180))
    with pytest.raises(TurnLost):
        records.intend(NewIntent(draft(now), 1, "fhir-create"), "w1", now + timedelta(seconds=181))


def test_an_intent_needs_a_turn_that_still_runs(records, now):
    """Nobody else wants it, yet a turn that ran out stores nothing: the writer may have been frozen."""
    records.decide([decision(now)], now)
    records.take_turn("w1", now)
    with pytest.raises(TurnLost):
        records.intend(NewIntent(draft(now), 1, "fhir-create"), "w1", now + timedelta(minutes=3))


def test_an_intent_of_a_decision_that_no_longer_stands_is_not_stored(records, now):
    """Undone or changed between reading and sending: nothing is sent."""
    records.decide([decision(now)], now)
    undo = replace(decision(now).decision, action="undo")
    records.decide([decision(now, decision=undo, seen=1)], now)
    assert intend(records, now, number=1) is None
    assert records.last_intents() == {}


def test_undo_is_refused_from_the_moment_the_intent_is_stored(records, now):
    """On its way is as good as sent."""
    records.decide([decision(now)], now)
    intend(records, now)
    undo = replace(decision(now).decision, action="undo")
    with pytest.raises(AlreadySent):
        records.decide([decision(now, decision=undo, seen=1)], now)


def test_one_charge_has_at_most_one_unsettled_intent(records, now):
    """The database itself refuses a second one."""
    records.decide([decision(now)], now)
    intend(records, now)
    with pytest.raises(IntegrityError):
        intend(records, now)


def test_an_intent_is_kept_before_and_after(records, now):
    """Open, tried again, done: the draft stays, the charge is recorded."""
    records.decide([decision(now)], now)
    intent = intend(records, now)
    assert records.last_intents()["id-1"] == intent
    again = records.try_again(intent, "w1", now)
    assert (again.state, again.attempts, again.draft) == ("open", 2, draft(now))
    records.succeed(again, sent(), now)
    assert records.last_intents()["id-1"].state == "done"
    recorded = records.recorded()["id-1"]
    assert (recorded.sent, recorded.draft) == (sent(), draft(now))


def test_a_changed_charge_replaces_what_was_recorded(records, now):
    """The latest version is what later changes rest on."""
    records.decide([decision(now)], now)
    records.succeed(intend(records, now), sent("1"), now)
    records.succeed(intend(records, now, base=sent("1")), sent("2"), now)
    assert records.recorded()["id-1"].sent.version == "2"
    assert records.last_intents()["id-1"].base == sent("1")


def test_a_failure_keeps_its_words_and_what_was_found(records, now):
    """Unknown stays unsettled; a conflict is settled and holds the EHR's charge."""
    records.decide([decision(now)], now)
    intent = intend(records, now)
    records.fail(intent, "unknown", "no answer", None, now)
    assert (records.last_intents()["id-1"].state, records.last_intents()["id-1"].message) == ("unknown", "no answer")
    records.fail(intent, "conflict", "billed", sent("9"), now)
    assert records.last_intents()["id-1"].found == sent("9")
    assert records.recorded() == {}


def test_the_first_word_on_an_intent_stands(records, now):
    """Two processes settle the same one: the charge is recorded once, told once."""
    records.decide([decision(now)], now)
    intent = intend(records, now)
    assert together(lambda _number: records.succeed(intent, sent(), now)) == []
    records.fail(intent, "refused", "too late", None, now)
    assert records.last_intents()["id-1"].state == "done"
    assert [each.entry.kind for each in records.trail()] == ["accept", "sending", "sent"]


def test_unsettled_encounters_are_found_across_the_store(store, records, now):
    """For start-up and the worklist: open and unknown, not what is done."""
    records.decide([decision(now)], now)
    intent = intend(records, now)
    assert encounters_with_unsettled(store) == (records.place,)
    records.succeed(intent, sent(), now)
    assert encounters_with_unsettled(store) == ()


def test_shown_lines_are_kept_once_for_each_basis(records, now):
    """Showing the same page many times at once keeps it once; another basis is another page."""
    assert together(lambda _number: records.keep_shown("b1", LINES, now)) == []
    records.keep_shown("b2", (), now)
    assert (records.shown("b1"), records.shown("b2"), records.shown("b3")) == (LINES, (), None)


def test_the_trail_tells_who_decided_what_and_when(records, now):
    """An entry keeps its moment, person and details."""
    records.decide([decision(now)], now)
    (told,) = records.trail()
    assert (told.number, len(told.digest)) == (1, 64)
    assert told.entry == Entry(
        at=now,
        kind="accept",
        identity="id-1",
        line="96365 x 1 on 2026-03-02",
        person="Practitioner/c1",
        name="Carl Coder",
        role="coder",
        verified=True,
        details=(("reason", "because of Mr. Example"),),
    )


def test_chart_content_and_reasons_are_sealed(store, records, now):
    """Codes, administrations, reasons and names of people stand in no column in the clear."""
    records.keep_shown("b1", LINES, now)
    records.decide([decision(now)], now)
    records.succeed(intend(records, now), sent(), now)
    with store.reading() as connection:
        tables = (decisions, intents, sent_charges, shown_lines, trail)
        rows = [row for table in tables for row in connection.execute(select(table))]
    stored = repr(rows)
    assert len(rows) == 7
    for secret in (
        "96365",
        "MedicationAdministration/m1",
        "Mr. Example",
        "Carl Coder",
        "Practitioner/c1",
        "Patient/p1",
    ):
        assert secret not in stored


def test_a_zone_is_kept_as_its_offset(records, now):
    """Times that were charted in a zone come back as the same moment in the same offset."""
    start = datetime.fromisoformat("2026-03-02T10:00:00-06:00")
    records.decide([decision(now, backing=Backing(CHARGE, "Patient/p1", "why", start, None))], now)
    (standing,) = records.standing()
    assert standing.backing.start is not None
    assert standing.backing.start.isoformat() == "2026-03-02T10:00:00-06:00"
