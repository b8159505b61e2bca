"""From acceptance to exactly one charge, whatever fails in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from plugin.domain.replacing import replace
from plugin.review.decide import decide
from plugin.review.lines import identity_of
from plugin.review.ports import NothingSent, Policy, Refused
from plugin.review.post import Difference, look_for_unsettled, make_draft, post_accepted
from plugin.review.trail import tell
from tests.unit.review.pretend import (
    CODER,
    ENCOUNTER,
    HYDRATION,
    INITIAL,
    LATER,
    NOW,
    NURSE,
    Killed,
    Life,
    Mortal,
    PretendSink,
    accept,
    asked,
    posting,
    review,
    sit,
)

IDENTITY = identity_of("clinic", ENCOUNTER, INITIAL.key)


def outcomes(posted):
    """What came of each line, in one word each."""
    return [each.outcome for each in posted]


def kinds(records):
    """The trail in one word for each entry."""
    return [each.entry.kind for each in records.trail()]


def test_an_accepted_charge_is_in_the_ehr(records, ehr):
    """One charge, as accepted, and the trail tells each step."""
    accept(records)
    (posted,) = post_accepted(posting(records, PretendSink(ehr)))
    assert posted.outcome == "sent"
    sent = ehr.charges[IDENTITY]
    assert (sent.status, sent.units, sent.author) == ("billable", Decimal(1), CODER.reference)
    assert posted.sent == sent
    assert kinds(records) == ["accept", "sending", "sent"]
    assert tell(records.trail()[2].entry) == (
        f"96365 x 1 on 2026-03-02 is in the EHR (as: ChargeItem/{IDENTITY[:8]}; status: billable)"
    )


def test_nothing_is_sent_before_somebody_accepts(records, ehr):
    """Posting an encounter without decisions does nothing."""
    assert post_accepted(posting(records, PretendSink(ehr))) == ()
    assert ehr.charges == {}


def test_posting_twice_makes_one_charge(records, ehr):
    """The second post finds everything as decided."""
    accept(records)
    results = [outcomes(post_accepted(posting(records, PretendSink(ehr)))) for _ in range(2)]
    assert (results, ehr.creations) == ([["sent"], ["already"]], 1)


def test_only_the_lines_asked_for_are_posted(records, ehr):
    """A form for one line doesn't send the others."""
    decide([asked(), asked(HYDRATION)], sit(records))
    posted = post_accepted(posting(records, PretendSink(ehr)), keys=[HYDRATION.key])
    assert [each.key for each in posted] == [HYDRATION.key]
    assert len(ehr.charges) == 1


def test_a_clinicians_charge_is_planned_until_a_coder_accepts(records, ehr):
    """The same charge goes from planned to billable."""
    accept(records, NURSE)
    post_accepted(posting(records, PretendSink(ehr)))
    assert ehr.charges[IDENTITY].status == "planned"
    accept(records, CODER, seen=1)
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["sent"]
    assert (ehr.charges[IDENTITY].status, ehr.charges[IDENTITY].version, ehr.creations) == ("billable", "2", 1)


def test_a_tenant_may_take_clinicians_charges_as_billable(records, ehr):
    """`accepts_as` decides the status."""
    accept(records, NURSE)
    post_accepted(posting(records, PretendSink(ehr), policy=Policy("clinic", accepts_as={"clinician": "billable"})))
    assert ehr.charges[IDENTITY].status == "billable"


def test_dismissing_what_was_never_sent_stays_local(records, ehr):
    """The EHR never hears of it."""
    decide([asked(action="dismiss", reason="Not performed")], sit(records))
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["local"]
    assert ehr.charges == {}


def test_dismissing_what_was_sent_makes_it_not_billable(records, ehr):
    """The same charge, with its reason, and again billable when accepted again."""
    accept(records)
    post_accepted(posting(records, PretendSink(ehr)))
    decide([asked(action="dismiss", reason="Not performed", seen=1)], sit(records))
    post_accepted(posting(records, PretendSink(ehr)))
    assert ehr.charges[IDENTITY].status == "not-billable"
    assert records.recorded()[IDENTITY].draft.reason == "Not performed"
    accept(records, seen=2)
    post_accepted(posting(records, PretendSink(ehr)))
    assert (ehr.charges[IDENTITY].status, ehr.creations) == ("billable", 1)


