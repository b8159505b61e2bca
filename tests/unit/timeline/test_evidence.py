"""How well minutes are proven, and what can't be counted at all (DESIGN section 4; R22, D9, D12)."""

from datetime import date
from decimal import Decimal

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Quantity, Rate, Service, Stated, Technique, Tier, Timing
from plugin.domain.replacing import replace
from plugin.timeline import build_timeline
from plugin.timeline.evidence import expected_time
from tests.properties.building import at, chart, given
from tests.verifies import verifies

BOOK = CodeBook.load()


def service(administration, **sides: str) -> Service:
    """The one service of a chart with one row, under sides of contested points."""
    (found,) = build_timeline(chart(administration), BOOK.as_of(date(2026, 3, 2), sides)).services
    return found


def quantity(value: int, unit: str) -> Quantity:
    """An exact amount."""
    return Quantity(Decimal(value), unit)


@verifies("RD-11")
@pytest.mark.parametrize(
    ("administration", "tier"),
    [
        (given(1, "ceftriaxone", 0, 30), Tier.CHARTED),
        (given(1, "ceftriaxone", 0, 30, from_device=True), Tier.PAIRED),
        (given(1, "morphine", 0, None, "IV push"), Tier.CHARTED),
        (given(1, "ceftriaxone", 0, None), Tier.INSTANT),
    ],
)
def test_the_tier_says_how_well_minutes_are_proven(administration, tier):
    """Charted with both ends, paired from a device, complete as a push, or a bare moment."""
    assert tier is service(administration).tier


@verifies("RD-11")
@pytest.mark.parametrize(
    ("administration", "timing"),
    [
        (given(1, "ceftriaxone", 0, 30), Timing.TIMED),
        (given(1, "ceftriaxone", 0, None), Timing.NO_STOP),
        (given(1, "ceftriaxone", None, 30), Timing.NO_START),
        (given(1, "ceftriaxone", None, None, date_only=date(2026, 3, 2)), Timing.NO_START),
        (given(1, "ceftriaxone", 30, 0), Timing.ILLOGICAL),
        (given(1, "ceftriaxone", 0, 1), Timing.ILLOGICAL),
        (given(1, "ceftriaxone", 0, 1440), Timing.TIMED),
        (given(1, "ceftriaxone", 0, 1441), Timing.IMPLAUSIBLE),
        (given(1, "ceftriaxone", 0, 61, ordered_minutes=Decimal(30)), Timing.IMPLAUSIBLE),
        (given(1, "ceftriaxone", 0, 60, ordered_minutes=Decimal(30)), Timing.TIMED),
        (given(1, "ceftriaxone", 0, 60, unread=("clock-change",)), Timing.AMBIGUOUS_CLOCK),
        (given(1, "morphine", 0, None, "IV push"), Timing.UNTIMED_PUSH),
        (given(1, "ketorolac", None, None, "IM", date_only=date(2026, 3, 2)), Timing.UNTIMED_PUSH),
    ],
)
def test_the_timing_says_what_can_be_done_with_it(administration, timing):
    """Only what is timed, and a push as a moment, can be counted."""
    assert timing is service(administration).timing


@pytest.mark.parametrize(
    ("stop", "how", "technique"),
    [
        (15, "IVPB", Technique.PUSH),
        (16, "IVPB", Technique.INFUSION),
        (15, "IV", Technique.PUSH),
        (16, "IV", Technique.INFUSION),
        (40, "IV push", Technique.PUSH),
        (15, "SC infusion", Technique.INJECTION),
        (16, "SC infusion", Technique.INFUSION),
        (30, "IM", Technique.INJECTION),
    ],
)
def test_documented_minutes_decide_the_technique(stop, how, technique):
    """15 or fewer are a push, but a push that is charted as one stays one (D9)."""
    assert technique is service(given(1, "ketorolac", 0, stop, how)).technique


def test_a_long_push_is_an_infusion_where_the_site_says_so():
    """Position `push_over_15` = time (A16)."""
    assert Technique.INFUSION is service(given(1, "ketorolac", 0, 40, "IV push"), push_over_15="time").technique


def test_fluids_are_never_pushed():
    """However short, hydration runs."""
    assert Technique.INFUSION is service(given(1, "sodium chloride 0.9%", 0, 10, "IV")).technique


def test_last_seen_running_is_a_floor_only_where_the_site_says_so():
    """Tier 3: a lower bound, asked about by default (DESIGN section 4)."""
    row = given(1, "ceftriaxone", 0, None, running_until=at(50))

    assert (Timing.NO_STOP, 0) == (service(row).timing, service(row).minutes)
    floor = service(row, running_floor="bill")
    assert (Timing.TIMED, 50, Tier.STILL_RUNNING) == (floor.timing, floor.minutes, floor.tier)


