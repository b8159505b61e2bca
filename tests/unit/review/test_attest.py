"""Who may attest what, what can be attested, and what the lines then say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Administration, Chart, Diagnosis, Drug, Encounter, Route, Status, Technique, Term, Tier
from plugin.domain.replacing import replace
from plugin.review.answering import form_for
from plugin.review.attest import Attesting, Statement, attest, take_back
from plugin.review.attested_standing import standing_of
from plugin.review.decide import Asked, NotAllowed, Sitting, Stale, Waits, WrongChart, decide
from plugin.review.ports import Policy
from plugin.review.prepare import ReviewSettings, review_chart
from plugin.review.refusals import Invalid
from plugin.review.trail import tell
from plugin.store.attestations import EncounterAttestations
from plugin.store.records import EncounterRecords
from tests.unit.review.pretend import CODER, ENCOUNTER, MODIFIERS, NURSE, PATIENT

ZONE = ZoneInfo("America/Chicago")
START = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
M1, M2 = "MedicationAdministration/m1", "MedicationAdministration/m2"
STOP = (M1, "stop")
BOOK = CodeBook.load()
ALONE = {"drug_lines": "elsewhere"}
BILL = ReviewSettings(positions={"attested_times": "bill", **ALONE})
OPEN_ENDED = Administration(
    M1,
    Status.COMPLETED,
    Drug("cefepime IVPB", (Term("rxnorm", "20481"),)),
    START,
    instant=True,
    route=Route.INTRAVENOUS,
    technique=Technique.INFUSION,
    infuse_over=Decimal(30),
)
CHART = Chart(
    Encounter(ENCOUNTER, PATIENT, "AMB", "finished", START - timedelta(hours=2), START + timedelta(hours=4)),
    (OPEN_ENDED,),
    (Diagnosis("Condition/k1", (Term("icd10cm", "M86.9"),)),),
    zone=ZONE,
)
KEY = ("missing-stop-time", (M1,))


@pytest.fixture
def kept(records) -> EncounterAttestations:
    """Attestations beside the records of the pretended encounter."""
    return EncounterAttestations(records.store, records.tenant, records.encounter)


def sit(kept, person=NURSE, chart=CHART, settings=None, **changes) -> Attesting:
    """A person before the chart as it stands with what was attested."""
    review = review_chart(chart, BOOK, settings or ReviewSettings(positions=ALONE), kept.attested())
    made = Attesting(
        person, review, kept, Policy("clinic"), PATIENT, ENCOUNTER, review.basis, "from the pump", ZONE, NOW
    )
    return replace(made, **changes)


def stopped(minutes: int) -> Statement:
    """The nurse says when it stopped."""
    return Statement(KEY, {STOP: START + timedelta(minutes=minutes)})


def test_an_attested_stop_turns_the_question_into_a_line_that_waits(kept):
    """30 minutes of cefepime earn 96365; its minutes are marked, it can't be accepted yet, and the trail tells it."""
    assert [ask.kind for ask in sit(kept).review.coded.asks] == ["missing-stop-time"]
    (said,) = attest([stopped(30)], sit(kept))
    assert said.answer == "cefepime IVPB: stop 09:30 on 2026-03-02"
    assert said.late_entry == (
        "Late entry 2026-03-02 14:00 by Nora Nurse: cefepime IVPB: stop 09:30 on 2026-03-02. "
        "Reason for the late entry: from the pump."
    )
    review = sit(kept).review
    (line,) = review.coded.charges
    assert (line.code, line.units, {m.tier for m in line.minutes}) == ("96365", 1, {Tier.ATTESTED})
    assert review.coded.asks == ()
    assert review.waiting == {line.key}
    assert [c.other for c in line.caveats if c.position == "attested_times"] == ["bill"]
    sitting = Sitting(CODER, review, _records(kept), Policy("clinic"), MODIFIERS, NOW)
    with pytest.raises(Waits, match="Chart the late entry"):
        decide([Asked(PATIENT, ENCOUNTER, review.basis, line.key, "accept")], sitting)
    (entry,) = _records(kept).trail()
    assert tell(entry.entry) == (
        "Nora Nurse (clinician) attested cefepime IVPB: stop 09:30 on 2026-03-02 (reason: from the pump)"
    )