def test_new_evidence_amends_the_same_charge(records, ehr):
    """Accepted again after the administrations changed: one charge, a new version."""
    accept(records)
    post_accepted(posting(records, PretendSink(ehr)))
    amended = structs.replace(INITIAL, administrations=("MedicationAdministration/m9",))
    decide([asked(seen=1, basis="basis-2")], sit(records, review=review(amended, basis="basis-2")))
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["sent"]
    assert (ehr.charges[IDENTITY].version, ehr.creations) == ("2", 1)


def test_shadow_mode_sends_nothing(records, ehr):
    """`write` off: decided, told in the trail, not sent."""
    accept(records)
    (posted,) = post_accepted(posting(records, PretendSink(ehr), policy=Policy("clinic", write=False)))
    assert (posted.outcome, ehr.charges, kinds(records)) == ("shadow", {}, ["accept", "shadow"])


@pytest.mark.parametrize("status", ["billed", "not-billable"])
def test_what_others_changed_is_shown_and_left_alone(records, ehr, status):
    """Billed or changed by somebody else: the difference comes back, the charge stays."""
    accept(records, NURSE)
    post_accepted(posting(records, PretendSink(ehr)))
    theirs = replace(ehr.charges[IDENTITY], status=status, units=Decimal(4), version="7", author="Practitioner/b1")
    ehr.charges[IDENTITY] = theirs
    accept(records, CODER, seen=1)
    (posted,) = post_accepted(posting(records, PretendSink(ehr)))
    assert (posted.outcome, posted.sent) == ("conflict", theirs)
    assert posted.differences == (Difference("status", "billable", status), Difference("units", "1", "4"))
    assert ehr.charges[IDENTITY] == theirs
    assert kinds(records)[-1] == "conflict"


def test_a_charge_of_our_identity_that_we_did_not_write_is_not_overwritten(records, ehr):
    """Found before the first create, and different: a conflict."""
    accept(records)
    other = PretendSink(ehr)
    draft_of_other = replace(_draft(records), units=5)
    theirs = other.create(draft_of_other)
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["conflict"]
    assert ehr.charges[IDENTITY] == theirs


def _draft(records):
    return make_draft(records.standing()[0], Policy("clinic"), ENCOUNTER)


def test_a_lost_store_finds_its_charges_again(records, ehr):
    """A charge in the EHR that is exactly as decided is taken as ours, not made a second time."""
    accept(records)
    PretendSink(ehr).create(_draft(records))
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["sent"]
    assert ehr.creations == 1


def test_an_answer_that_got_lost_is_looked_for(records, ehr):
    """Processed, then no answer: the look finds the charge, nothing is sent again."""
    accept(records)
    assert outcomes(post_accepted(posting(records, PretendSink(ehr, faults=["no answer"])))) == ["sent"]
    assert ehr.creations == 1


def test_a_request_that_got_lost_is_sent_again(records, ehr):
    """Not processed, no answer: after looking it goes out once more under the same key."""
    accept(records)
    assert outcomes(post_accepted(posting(records, PretendSink(ehr, faults=["lost"])))) == ["sent"]
    assert (ehr.creations, kinds(records)) == (1, ["accept", "sending", "sending", "sent"])
    assert records.last_intents()[IDENTITY].attempts == 2


def test_without_a_key_a_lost_create_stays_unknown_and_is_never_sent_twice(records, ehr):
    """The EHR takes no key of ours: looked for, not found, not repeated, also not by posting again."""
    accept(records)
    results = []
    for _ in range(2):
        sink = PretendSink(ehr, repeatable=False, faults=["lost"])
        results += outcomes(post_accepted(posting(records, sink)))
    assert (results, ehr.creations) == (["unknown", "unknown"], 0)
    assert records.last_intents()[IDENTITY].state == "unknown"


def test_an_ehr_that_is_down_leaves_it_unknown_until_it_is_back(records, ehr):
    """Neither writes nor looks get through; the next post settles it."""
    accept(records)
    down = PretendSink(ehr, faults=["no answer"], blind=0)
    down.find = _blind_after_first(down)
    assert outcomes(post_accepted(posting(records, down))) == ["unknown"]
    assert records.last_intents()[IDENTITY].state == "unknown"
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["already"]
    assert ehr.creations == 1


def _blind_after_first(sink):
    first = [True]
    see = sink.find

    def find(draft, known=None):
        if first:
            first.clear()
        else:
            sink.blind = 1
        return see(draft, known)

    return find


