"""From outcomes to charge lines: what merges, what order, which day, which diagnoses."""

from datetime import UTC, date, datetime, timedelta

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Diagnosis, Status, Term
from plugin.domain.chart import Encounter
from plugin.domain.replacing import replace
from plugin.rules.engine import day_of_service, run
from plugin.rules.lines import charge_lines
from tests.properties.building import MORNING, ZONE, at, chart, given

BOOK = CodeBook.load()
FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)
MIDNIGHT = 16 * 60  # minutes after 08:00


def lines(charted, **sides):
    """Charge lines under sides of contested points."""
    return charge_lines(run(charted, BOOK, None, sides))


def dated(charted, **sides) -> list[tuple[str, date, int]]:
    """Code, day and units of each line."""
    return [(line.code, line.day, line.units) for line in lines(charted, **sides)]


def test_one_line_for_each_code_and_day_in_the_order_of_the_hierarchy():
    """Two new pushes are one line of two units; the initial service stands first, hydration last."""
    charted = chart(
        given(1, "sodium chloride 0.9%", 100, 140),
        given(2, "morphine", 0, None, "IV push"),
        given(3, "ondansetron", 5, None, "IV push"),
        given(4, "ceftriaxone", 10, 40),
    )

    assert [("96365", FIRST, 1), ("96375", FIRST, 2), ("96361", FIRST, 1)] == dated(charted)
    assert ("MedicationAdministration/m2", "MedicationAdministration/m3") == lines(charted)[1].administrations


def test_a_run_past_midnight_is_dated_to_its_start():
    """Units come from the whole run first, the day after (R8): 100 minutes from 23:20 are two units."""
    charted = chart(given(1, "ceftriaxone", MIDNIGHT - 40, MIDNIGHT + 60))

    assert [("96365", FIRST, 1), ("96366", FIRST, 1)] == dated(charted)


def test_a_run_past_midnight_may_be_split_by_day():
    """Under split_by_day a unit stands on the day its threshold was reached: minute 91 is at 00:51."""
    charted = chart(given(1, "ceftriaxone", MIDNIGHT - 40, MIDNIGHT + 60))

    assert [("96365", FIRST, 1), ("96366", SECOND, 1)] == dated(charted, midnight_dating="split_by_day")


def test_every_unit_shows_its_minutes():
    """Units are numbered, and the minutes of all of them are those that were kept."""
    (first, further) = lines(chart(given(1, "ceftriaxone", 0, 151)))

    assert [(1, 0, 60)] == [(m.unit, *from_the_morning(m)) for m in first.minutes]
    assert [(1, 60, 120), (2, 120, 151)] == [(m.unit, *from_the_morning(m)) for m in further.minutes]
    assert {1} == {m.tier for m in (*first.minutes, *further.minutes)}


def from_the_morning(minute) -> tuple[int, int]:
    """A unit's minutes after 08:00."""
    zero = int(MORNING.timestamp())
    return (minute.start - zero) // 60, (minute.stop - zero) // 60


def test_own_reasons_come_before_the_encounters_diagnoses():
    """A line points to what its administrations were given for, else to the encounter's diagnoses by rank."""
    diagnoses = (
        Diagnosis("Condition/b", (Term("icd10cm", "A41.9"),), "encounter-diagnosis", 2),
        Diagnosis("Condition/a", (Term("icd10cm", "J18.9"),), "encounter-diagnosis", 1),
        Diagnosis("Condition/c", (Term("icd10cm", "I10"),), "problem-list-item"),
    )
    reason = (Term("icd10cm", "R11.2"),)
    charted = chart(
        given(1, "ceftriaxone", 0, 60), given(2, "ketorolac", 0, None, "IM", reasons=reason), diagnoses=diagnoses
    )

    assert {"96365": ("J18.9", "A41.9"), "96372": ("R11.2",)} == {c.code: c.diagnoses for c in lines(charted)}


def test_times_charted_in_utc_without_a_zone_carry_a_caveat():
    """The day may be off by one, and the line says so; with the facility's zone it is not."""
    in_utc = given(1, "ceftriaxone", None, None, start=at(0).astimezone(UTC), stop=at(60).astimezone(UTC))
    charted = chart(replace(in_utc, charted_in_utc=True, instant=False), zone=None)

    assert ["zone"] == [caveat.position for line in lines(charted) for caveat in line.caveats]
    assert [] == [caveat for line in lines(replace(charted, zone=ZONE)) for caveat in line.caveats]


@pytest.mark.parametrize(
    ("encounter_start", "zone", "expected"),
    [
        (datetime(2026, 3, 3, 4, 30, tzinfo=UTC), ZONE, FIRST),
        (datetime(2026, 3, 3, 4, 30, tzinfo=UTC), None, SECOND),
        (None, ZONE, FIRST),
    ],
)
def test_the_day_of_service_is_local(encounter_start, zone, expected):
    """The encounter's start in the facility's zone, else as charted; else the first administration's day."""
    encounter = Encounter("Encounter/e1", "Patient/p1", "AMB", start=encounter_start)

    assert expected == day_of_service(chart(given(1, "ceftriaxone", 0, 60), encounter=encounter, zone=zone))


def test_without_any_moment_the_charted_day_is_the_day_of_service():
    """A row with a date alone still has its day; nothing at all has none."""
    encounter = Encounter("Encounter/e1", "Patient/p1", "AMB")
    row = given(1, "ketorolac", None, None, "IM", date_only=SECOND)

    assert SECOND == day_of_service(chart(row, encounter=encounter))
    assert day_of_service(chart(encounter=encounter)) is None


def test_what_was_not_given_does_not_make_the_day_of_service():
    """Without an encounter's start it is the day of the first counted administration (DESIGN section 6)."""
    day_before = at(0) - timedelta(days=1)
    held = given(1, "ceftriaxone", None, None, start=day_before, stop=day_before, status=Status.NOT_DONE)
    encounter = Encounter("Encounter/e1", "Patient/p1", "AMB")

    assert FIRST == day_of_service(chart(held, given(2, "ceftriaxone", 0, 60), encounter=encounter))
