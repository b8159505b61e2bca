"""How far sending is, line by line, read from real records at every stage."""

import pytest

from plugin.domain.replacing import replace
from plugin.review.decide import decide
from plugin.review.ports import Policy
from plugin.review.post import make_draft, post_accepted
from plugin.review.progress import Progress, progress_of
from tests.unit.review.pretend import HYDRATION, INITIAL, Killed, Life, Mortal, PretendSink, asked, posting, sit


def progress(records, **policy) -> Progress:
    """Where the pretended encounter stands."""
    return progress_of(records.standing(), records.recorded(), records.last_intents(), Policy("clinic", **policy))


def accept_both(records) -> None:
    """Two lines are accepted."""
    decide([asked(), asked(HYDRATION)], sit(records))


def test_before_halfway_and_after(records, ehr):
    """Two to go, one of them sent, both sent; sending again changes nothing."""
    assert progress(records) == Progress()
    accept_both(records)
    assert (progress(records), progress(records).all) == (Progress(left=2), 2)
    post_accepted(posting(records, PretendSink(ehr)), [INITIAL.key])
    assert progress(records) == Progress(arrived=1, left=1)
    for _ in range(2):
        post_accepted(posting(records, PretendSink(ehr)))
        assert progress(records) == Progress(arrived=2)


def test_a_line_on_its_way_is_left(records, ehr):
    """Its process died between storing what it was about to send and hearing of it."""
    accept_both(records)
    life = Life()
    with pytest.raises(Killed):
        post_accepted(posting(Mortal(records, life), Mortal(_Dying(ehr), life)))
    assert progress(records) == Progress(left=2)


class _Dying(PretendSink):
    """A process that ends while the first charge is being sent."""

    def create(self, draft):
        raise Killed("while sending")


def test_failed_and_unknown_are_told_apart(records, ehr):
    """A lost answer that no look explains, and a charge that stands differently."""
    accept_both(records)
    post_accepted(posting(records, PretendSink(ehr, repeatable=False, faults=["lost"], blind=0)), [INITIAL.key])
    assert progress(records) == Progress(unknown=1, left=1)
    [other] = [each for each in records.standing() if each.decision.key == HYDRATION.key]
    draft = make_draft(other, Policy("clinic"), records.encounter)
    ehr.put(replace(draft, units=9), "1", author="Practitioner/other")
    post_accepted(posting(records, PretendSink(ehr)), [HYDRATION.key])
    assert progress(records) == Progress(unknown=1, failed=1)


def test_what_waits_for_a_second_person_is_not_left_to_send(records):
    """It is counted apart, and not among those that can be sent."""
    raised = asked(action="edit", units=3, modifiers=(), reason="two bags")
    decide([raised], sit(records, policy=Policy("clinic", second_person=True)))
    assert progress(records, second_person=True) == Progress(waiting=1)
    assert progress(records, second_person=True).all == 0
    assert progress(records) == Progress(left=1)


def test_dismissed_lines_are_not_counted(records):
    """Nothing of them goes anywhere."""
    decide([asked(action="dismiss", reason="Not performed")], sit(records))
    assert progress(records) == Progress()