def test_at_a_site_that_bills_attested_times_nothing_waits(kept):
    """Position `attested_times` = bill."""
    attest([stopped(30)], sit(kept))
    review = sit(kept, settings=BILL).review
    assert [c.code for c in review.coded.charges] == ["96365"]
    assert review.waiting == frozenset()


def test_the_chart_makes_it_charted(kept):
    """Read again with the same stop, the line rests on tier 1 and nothing waits."""
    attest([stopped(30)], sit(kept))
    charted = replace(CHART, administrations=(replace(OPEN_ENDED, stop=START + timedelta(minutes=30), instant=False),))
    review = sit(kept, chart=charted).review
    assert {m.tier for m in review.coded.charges[0].minutes} == {Tier.CHARTED}
    assert review.waiting == frozenset()
    assert [s.state for s in standing_of(review.attested, charted)] == ["charted"]


def test_a_line_the_chart_alone_supports_does_not_wait(kept):
    """An injection beside it is the same with and without the attested stop."""
    day = date(2026, 3, 2)
    injection = Administration(
        M2,
        Status.COMPLETED,
        Drug("ondansetron", (Term("rxnorm", "26225"),)),
        START,
        instant=True,
        route=Route.INTRAMUSCULAR,
        technique=Technique.INJECTION,
    )
    chart = replace(CHART, administrations=(OPEN_ENDED, injection))
    attest([stopped(30)], sit(kept, chart=chart))
    review = sit(kept, chart=chart).review
    assert {c.key for c in review.coded.charges} == {("CPT", "96365", (), day), ("CPT", "96372", (), day)}
    assert review.waiting == {("CPT", "96365", (), day)}


def test_a_coder_may_not_attest_a_time(kept):
    """Times are a clinician's to state."""
    with pytest.raises(NotAllowed, match="Only a clinician"):
        attest([stopped(30)], sit(kept, CODER))
    assert kept.attested() == ()


@pytest.mark.parametrize(
    "person", [replace(NURSE, verified=False), replace(NURSE, reference="https://ehr.test/r4/Patient/p1")]
)
def test_who_is_not_verified_or_is_the_patient_attests_nothing(kept, person):
    """The same people who can't decide."""
    with pytest.raises(NotAllowed):
        attest([stopped(30)], sit(kept, person))


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (stopped(-5), "before the start"),
        (stopped(24 * 60), "future"),
        (Statement(KEY), "give a day and a time"),
        (Statement(KEY, {STOP: "soon"}), "give a day and a time"),
    ],
)
def test_times_that_can_not_be_are_refused(kept, statement, why):
    """Nothing is recorded."""
    with pytest.raises(Invalid, match=why):
        attest([statement], sit(kept))
    assert kept.attested() == ()


def test_a_reason_is_needed(kept):
    """An attestation without a ground is none."""
    with pytest.raises(Invalid, match="Say why"):
        attest([stopped(30)], sit(kept, reason="  "))


def test_a_form_of_another_chart_or_of_an_older_page_is_refused(kept):
    """As with decisions."""
    with pytest.raises(WrongChart):
        attest([stopped(30)], sit(kept, patient="Patient/p2"))
    with pytest.raises(Stale):
        attest([stopped(30)], sit(kept, basis="older"))
    with pytest.raises(Stale):
        attest([Statement(("missing-route", (M1,)))], sit(kept))
    assert kept.attested() == ()


def test_the_form_is_filled_from_the_charted_plan():
    """30 minutes to infuse over: 9:30; a chart without a plan pre-fills nothing."""
    (ask,) = review_chart(CHART, BOOK, ReviewSettings(positions=ALONE)).coded.asks
    form = form_for(ask, CHART)
    (stop,) = form.fields
    assert (stop.element, stop.prefilled, stop.source) == (
        "stop",
        START + timedelta(minutes=30),
        "30 min documented to infuse over",
    )
    assert form.is_prefilled
    assert form.choices == {}
    bare = replace(CHART, administrations=(replace(OPEN_ENDED, infuse_over=None),))
    assert not form_for(ask, bare).is_prefilled