def test_a_computed_stop_counts_only_where_the_site_says_so():
    """Tier 4: dose divided by rate, under position `missing_stop`."""
    rate = Rate(quantity(100, "mL"), quantity(1, "h"))
    row = given(1, "ceftriaxone", 0, None, dose=quantity(50, "mL"), rate=rate)

    assert Timing.NO_STOP is service(row).timing
    computed = service(row, missing_stop="calculate_from_rate_then_query")
    assert (Timing.TIMED, 30, Tier.COMPUTED) == (computed.timing, computed.minutes, computed.tier)


@pytest.mark.parametrize(
    ("drug", "timing"),
    [
        ("ceftriaxone", Timing.UNTIMED_PUSH),
        ("paclitaxel", Timing.NO_STOP),
        ("infliximab", Timing.NO_STOP),
        ("sodium chloride 0.9%", Timing.NO_STOP),
        ("potassium chloride", Timing.NO_STOP),
        ("a drug nobody knows", Timing.NO_STOP),
    ],
)
def test_a_missing_stop_becomes_a_push_for_plain_drugs_only(drug, timing):
    """Position `missing_stop` = push_fallback is never for chemotherapy, hydration or the unknown (R22)."""
    assert timing is service(given(1, drug, 0, None), missing_stop="push_fallback").timing


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, None),
        ({"infuse_over": Decimal(45)}, (45, Tier.COMPUTED)),
        ({"ordered_minutes": Decimal(90)}, (90, Tier.INSTANT)),
        ({"infuse_over": Decimal(45), "ordered_minutes": Decimal(90)}, (45, Tier.COMPUTED)),
        ({"dose": quantity(500, "mL"), "rate": Rate(quantity(250, "mL"), quantity(1, "h"))}, (120, Tier.COMPUTED)),
        ({"dose": quantity(30, "mL"), "rate": Rate(quantity(2, "mL"), quantity(1, "min"))}, (15, Tier.COMPUTED)),
        ({"dose": quantity(500, "mg"), "rate": Rate(quantity(250, "mL"), quantity(1, "h"))}, None),
        ({"dose": quantity(500, "mL"), "rate": Rate(quantity(0, "mL"), quantity(1, "h"))}, None),
        ({"dose": quantity(500, "mL"), "rate": Rate(quantity(250, "mL"), quantity(1, "fortnight"))}, None),
    ],
)
def test_how_long_it_should_have_run(more, expected):
    """As documented, else dose by rate where the units cancel, else as ordered; it only fills a question in."""
    found = expected_time(given(1, "ceftriaxone", 0, None, **more))

    assert expected == ((found.minutes, found.tier) if found else None)


def test_a_length_that_somebody_confirmed_is_counted():
    """Twice the ordered time is asked about; "the times are right" settles it for that administration alone."""
    odd = given(1, "ceftriaxone", 0, 61, ordered_minutes=Decimal(30))
    as_of = BOOK.as_of(date(2026, 3, 2), {})

    def timing(*stated: Stated) -> Timing:
        (found,) = build_timeline(replace(chart(odd), stated=stated), as_of).services
        return found.timing

    assert timing() is Timing.IMPLAUSIBLE
    assert timing(Stated("implausible-time", odd.id, "as charted")) is Timing.TIMED
    assert timing(Stated("implausible-time", "another", "as charted")) is Timing.IMPLAUSIBLE


def test_segments_that_are_each_plausible_add_up():
    """30 hours in two charted bags of one order: no stop time was forgotten."""
    bags = [given(1, "heparin", 0, 900, request="o1"), given(2, "heparin", 900, 1800, request="o1")]
    (whole,) = build_timeline(chart(*bags), BOOK.as_of(date(2026, 3, 2), {})).services
    assert (whole.timing, whole.minutes) == (Timing.TIMED, 1800)


@pytest.mark.parametrize("minutes", [10**9, 31 * 1440 + 1])
def test_a_plan_longer_than_a_month_is_none(minutes):
    """A slip of the pen in "infuse over" is no evidence, under no position."""
    planned = given(1, "ceftriaxone", 0, None, infuse_over=Decimal(minutes))
    found = service(planned, missing_stop="calculate_from_rate_then_query")
    assert (found.expected, found.timing) == (None, Timing.NO_STOP)


def test_a_computed_time_is_held_to_the_limit_of_a_charted_one():
    """25 hours by "infuse over" are asked about, not billed."""
    planned = given(1, "ceftriaxone", 0, None, infuse_over=Decimal(1500))
    assert service(planned, missing_stop="calculate_from_rate_then_query").timing is Timing.NO_STOP
