"""What would have been written, against what was charged by hand: each outcome worked out by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from plugin.domain import ExistingCharge
from plugin.review.decide import decide
from plugin.review.ports import Policy
from plugin.review.shadow import BY_HAND, DISMISSED, FEWER, MISSING, MORE, SAME, compare_shadow
from tests.unit.review.pretend import DAY, ENCOUNTER, HYDRATION, INITIAL, NURSE, asked, sit

GOVERNED = frozenset({"96365", "96361", "96375"})


def charged(code: str, units: str = "1", **more) -> ExistingCharge:
    """A charge that counts, on the day of the visit."""
    values = {"status": "billed", "day": DAY, **more}
    return ExistingCharge(f"ChargeItem/{code}", system="CPT", code=code, units=Decimal(units), **values)


def compared(records, *charges: ExistingCharge, policy: Policy | None = None) -> list[tuple[str, str, str, str]]:
    """Code, units that would be written, units charged, outcome."""
    lines = compare_shadow(ENCOUNTER, records.standing(), charges, GOVERNED, policy or Policy("clinic"))
    return [(line.key[1], str(line.would), str(line.charged), line.outcome) for line in lines]


@pytest.mark.parametrize(("hydration", "outcome"), [("2", SAME), ("1", FEWER), ("3", MORE)])
def test_units_are_compared_line_by_line(records, hydration, outcome):
    """96361 x 2 would have been written; the initial hour is charged as it would have been."""
    decide([asked(), asked(HYDRATION)], sit(records))
    assert compared(records, charged("96365"), charged("96361", hydration)) == [
        ("96361", "2", hydration, outcome),
        ("96365", "1", "1", SAME),
    ]


def test_what_nobody_charged_is_money_left_lying(records):
    """Two charges of one line count together; a planned or refused charge doesn't count."""
    decide([asked(), asked(HYDRATION)], sit(records))
    parts = (charged("96361"), structs.replace(charged("96361"), id="ChargeItem/second"))
    assert compared(records, *parts, charged("96365", status="planned"), charged("96365", status="aborted")) == [
        ("96361", "2", "2", SAME),
        ("96365", "1", "0", MISSING),
    ]


def test_what_was_charged_without_us_is_told_with_what_was_said_of_it_here(records):
    """One was dismissed here, of another nothing was said; a code that is never suggested here is left alone."""
    decide([asked(), asked(HYDRATION, "dismiss", reason="Not performed")], sit(records))
    assert compared(records, charged("96365"), charged("96361"), charged("96375"), charged("99213")) == [
        ("96361", "0", "1", DISMISSED),
        ("96365", "1", "1", SAME),
        ("96375", "0", "1", BY_HAND),
    ]


def test_an_edit_is_compared_as_edited_and_modifiers_in_any_order(records):
    """Other modifiers are another line, on both sides."""
    decide([asked(INITIAL, "edit", units=2, modifiers=("59", "JZ"), reason="As counted")], sit(records))
    assert compared(records, charged("96365", "2", modifiers=("JZ", "59"))) == [("96365", "2", "2", SAME)]
    assert compared(records, charged("96365", "2")) == [("96365", "0", "2", BY_HAND), ("96365", "2", "0", MISSING)]


def test_a_charge_without_a_day_is_of_the_day_of_its_line(records):
    """One of another day is another service."""
    decide([asked()], sit(records))
    assert compared(records, charged("96365", day=None)) == [("96365", "1", "1", SAME)]
    other = charged("96365", day=DAY + timedelta(days=1))
    assert compared(records, other) == [("96365", "1", "0", MISSING), ("96365", "0", "1", BY_HAND)]


def test_what_waits_for_a_second_person_would_not_have_been_written(records):
    """Raised by one; a clinician's acceptance would have been, as planned."""
    decide([asked(INITIAL, "edit", units=3, reason="As counted")], sit(records))
    assert compared(records, policy=Policy("clinic", second_person=True)) == []
    decide([asked(HYDRATION)], sit(records, NURSE))
    assert compared(records, policy=Policy("clinic", second_person=True)) == [("96361", "2", "0", MISSING)]


def test_an_acceptance_that_was_taken_back_counts_for_nothing(records):
    """Nothing stands, and nothing would have been written."""
    decide([asked()], sit(records))
    decide([asked(INITIAL, "undo", seen=1)], sit(records))
    assert compared(records) == []