def test_an_answer_from_the_list_states_what_it_would_change(kept):
    """`push-or-infusion`: as a push; the technique is attested, and the line with it."""
    chart = replace(CHART, administrations=(replace(OPEN_ENDED, technique=None, infuse_over=None),))
    attest([Statement(("push-or-infusion", (M1,)), choice="as a push")], sit(kept, chart=chart))
    review = sit(kept, chart=chart).review
    assert [(c.code, c.minutes[0].tier) for c in review.coded.charges] == [("96374", Tier.ATTESTED)]
    assert len(review.waiting) == 1


def test_taking_back_brings_the_question_again(kept):
    """A clinician's word is taken back by a clinician; the trail keeps both."""
    (said,) = attest([stopped(30)], sit(kept))
    with pytest.raises(NotAllowed, match="a clinician must take it back"):
        take_back(said.number, sit(kept, CODER))
    take_back(said.number, sit(kept))
    assert kept.attested() == ()
    assert [ask.kind for ask in sit(kept).review.coded.asks] == ["missing-stop-time"]
    assert [each.entry.kind for each in _records(kept).trail()] == ["attest", "take-back"]
    with pytest.raises(Invalid, match="no longer stands"):
        take_back(said.number, sit(kept))


def both_ends(minutes: int) -> Statement:
    """The nurse corrects a run that is too short to be true."""
    return Statement(("illogical-time", (M1,)), {(M1, "start"): START, STOP: START + timedelta(minutes=minutes)})


def states(kept, chart=CHART) -> list[str]:
    """Where each attestation stands."""
    review = sit(kept, chart=chart).review
    return [each.state for each in standing_of(review.attested, chart, review.answered)]


def test_a_second_answer_replaces_the_first_and_is_not_overtaken_by_it(kept):
    """One minute was a slip; 30 minutes count, wait for the chart, and stay when the slip is taken back."""
    attest([stopped(1)], sit(kept))
    assert [ask.kind for ask in sit(kept).review.coded.asks] == ["illogical-time"]
    attest([both_ends(30)], sit(kept))
    assert states(kept) == ["replaced", "waiting"]
    (line,) = sit(kept).review.coded.charges
    assert (line.code, [f.text() for f in line.evidence if "Attested" in f.text()]) == (
        "96365",
        ["Attested by Nora Nurse, not charted: cefepime IVPB: stop 09:30 on 2026-03-02"],
    )
    take_back(1, sit(kept))
    assert states(kept) == ["waiting"]
    assert [c.code for c in sit(kept).review.coded.charges] == ["96365"]


def test_what_was_answered_twice_is_charted_once(kept):
    """The chart takes the second answer: the first stays replaced; with another time the chart stands."""
    attest([stopped(1)], sit(kept))
    attest([both_ends(30)], sit(kept))
    for minutes, state in ((30, "charted"), (20, "overtaken")):
        stop = START + timedelta(minutes=minutes)
        charted = replace(CHART, administrations=(replace(OPEN_ENDED, stop=stop, instant=False),))
        assert states(kept, charted) == ["replaced", state]
        (line,) = sit(kept, chart=charted).review.coded.charges
        assert "Attested" not in " ".join(fact.text() for fact in line.evidence)


def test_saying_the_same_twice_records_it_once(kept):
    """A second click."""
    sitting = sit(kept)
    attest([stopped(30)], sitting)
    assert attest([stopped(30)], sitting) == ()
    assert len(kept.attested()) == 1


def test_going_back_to_the_first_answer_is_said_anew(kept):
    """30 minutes, 20, and 30 again: the last word counts, though it is the first one too."""
    (first,) = attest([stopped(30)], sit(kept))
    other = replace(first, facts=(replace(first.facts[0], value=(START + timedelta(minutes=20)).isoformat()),))
    kept.attest([other], NOW)
    (third,) = kept.attest([first], NOW)
    assert (third.number, states(kept)) == (3, ["replaced", "replaced", "waiting"])


def _records(kept):
    return EncounterRecords(kept.store, kept.tenant, kept.encounter)