def test_a_look_that_is_refused_leaves_it_unknown(records, ehr):
    """The session ended right after sending: that is no word about the charge, so it stays unsettled."""
    accept(records)
    ended = PretendSink(ehr, faults=["no answer"])
    see, looks = ended.find, []

    def find(draft, known=None):
        looks.append(draft)
        if len(looks) > 1:
            raise Refused("the session has ended")
        return see(draft, known)

    ended.find = find
    assert outcomes(post_accepted(posting(records, ended))) == ["unknown"]
    assert records.last_intents()[IDENTITY].state == "unknown"
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["already"]


def test_lines_may_be_sent_side_by_side(records, ehr):
    """With a pool's `map` each line ends as it does one after the other."""
    decide([asked(), asked(HYDRATION)], sit(records))
    with ThreadPoolExecutor(2) as pool:
        posted = post_accepted(posting(records, PretendSink(ehr), each=pool.map))
    assert [(each.key, each.outcome) for each in posted] == [(INITIAL.key, "sent"), (HYDRATION.key, "sent")]
    assert (ehr.creations, len(records.recorded())) == (2, 2)


def test_what_is_unknown_is_settled_by_looking_alone(records, ehr):
    """At the next launch: found, recorded, nothing sent."""
    accept(records)
    down = PretendSink(ehr, faults=["no answer"])
    down.find = _blind_after_first(down)
    post_accepted(posting(records, down))
    watching = PretendSink(ehr, faults=["any write would raise"])
    assert outcomes(look_for_unsettled(posting(records, watching))) == ["sent"]
    assert watching.faults == ["any write would raise"]
    assert records.last_intents()[IDENTITY].state == "done"


def test_a_change_that_is_unknown_of_a_charge_that_went_away_is_a_conflict(records, ehr):
    """Deleted in the EHR while nobody could look: shown, not written again."""
    accept(records, NURSE)
    post_accepted(posting(records, PretendSink(ehr)))
    accept(records, CODER, seen=1)
    post_accepted(posting(records, PretendSink(ehr, faults=["lost"], blind=2)))
    assert records.last_intents()[IDENTITY].state == "unknown"
    ehr.charges.clear()
    (posted,) = post_accepted(posting(records, PretendSink(ehr)))
    assert (posted.outcome, ehr.charges) == ("conflict", {})


def test_looking_that_finds_nothing_says_unknown_and_sends_nothing(records, ehr):
    """The person decides whether to post again."""
    accept(records)
    down = PretendSink(ehr, faults=["lost"])
    down.find = _blind_after_first(down)
    post_accepted(posting(records, down))
    assert outcomes(look_for_unsettled(posting(records, PretendSink(ehr)))) == ["unknown"]
    assert ehr.charges == {}


def test_a_refusal_is_shown_and_may_be_tried_again(records, ehr):
    """The EHR says no, later yes."""
    accept(records)
    strict = PretendSink(ehr)
    strict.create = _refuse
    (posted,) = post_accepted(posting(records, strict))
    assert (posted.outcome, posted.message) == ("refused", "no scope to write")
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["sent"]


def _refuse(draft):
    raise Refused("no scope to write")


def test_what_was_dismissed_while_unknown_is_not_sent(records, ehr):
    """The create never arrived and the person has dismissed it since: nothing goes out."""
    accept(records)
    down = PretendSink(ehr, faults=["lost"])
    down.find = _blind_after_first(down)
    post_accepted(posting(records, down))
    decide([asked(action="dismiss", reason="Not performed", seen=1)], sit(records))
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["local"]
    assert ehr.charges == {}


def test_what_arrived_while_unknown_and_was_dismissed_since_becomes_not_billable(records, ehr):
    """The lost answer's charge is found, then withdrawn: one charge, not billable."""
    accept(records)
    down = PretendSink(ehr, faults=["no answer"])
    down.find = _blind_after_first(down)
    post_accepted(posting(records, down))
    decide([asked(action="dismiss", reason="Not performed", seen=1)], sit(records))
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["sent"]
    assert (ehr.charges[IDENTITY].status, ehr.creations) == ("not-billable", 1)


def test_a_second_writer_waits_and_then_says_busy(records, ehr):
    """While one process writes for the encounter, another sends nothing."""
    accept(records)
    assert records.take_turn("another", NOW)
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["busy"]
    assert ehr.charges == {}


