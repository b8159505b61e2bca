"""Who may decide what, on which chart, and what is recorded."""

from datetime import timedelta

import pytest
from msgspec import structs

from plugin.domain.replacing import replace
from plugin.review.decide import NotAllowed, Stale, WrongChart, decide, may_decide
from plugin.review.lines import LineDifference, identity_of, lines_of
from plugin.review.ports import AlreadyDecided, AlreadySent, Person, Policy, ShownLine
from plugin.review.post import post_accepted
from plugin.review.refusals import Invalid
from plugin.review.trail import tell
from tests.unit.review.pretend import (
    CODER,
    DAY,
    ENCOUNTER,
    HYDRATION,
    INITIAL,
    NOW,
    NURSE,
    OTHER_CODER,
    START,
    PretendSink,
    accept,
    asked,
    line,
    posting,
    review,
    sit,
)
from tests.verifies import verifies


def test_an_acceptance_is_recorded_with_who_when_and_on_what(records):
    """Person, role, moment, values and basis stand in the decision; the charge as seen is kept with it."""
    (decided,) = decide([asked()], sit(records))
    decision = decided.decision
    assert (decision.action, decision.decided_by, decision.role) == ("accept", CODER.reference, "coder")
    assert (decision.decided_at, decision.units, decision.basis) == (NOW, 1, "basis-1")
    assert (decided.number, decided.name, decided.verified) == (1, "Carl Coder", True)
    assert (decided.backing.start, decided.backing.stop) == (START, START + timedelta(hours=1))
    assert decided.backing.note == "ran for 60 minutes [INITIAL-SERVICE; rulebook 2026.1]"
    assert records.standing() == (decided,)


def test_identity_rests_on_what_was_suggested_alone():
    """Units and evidence don't move it; tenant, encounter, code, modifiers and day do."""
    identity = identity_of("clinic", ENCOUNTER, INITIAL.key)
    assert identity == identity_of("clinic", ENCOUNTER, structs.replace(INITIAL, units=9, administrations=("x",)).key)
    others = {
        identity_of("hospital", ENCOUNTER, INITIAL.key),
        identity_of("clinic", "Encounter/e2", INITIAL.key),
        identity_of("clinic", ENCOUNTER, HYDRATION.key),
        identity_of("clinic", ENCOUNTER, structs.replace(INITIAL, modifiers=("59",)).key),
        identity_of("clinic", ENCOUNTER, structs.replace(INITIAL, day=DAY + timedelta(days=1)).key),
    }
    assert len(others | {identity}) == 6
    assert len(identity) == 64


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (replace(CODER, verified=False), "verified"),
        (replace(CODER, reference=""), "verified"),
        (replace(CODER, role=""), "role"),
        (replace(CODER, role="admin"), "admin"),
        (replace(CODER, reference="https://ehr.test/r4/Patient/p1"), "Patients"),
        (replace(CODER, reference="RelatedPerson/r1"), "Patients"),
    ],
)
def test_who_may_not_decide_is_told_why(records, person, why):
    """Unverified people, people without a role that accepts, patients and relatives record nothing."""
    with pytest.raises(NotAllowed, match=why):
        decide([asked()], sit(records, person))
    assert records.standing() == ()
    assert records.trail() == ()


def test_a_tenant_says_which_roles_accept():
    """`accepts_as` may let in a role that is left out by default, or leave one out; the others stay as they are."""
    policy = Policy("clinic", accepts_as={"admin": "planned", "clinician": ""})
    may_decide(replace(CODER, role="admin"), policy)
    may_decide(CODER, policy)
    with pytest.raises(NotAllowed, match="clinician"):
        may_decide(NURSE, policy)


def test_an_open_tenant_records_the_name_as_unverified(records):
    """Without authentication a named person may accept; the trail says that nobody vouched for the name."""
    visitor = Person("", "Vera Visitor", "clinician", verified=False)
    (decided,) = decide([asked()], sit(records, visitor, policy=Policy("clinic", open=True)))
    assert (decided.decision.decided_by, decided.verified) == ("Vera Visitor", False)
    (entry,) = records.trail()
    assert tell(entry.entry) == "Vera Visitor (clinician, unverified) accepted 96365 x 1 on 2026-03-02"


