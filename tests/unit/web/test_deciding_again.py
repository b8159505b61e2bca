"""Saying the same again, with everything between in the store: an edit stays, and a second click records nothing."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from plugin.codebook import CodeBook
from plugin.domain import CodedEncounter, Fact
from plugin.domain.replacing import replace
from plugin.review.decide import Asked, Sitting, decide
from plugin.review.lines import identity_of
from plugin.review.ports import Decided, Person, Policy
from plugin.review.prepare import Review, ReviewSettings, code_chart
from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from plugin.store.records import EncounterRecords
from plugin.web.views.standing import read_record
from plugin.web.views.times import clock_for
from tests.unit.web.sample_charts import chemo_day

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
CODER = Person("Practitioner/c1", "Dana Coder", "coder", verified=True)
CODED = code_chart(chemo_day().chart, CodeBook.load(), ReviewSettings())
CHARGE = next(charge for charge in CODED.charges if charge.minutes and charge.caveats)


@pytest.fixture
def records(tmp_path):
    """The records of the sample encounter in a fresh database."""
    store = open_store(f"sqlite:///{tmp_path / 'app.sqlite3'}", [make_key()])
    yield EncounterRecords(store, "sandbox", CODED.chart.encounter.id)
    store.close()


def say(records: EncounterRecords, action: str, coded: CodedEncounter = CODED, **values) -> Decided:
    """Decide on the charge as the page of this moment would send it."""
    seen = max((decided.number for decided in records.standing()), default=0)
    encounter = coded.chart.encounter
    asked = Asked(encounter.patient, encounter.id, "b1", CHARGE.key, action, seen, **values)
    sitting = Sitting(CODER, Review(coded, "b1"), records, Policy("sandbox"), {"59", "XS"}, NOW)
    return decide([asked], sitting)[0]


def in_other_words(coded: CodedEncounter) -> CodedEncounter:
    """The same suggestions, said differently: what a later edition of the app may do."""
    fact = Fact("said in other words", (), ())
    return replace(coded, charges=tuple(structs.replace(c, evidence=(fact,), caveats=()) for c in coded.charges))


def test_accepting_an_edited_line_again_keeps_the_edit(records):
    """The page shows the edited values; accepting them is what pressing accept there means."""
    say(records, "edit", units=3, modifiers=("XS",), reason="counted anew")
    again = say(records, "accept")
    assert (again.decision.units, again.decision.modifiers, again.decision.reason) == (3, ("XS",), "counted anew")


def test_a_second_accept_records_nothing(records):
    """Also when the form was old."""
    assert [say(records, "accept").number for _ in range(3)] == [1, 1, 1]
    assert len(records.trail()) == 1


def test_other_words_change_neither(records):
    """What counts of a suggestion is its units, minutes, administrations and diagnoses."""
    say(records, "edit", units=3, modifiers=("XS",), reason="counted anew")
    again = say(records, "accept", in_other_words(CODED))
    assert (again.decision.units, again.decision.reason) == (3, "counted anew")
    assert say(records, "accept", in_other_words(CODED)).number == again.number
    assert say(records, "accept").number == again.number


def test_a_suggestion_that_changed_is_accepted_as_it_is_now(records):
    """An edit of what was suggested before says nothing about what is suggested now."""
    say(records, "edit", units=3, modifiers=("XS",), reason="counted anew")
    changed = replace(CODED, charges=tuple(structs.replace(c, units=c.units + 1) for c in CODED.charges))
    again = say(records, "accept", changed)
    assert (again.number, again.decision.units, again.decision.modifiers) == (2, CHARGE.units + 1, CHARGE.modifiers)


@pytest.mark.parametrize("coded", [CODED, in_other_words(CODED)], ids=["same words", "other words"])
def test_the_page_agrees(records, coded):
    """What the decision takes for the same, the page doesn't call changed."""
    say(records, "edit", units=3, modifiers=("XS",), reason="counted anew")
    record = read_record(coded, records, clock_for(coded.chart), sends=True)
    identity = identity_of("sandbox", coded.chart.encounter.id, CHARGE.key)
    assert [d.identity for d in records.standing()] == [identity]
    assert [state.kind for state in record.states.values() if state.number] == ["accepted"]