def test_a_writer_whose_turn_ran_out_sends_nothing_more(records, ehr):
    """Frozen too long, it finds its turn taken and stops before sending."""
    accept(records)
    times = iter([NOW, LATER, LATER, LATER])
    frozen = posting(records, PretendSink(ehr), clock=lambda: next(times))
    assert outcomes(post_accepted(frozen)) == ["busy"]
    assert ehr.charges == {}


def _steps_of(records, ehr):
    life = Life()
    post_accepted(posting(Mortal(records, life), Mortal(PretendSink(ehr), life)))
    return life.steps


# Counted by `test_the_steps_are_those_counted`: each call of records or sink, before and after.
STEPS, CHANGE_STEPS = 18, 16


def test_the_steps_are_those_counted(records, ehr):
    """The tests below die at every one of them."""
    accept(records, NURSE)
    assert len(_steps_of(records, ehr)) == STEPS
    accept(records, CODER, seen=1)
    assert len(_steps_of(records, ehr)) == CHANGE_STEPS


@pytest.mark.parametrize("repeatable", [True, False], ids=["with key", "without key"])
@pytest.mark.parametrize("last", range(STEPS))
def test_killed_at_any_step_there_is_one_charge_in_the_end(records, ehr, last, repeatable):
    """Killed before or after each step, then started again: one charge, recorded, or honestly unknown without a key."""
    accept(records)
    life = Life(last)
    doomed = posting(Mortal(records, life), Mortal(PretendSink(ehr, repeatable), life))
    with pytest.raises(Killed):
        post_accepted(doomed)
    after = posting(records, PretendSink(ehr, repeatable), clock=lambda: LATER, writer="writer-2")
    (posted,) = post_accepted(after)
    if posted.outcome == "unknown":
        assert not repeatable
        assert (ehr.creations, records.last_intents()[IDENTITY].state) == (0, "unknown")
    else:
        assert (ehr.creations, list(records.recorded())) == (1, [IDENTITY])


@pytest.mark.parametrize("last", range(CHANGE_STEPS))
def test_killed_at_any_step_of_a_change_it_is_made_once(records, ehr, last):
    """The same for planned to billable: version 2 and no further, whatever step was the last."""
    accept(records, NURSE)
    post_accepted(posting(records, PretendSink(ehr)))
    accept(records, CODER, seen=1)
    life = Life(last)
    with pytest.raises(Killed):
        post_accepted(posting(Mortal(records, life), Mortal(PretendSink(ehr), life)))
    post_accepted(posting(records, PretendSink(ehr), clock=lambda: LATER, writer="writer-2"))
    sent = ehr.charges[IDENTITY]
    assert (sent.status, sent.version, ehr.creations) == ("billable", "2", 1)
    assert records.recorded()[IDENTITY].sent == sent


def test_a_dead_writers_turn_runs_out(records, ehr):
    """Three minutes after the process died the encounter can be written again."""
    accept(records)
    records.take_turn("dead", NOW)
    soon = posting(records, PretendSink(ehr), clock=lambda: NOW + timedelta(minutes=2))
    later = posting(records, PretendSink(ehr), clock=lambda: NOW + timedelta(minutes=3))
    assert [outcomes(post_accepted(each)) for each in (soon, later)] == [["busy"], ["sent"]]


def test_what_could_not_be_asked_about_first_was_not_sent(records, ehr):
    """Nothing left us, so nothing is unknown: it is told, and may be sent again."""
    accept(records)
    (posted,) = post_accepted(posting(records, PretendSink(ehr, blind=1)))
    assert (posted.outcome, posted.message) == ("refused", "Nothing was sent. no answer")
    assert outcomes(post_accepted(posting(records, PretendSink(ehr)))) == ["sent"]


def test_a_pause_after_an_attempt_that_may_have_arrived_leaves_it_unknown(records, ehr):
    """That nothing leaves us now says nothing of what left before."""
    accept(records)
    strict = PretendSink(ehr, faults=["lost"])
    answers = [strict.create, _wait]
    strict.create = lambda draft: answers.pop(0)(draft)  # noqa: PLW0108
    (posted,) = post_accepted(posting(records, strict))
    assert posted.outcome == "unknown"
    assert records.last_intents()[IDENTITY].state == "unknown"


def _wait(draft):
    raise NothingSent("the EHR is busy")