@pytest.mark.parametrize("change", [{"patient": "Patient/p2"}, {"encounter": "Encounter/e2"}])
def test_a_form_of_another_chart_is_refused(records, change):
    """A page of one patient can't decide on another's, and the whole form is refused with it."""
    with pytest.raises(WrongChart):
        decide([asked(HYDRATION), asked(**change)], sit(records))
    assert records.standing() == ()


@verifies("WR-12")
def test_a_changed_chart_stops_the_decision_and_shows_the_difference(records):
    """The page showed two lines; now one has other units, one is gone and one is new."""
    records.keep_shown("basis-1", lines_of(review().coded), NOW)
    more, new = structs.replace(HYDRATION, units=3), line("96375")
    with pytest.raises(Stale) as stopped:
        decide([asked()], sit(records, review=review(more, new, basis="basis-2")))
    before = {each.key: ShownLine(each.key, each.units, each.administrations) for each in (INITIAL, HYDRATION)}
    assert stopped.value.differences == (
        LineDifference(INITIAL.key, before[INITIAL.key], None),
        LineDifference(HYDRATION.key, before[HYDRATION.key], ShownLine(HYDRATION.key, 3, HYDRATION.administrations)),
        LineDifference(new.key, None, ShownLine(new.key, 1, new.administrations)),
    )
    assert records.standing() == ()


def test_a_change_that_moves_no_line_stops_it_too(records):
    """The basis differs and the lines don't: still stopped, with nothing to mark."""
    records.keep_shown("basis-1", lines_of(review().coded), NOW)
    with pytest.raises(Stale) as stopped:
        decide([asked()], sit(records, review=review(basis="basis-2")))
    assert stopped.value.differences == ()


def test_a_page_nobody_remembers_stops_without_differences(records):
    """A basis that was never kept (or purged) can't be compared, and says so."""
    with pytest.raises(Stale) as stopped:
        decide([asked(basis="made-up")], sit(records))
    assert stopped.value.differences is None


def test_an_edit_keeps_both_values_and_needs_a_reason(records):
    """Units and modifiers as edited, the suggestion beside them in the trail."""
    edit = asked(action="edit", units=2, modifiers=("59",), reason="  Second  site ")
    (decided,) = decide([edit], sit(records))
    assert (decided.decision.units, decided.decision.modifiers, decided.decision.reason) == (2, ("59",), "Second site")
    assert (decided.backing.charge.units, decided.backing.charge.modifiers) == (1, ())
    told = tell(records.trail()[0].entry)
    assert told == (
        "Carl Coder (coder) changed and accepted 96365-59 x 2 on 2026-03-02"
        " (suggested: 96365 x 1 on 2026-03-02; reason: Second site)"
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"units": 0}, "units"),
        ({"units": -1}, "units"),
        ({"units": 10_000}, "units"),
        ({"units": True}, "units"),
        ({"units": 1.5}, "units"),
        ({"modifiers": ("ZZ",)}, "modifiers"),
        ({"modifiers": ("59", "59")}, "modifiers"),
        ({"modifiers": ("59", "XS", "JW", "JZ", "25")}, "modifiers"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"action": "bill"}, "action"),
        ({"key": line("99999").key}, "line"),
    ],
)
def test_a_form_that_says_nothing_usable_is_refused_by_field(records, change, field):
    """Each field is checked, and nothing is recorded."""
    edit = replace(asked(action="edit", units=2, reason="why"), **change)
    with pytest.raises(Invalid) as refused:
        decide([edit], sit(records))
    assert refused.value.field == field
    assert records.standing() == ()


def test_dismissing_needs_a_reason(records):
    """Without one it is refused; with one it stands."""
    with pytest.raises(Invalid):
        decide([asked(action="dismiss")], sit(records))
    (decided,) = decide([asked(action="dismiss", reason="Not performed")], sit(records))
    assert (decided.decision.action, decided.decision.reason) == ("dismiss", "Not performed")


