"""The domain's words: what a value can be asked."""

from decimal import Decimal

import pytest

from plugin.domain import Diagnosis, ExistingCharge, Fact, Service, SuggestedCharge, Term, Timing
from plugin.domain.interval import Stretch
from tests.properties.building import at, chart, given


def test_a_fact_is_put_into_words_when_it_is_read():
    """Template and values stay apart until then."""
    assert "vancomycin ran 61 min" == Fact("{} ran {} min", ("vancomycin", 61)).text()


def test_the_icd_code_of_a_diagnosis_is_its_first_of_that_system():
    """Other terms are passed over; none gives nothing."""
    terms = (Term("snomed", "34095006"), Term("icd10cm", "E86.0"), Term("icd10cm", "E86.9"))

    assert "E86.0" == Diagnosis("c1", terms).icd10cm()
    assert "" == Diagnosis("c1", terms[:1]).icd10cm()


@pytest.mark.parametrize(
    ("status", "counts"), [("billable", True), ("billed", True), ("planned", False), ("aborted", False), ("", False)]
)
def test_what_was_charged_is_billable_or_billed(status, counts):
    """A planned or withdrawn charge was not charged."""
    assert counts is ExistingCharge("x", units=Decimal(1), status=status).counts


def test_values_cannot_be_changed():
    """What one part of the product was given no other part alters."""
    with pytest.raises(AttributeError):
        chart().zone = None  # type: ignore[misc]


def test_a_service_starts_with_its_first_stretch_else_with_its_first_charted_moment():
    """An untimed service still has its place in the day."""
    first = given(1, "ceftriaxone", 30, None)
    timed = Service("m1", (first,), None, Timing.TIMED, None, None, "", (Stretch("m1", 600, 1200),), 1)  # type: ignore[arg-type]
    untimed = Service("m1", (first,), None, Timing.NO_STOP, None, None, "", (), 5)  # type: ignore[arg-type]

    assert (600, 10) == (timed.start, timed.minutes)
    assert (int(at(30).timestamp()), 0) == (untimed.start, untimed.minutes)


def test_the_key_of_a_charge_is_what_makes_it_this_line():
    """Units, evidence and administrations are content, not identity."""
    day = at(0).date()
    line = SuggestedCharge("CPT", "96365", 2, ("59",), day, ("m1",), (), (), (), (), ())

    assert ("CPT", "96365", ("59",), day) == line.key
