"""What the scrubber has against a decision is said before anything is recorded."""

from datetime import date

import pytest

from plugin.codebook import CodeBook
from plugin.domain import ClaimLine, Severity, line_key
from plugin.domain.charge import Decision
from plugin.review.decide import decide
from plugin.review.refusals import Invalid
from plugin.review.scrubbing import lines_as_decided, scrub_lines, scrub_suggested
from tests.unit.review.pretend import CODER, HYDRATION, INITIAL, NOW, Review, asked, line, review, sit

SECOND = line("96374", administration="MedicationAdministration/m3")


def sitting(records, current: Review):
    """A coder before a review whose charges are scrubbed by the code book."""
    book = CodeBook.load()
    return sit(records, review=current, scrub=lambda lines: scrub_lines(lines, current.coded, book))


def said(key, action, units=1, modifiers=()):
    """A decision as it is recorded."""
    return Decision(key, action, CODER.reference, "coder", NOW, units, modifiers)


def test_a_sound_set_is_accepted_without_a_reason(records):
    """The scrubber has nothing against an infusion with its hydration."""
    (decided,) = decide([asked()], sitting(records, review()))

    assert ("accept", "") == (decided.decision.action, decided.decision.reason)


def test_a_charge_that_would_be_refused_needs_a_reason_to_be_accepted(records):
    """Infusion and push are both initial services; the words say what is wrong and how to mend it."""
    current = sitting(records, review(INITIAL, SECOND))

    with pytest.raises(Invalid, match=r"an encounter has one initial service.*keep the highest.*say why") as refused:
        decide([asked()], current)

    assert "reason" == refused.value.field
    assert () == records.standing()


def test_a_deliberate_acceptance_with_a_reason_is_recorded(records):
    """The reason stands in the decision."""
    current = sitting(records, review(INITIAL, SECOND))

    (decided,) = decide([asked(reason="the payer's  own rule")], current)

    assert "the payer's own rule" == decided.decision.reason


def test_accepting_all_stops_at_a_charge_that_would_be_refused(records):
    """Together or not at all, also when only one of them is wrong."""
    twice = line("36430", 2, "MedicationAdministration/m3")
    current = sitting(records, review(INITIAL, HYDRATION, twice))

    with pytest.raises(Invalid, match="36430 is reported once in a day"):
        decide([asked(INITIAL), asked(HYDRATION), asked(twice)], current)

    assert () == records.standing()


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"units": 2}, "units", "With these values .* 96365 x2: .*one initial service"),
        ({"modifiers": ("JZ",)}, "modifiers", "With these values .* JZ belongs on a line of the kind drug"),
        ({"modifiers": ("59",)}, "modifiers", "With these values .* the chart shows one site and one visit"),
    ],
)
def test_an_edit_that_makes_a_charge_refused_is_refused(records, change, field, why):
    """Even with a reason: the values themselves are wrong, and the text says which and why."""
    lines = review(INITIAL, HYDRATION)

    with pytest.raises(Invalid, match=why) as refused:
        decide([asked(action="edit", reason="two sites", **change)], sitting(records, lines))

    assert field == refused.value.field
    assert () == records.standing()


def test_an_edit_that_mends_is_recorded_while_something_else_stands(records):
    """The modifier of a drug comes off; that the set has two initial services stood there before."""
    wrong = review(INITIAL, SECOND)

    (decided,) = decide([asked(action="edit", reason="mended", units=1)], sitting(records, wrong))

    assert "edit" == decided.decision.action


def test_a_warning_stops_nothing(records):
    """A pair of codes from memory is shown and can be accepted."""
    injection = line("96372", administration="MedicationAdministration/m3")
    current = review(INITIAL, injection)

    assert [Severity.WARN] == [edit.severity for edit in scrub_suggested(current.coded, CodeBook.load()).edits]
    assert decide([asked()], sitting(records, current))


def test_a_dismissal_and_taking_back_are_never_stopped(records):
    """Taking a wrong charge off is what mends."""
    current = sitting(records, review(INITIAL, SECOND))
    decide([asked(SECOND, "dismiss", reason="part of the infusion")], current)

    assert decide([asked()], current)
    assert decide([asked(SECOND, "undo", seen=1)], current)


def test_lines_stand_as_decided():
    """Edited values count, dismissed charges don't; what was taken back stands as suggested."""
    other = line("96375", administration="MedicationAdministration/m3")
    decided = {
        INITIAL.key: said(INITIAL.key, "edit", 2, ("59",)),
        HYDRATION.key: said(HYDRATION.key, "dismiss"),
        other.key: said(other.key, "undo", 7),
    }
    lines = lines_as_decided([INITIAL, HYDRATION, other], decided)

    assert [(line_key(INITIAL), 2, ("59",)), (line_key(other), 1, ())] == [
        (each.key, each.units, each.modifiers) for each in lines
    ]


def test_more_units_than_suggested_are_not_the_charts():
    """What a person adds has no charted service behind it."""
    one = ClaimLine.of_suggested(HYDRATION)

    assert (True, True, False) == (one.documented, one.edited(1, ()).documented, one.edited(3, ()).documented)
    assert date(2026, 3, 2) == one.day