def test_several_lines_are_recorded_together_or_not_at_all(records):
    """One bad line in the form keeps the good one out."""
    with pytest.raises(Invalid):
        decide([asked(), asked(HYDRATION, "dismiss")], sit(records))
    assert records.standing() == ()
    decide([asked(), asked(HYDRATION)], sit(records))
    assert [each.decision.key for each in records.standing()] == [INITIAL.key, HYDRATION.key]


def test_a_form_that_names_a_line_twice_is_refused(records):
    """Accepting and dismissing the same charge at once says nothing."""
    with pytest.raises(Invalid, match="twice"):
        decide([asked(), asked(action="dismiss", reason="Not performed")], sit(records))
    assert records.standing() == ()


def test_a_second_click_records_nothing_new(records):
    """The same person saying the same again is one decision."""
    accept(records)
    (again,) = decide([asked()], sit(records))
    assert again.number == 1
    assert len(records.trail()) == 1


@verifies("WR-12")
def test_of_two_coders_at_once_the_second_is_told_of_the_first(records):
    """The second one's page showed no decision; what they say isn't recorded over the first."""
    accept(records, CODER)
    with pytest.raises(AlreadyDecided, match="Carl Coder") as told:
        decide([asked(action="dismiss", reason="Not performed")], sit(records, OTHER_CODER))
    assert told.value.standing.decision.decided_by == CODER.reference
    decide([asked(action="dismiss", reason="Not performed", seen=1)], sit(records, OTHER_CODER))
    assert [each.decision.action for each in records.standing()] == ["dismiss"]


def test_a_coder_accepts_what_a_clinician_edited_as_it_stands(records):
    """Pressing accept on a line that shows edited values accepts those."""
    decide([asked(action="edit", units=2, reason="two bags")], sit(records, NURSE))
    (decided,) = decide([asked(seen=1)], sit(records, CODER))
    assert (decided.decision.action, decided.decision.units, decided.decision.reason) == ("accept", 2, "two bags")


def test_a_clinician_does_not_decide_over_a_coder(records):
    """It would turn billable back into planned; the page says whom to ask."""
    accept(records, CODER)
    with pytest.raises(NotAllowed, match="Carl Coder"):
        decide([asked(action="dismiss", reason="Not performed", seen=1)], sit(records, NURSE))


def test_undo_before_sending_takes_the_decision_back(records):
    """The line is open again, for anybody."""
    accept(records, CODER)
    decide([asked(action="undo", seen=1)], sit(records, CODER))
    decide([asked(seen=2)], sit(records, NURSE))
    assert [each.decision.action for each in records.standing()] == ["accept"]
    assert [each.entry.kind for each in records.trail()] == ["accept", "undo", "accept"]


def test_undo_works_on_a_page_that_has_grown_old(records):
    """Taking back needs no fresh chart: nothing is claimed by it."""
    accept(records)
    decide([asked(action="undo", seen=1)], sit(records, review=review(HYDRATION, basis="basis-2")))
    assert records.standing()[0].decision.action == "undo"


def test_what_was_sent_is_dismissed_and_not_undone(records, ehr):
    """Undo after sending is refused with the remedy."""
    accept(records)
    post_accepted(posting(records, PretendSink(ehr)))
    with pytest.raises(AlreadySent, match="dismiss"):
        decide([asked(action="undo", seen=1)], sit(records))


def test_a_line_that_is_no_longer_suggested_can_still_be_dismissed(records):
    """Its decision stands and may have been sent; it can be taken out, not accepted anew."""
    accept(records)
    now = sit(records, review=review(HYDRATION, basis="basis-2"))
    with pytest.raises(Invalid, match="96365"):
        decide([asked(seen=1, basis="basis-2")], now)
    decide([asked(action="dismiss", reason="Suggested in error", seen=1, basis="basis-2")], now)
    assert records.standing()[0].decision.action == "dismiss"
