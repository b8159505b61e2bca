"""What stands between an acceptance and the EHR: a second person, an amended chart, a charge made by hand."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec import structs

from plugin.domain.existing import ExistingCharge
from plugin.domain.replacing import replace
from plugin.review.already_charged import match_existing
from plugin.review.decide import decide
from plugin.review.ports import Policy, amended
from plugin.review.post import post_accepted
from tests.unit.review.pretend import (
    CODER,
    DAY,
    HYDRATION,
    INITIAL,
    OTHER_CODER,
    PretendSink,
    accept,
    asked,
    posting,
    review,
    sit,
)
from tests.verifies import verifies

CAREFUL = Policy("clinic", second_person=True)


def outcomes(records, ehr):
    """What posting under the tenant's switch comes to."""
    return [each.outcome for each in post_accepted(posting(records, PretendSink(ehr), policy=CAREFUL))]


def raise_units(records, person, units=3, seen=0):
    """Edit the initial service."""
    decide([asked(action="edit", units=units, modifiers=(), reason="Counted again", seen=seen)], sit(records, person))


def test_raised_units_wait_for_a_second_person(records, ehr):
    """The one who raised them can't be the second; another coder's acceptance sends them as they are."""
    raise_units(records, CODER)
    assert (outcomes(records, ehr), ehr.charges) == (["waiting"], {})
    accept(records, CODER, seen=1)
    assert (outcomes(records, ehr), ehr.charges) == (["waiting"], {})
    accept(records, OTHER_CODER, seen=records.standing()[0].number)
    assert outcomes(records, ehr) == ["sent"]
    assert [charge.units for charge in ehr.charges.values()] == [Decimal(3)]


def test_raising_them_further_asks_for_a_second_person_again(records, ehr):
    """The second person who raises them again is the first of the new value."""
    raise_units(records, CODER)
    raise_units(records, OTHER_CODER, units=4, seen=1)
    assert (outcomes(records, ehr), ehr.charges) == (["waiting"], {})
    accept(records, CODER, seen=2)
    assert outcomes(records, ehr) == ["sent"]


@pytest.mark.parametrize("units", [1, 2])
def test_units_as_suggested_or_lowered_need_nobody_else(records, ehr, units):
    """HYDRATION is suggested with two units."""
    edit = asked(HYDRATION, "edit", units=units, modifiers=("59",), reason="Second site")
    decide([edit], sit(records))
    assert outcomes(records, ehr) == ["sent"]


def test_without_the_switch_raised_units_are_sent_at_once(records, ehr):
    """It is the tenant's choice."""
    raise_units(records, CODER)
    assert [each.outcome for each in post_accepted(posting(records, PretendSink(ehr)))] == ["sent"]


@verifies("WR-06")
def test_the_versions_behind_an_acceptance_are_kept(records):
    """Another version, or none: amended; the same: not."""
    accept(records)
    backing = records.standing()[0].backing
    ((administration, version),) = backing.versions
    assert amended(backing, {administration: version}) == ()
    assert amended(backing, {administration: f"{version}x"}) == (administration,)
    assert amended(backing, {}) == (administration,)


@verifies("WR-06")
def test_accepting_again_after_an_amendment_is_a_decision_of_its_own(records):
    """The same person, the same line: recorded anew with the new version, and then no longer flagged."""
    accept(records)
    chart = review().coded.chart
    newer = replace(chart, administrations=tuple(replace(a, version="2") for a in chart.administrations))
    later = replace(review(basis="basis-2"), coded=replace(review().coded, chart=newer))
    decide([asked(basis="basis-2", seen=1)], sit(records, review=later))
    (standing,) = records.standing()
    assert (standing.number, standing.backing.versions) == (2, (("MedicationAdministration/m1", "2"),))


def by_hand(code: str = "96365", **changes) -> ExistingCharge:
    """A charge that somebody made in the EHR."""
    made = ExistingCharge("ChargeItem/h1", "Encounter/e1", "Patient/p1", "CPT", code, status="billable", day=DAY)
    return structs.replace(made, **changes)


@verifies("WR-08")
def test_a_charge_made_by_hand_is_matched_to_its_line():
    """By code and day, with the same modifiers first; what matches no line stands by itself."""
    second_site = structs.replace(INITIAL, modifiers=("59",))
    plain, with_modifier, other = by_hand(), by_hand(id="ChargeItem/h2", modifiers=("59",)), by_hand("99213")
    found = match_existing([INITIAL, second_site], [plain, with_modifier, other], ())
    assert found.by_line == {INITIAL.key: (plain,), second_site.key: (with_modifier,)}
    assert found.others == (other,)


@verifies("WR-08")
@pytest.mark.parametrize(
    "changes",
    [{"status": "planned"}, {"status": "not-billable"}, {"id": "ChargeItem/ours"}, {"code": ""}],
)
def test_what_counts_no_more_or_is_ours_is_no_match(changes):
    """Planned, refused and withdrawn charges, those written from here, and those without a code."""
    found = match_existing([INITIAL], [by_hand(**changes)], {"ChargeItem/ours"})
    assert (found.by_line, found.others) == ({}, ())


@verifies("WR-08")
def test_another_day_is_another_service_and_no_day_is_any():
    """A charge that names no day may be this one."""
    other_day, no_day = by_hand(day=date(2026, 3, 1)), by_hand(day=None)
    found = match_existing([INITIAL], [other_day, no_day], ())
    assert (found.by_line, found.others) == ({INITIAL.key: (no_day,)}, (other_day,))
