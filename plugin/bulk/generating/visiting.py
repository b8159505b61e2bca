"""A patient with visits: planned, charted, charged, and the truth of each line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from fhir_mappings.vendor_shapes import HOUSES
from fhir_mappings.vendor_shapes.facts import Person, Posted
from fhir_mappings.vendor_shapes.parts import id_of
from plugin.bulk.generating.bodies import Body, draw_body
from plugin.bulk.generating.charge_master import items
from plugin.bulk.generating.mistakes import Truth, charge_visit
from plugin.bulk.generating.people import Hospital, draw_person, fitting, hospitals, sex_of
from plugin.bulk.generating.plan import LineKey, Plan
from plugin.bulk.generating.records import Charted, Records, draw_charting, records_of, resources_of, written_at
from plugin.bulk.generating.supplies import charge_supplies, supply
from plugin.bulk.generating.visits import plan_visit
from plugin.bulk.generating.wish import Wish
from plugin.domain import ExistingCharge

FIRST_DAY = datetime(2026, 1, 5)  # noqa: DTZ001 - each house gives it its zone
DAYS = 300
APART = (9, 60)
"""Days between two visits of a patient: more than any rule looks ahead, and always over a DST change safely."""
POSTED_AFTER = 6 * 3600
"""Seconds from a visit's last dose to its charges."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit with its resources, what was charged for it, and the truth."""

    plan: Plan
    charted: Charted
    records: Records
    posted: list[Posted]
    truth: list[Truth]

    @property
    def encounter(self) -> str:
        """Its `Encounter/id`."""
        return self.charted.stay.encounter.id

    def resources(self) -> Iterator[dict[str, Any]]:
        """What charts it."""
        return resources_of(self.plan, self.charted, self.records)

    def charge_items(self) -> Iterator[dict[str, Any]]:
        """What was charged, as the hospital's EHR has it."""
        house = HOUSES[self.charted.shape]
        return (house.charge(posted, self.charted.stay) for posted in self.posted)

    def claim(self) -> dict[str, Any]:
        """The same on a claim."""
        charges = [posted.charge for posted in self.posted]
        return HOUSES[self.charted.shape].claim(charges, self.charted.stay, self.posted[0].entered)


def draw_patient(wish: Wish, number: int, most: int) -> tuple[dict[str, Any], list[Visit]]:
    """The Patient of that number with at most so many visits."""
    random = Random(f"{wish.seed} {number}")  # noqa: S311 - invented data, the same for the same seed
    count = min(random.choices((1, 2, 3, 5), (40, 30, 20, 10))[0], most)
    plans = list(_plans(random, count, wish.zone))
    own = Random(f"{wish.seed} {number} person")  # noqa: S311 - a draw more here changes no visit
    hospital, sex = own.choice(hospitals(wish.seed)), sex_of(own, [code for p in plans for code in p.diagnoses])
    person, body = draw_person(own, number, sex, hospital, plans[0].begins), draw_body(own)
    for plan in plans:
        plan.diagnoses = fitting(plan.diagnoses, sex)
    visits = [_visit(random, plan, person, hospital, body, place, wish) for place, plan in enumerate(plans, 1)]
    return HOUSES[hospital.shape].patient(person), visits


def _plans(random: Random, count: int, zone: str) -> Iterator[Plan]:
    day = FIRST_DAY + timedelta(days=random.randrange(DAYS))
    for _ in range(count):
        clock = timedelta(hours=random.randint(7, 15), seconds=random.randrange(3600))
        yield plan_visit(random, (day + clock).replace(tzinfo=ZoneInfo(zone)))
        day += timedelta(days=random.randint(*APART))


def _visit(random: Random, plan: Plan, person: Person, hospital: Hospital, body: Body, place: int, wish: Wish) -> Visit:
    number = id_of(person.key)[1:]
    charted = draw_charting(random, plan, person, hospital, f"Encounter/e{number}x{place}", wish.utc)
    truth = charge_visit(random, plan, wish.under, wish.over)
    if wish.drugs:
        truth += _drugs(Random(f"{wish.seed} {number} {place}"), plan, body, wish)  # noqa: S311 - invented data
    records = records_of(plan, charted)
    return Visit(plan, charted, records, _posted(truth, plan, charted, records), truth)


def _drugs(random: Random, plan: Plan, body: Body, wish: Wish) -> list[Truth]:
    """By draws of its own, so that the visits are those of the same seed without drugs."""
    supply(random, plan, body)
    return charge_supplies(random, plan, wish.under, wish.over)


def _posted(truth: Sequence[Truth], plan: Plan, charted: Charted, records: Records) -> list[Posted]:
    behind, entered = _behind(plan, records), written_at(plan, plan.seconds + POSTED_AFTER, charted.utc)
    charged = [(place, line) for place, line in enumerate(truth, 1) if line.charged > 0]
    return [
        Posted(_charge(place, line, charted), items()[line.key.code], place, entered, behind.get(line.key, ()))
        for place, line in charged
    ]


def _behind(plan: Plan, records: Records) -> Mapping[LineKey, tuple[str, ...]]:
    """The administrations that each line of the plan was earned by."""
    found: dict[LineKey, tuple[str, ...]] = {}
    for line in (*plan.earned, *plan.unproven, *plan.supplied):
        key = LineKey(line.code, plan.at(line.dose.start).date(), line.modifiers)
        ids = [given.id for given in records[line.dose.order]]
        found[key] = tuple(dict.fromkeys([*found.get(key, ()), *ids]))
    return found


def _charge(place: int, line: Truth, charted: Charted) -> ExistingCharge:
    return ExistingCharge(
        id=f"ChargeItem/{charted.number}-c{place}",
        encounter=charted.stay.encounter.id,
        patient=charted.stay.person.key,
        code=line.key.code,
        modifiers=tuple(filter(None, line.key.modifiers.split("-"))),
        units=Decimal(line.charged),
        status="billed" if place % 2 else "billable",
        day=line.key.day,
    )
