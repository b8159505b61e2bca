"""The kinds of visits. Each chooses what to earn and then doses that earn just that, by facility rules.

The comments name the rule that makes the plan's units what they are; the engine is never asked.
"""

from collections.abc import Callable
from datetime import datetime
from random import Random

from plugin.bulk.generating.formulary import some
from plugin.bulk.generating.plan import Draft, Plan

Kind = Callable[[Random, datetime], Plan]
FURTHER = ((0, 1, 2, 3, 5), (45, 27, 15, 9, 4))
INFECTIONS, CANCERS = ("A41.9", "L03.115", "N10", "J18.9", "M86.9"), ("C50.911", "C34.11", "C18.7", "C61")
IMMUNE, PAIN, DRY = ("K50.90", "M05.79", "G35.D", "K51.90"), ("R10.9", "N20.0", "G43.909"), ("E86.0", "K52.9")


def _further(random: Random) -> int:
    return random.choices(*FURTHER)[0]


def single_infusion(random: Random, begins: datetime) -> Plan:
    """One drug infused: the first hour, and each further one from minute 31 on."""
    draft = Draft(random, "single infusion", "AMB", begins)
    hours = _further(random)
    dose = draft.infuse(some(random, "infused", 1)[0], draft.first_hour_minutes(hours))
    draft.earn(dose, "96365")
    draft.earn(dose, "96366", hours)
    draft.plan.diagnoses = (random.choice(INFECTIONS),)
    return draft.plan


def unclosed_infusion(random: Random, begins: datetime) -> Plan:
    """The same with an end nobody charted: it may have earned as much, and the chart does not say."""
    plan = single_infusion(random, begins)
    plan.kind = "unclosed infusion"
    plan.doses[0].timed, plan.doses[0].pieces = False, 1
    plan.unproven, plan.earned = plan.earned, []
    return plan


def infusions_in_a_row(random: Random, begins: datetime) -> Plan:
    """Two to four drugs one after the other: the longest is initial wherever it stands, the others are sequential."""
    draft = Draft(random, "infusions in a row", "AMB", begins)
    drugs, hours = some(random, "infused", random.randint(2, 4)), random.choices((1, 2, 3), (5, 3, 2))[0]
    longest = draft.first_hour_minutes(hours)
    place = random.randrange(len(drugs))
    for index, drug in enumerate(drugs):
        dose = draft.infuse(drug, longest if index == place else random.randint(16, min(90, longest - 2)))
        draft.earn(dose, "96365" if index == place else "96367")
        draft.earn(dose, "96366", hours if index == place else 0)
    draft.plan.diagnoses = (random.choice(INFECTIONS),)
    return draft.plan


def two_at_once(random: Random, begins: datetime) -> Plan:
    """A drug that runs wholly inside another's time is concurrent, once."""
    draft = Draft(random, "two at once", "AMB", begins)
    long, short = some(random, "infused", 2)
    hours = random.randint(1, 3)
    minutes = draft.first_hour_minutes(hours)
    outer = draft.infuse(long, minutes)
    within = random.randint(16, minutes - 12)
    room = (minutes - within - 4) * 60
    inner = draft.infuse(short, within, at=outer.start + 120 + random.randint(0, room))
    draft.earn(outer, "96365")
    draft.earn(outer, "96366", hours)
    draft.earn(inner, "96368")
    draft.plan.diagnoses = (random.choice(INFECTIONS),)
    return draft.plan


def chemotherapy_day(random: Random, begins: datetime) -> Plan:
    """Chemotherapy is initial whatever came before it; premedication is added, a second drug is sequential."""
    draft = Draft(random, "chemotherapy day", "AMB", begins)
    for drug in some(random, "pushed", random.randint(0, 3)):
        draft.earn(draft.push(drug), "96375")
    for drug in some(random, "premedication", random.randint(0, 2)):
        draft.earn(draft.infuse(drug, random.randint(16, 45)), "96367")
    _hydrate(draft, random.choices((0, 1, 2), (6, 3, 1))[0])
    first, second = some(random, "chemotherapy", 2)
    hours = _further(random)
    longest = max(draft.first_hour_minutes(hours), 40)
    dose = draft.infuse(first, longest)
    draft.earn(dose, "96413")
    draft.earn(dose, "96415", hours)
    if random.random() < 0.55:
        draft.earn(draft.infuse(second, random.randint(16, min(90, longest - 2))), "96417")
    draft.plan.diagnoses = (random.choice(CANCERS), *DRY)
    return draft.plan


def biologic(random: Random, begins: datetime) -> Plan:
    """A complex biologic takes the chemotherapy codes; a push before it is one more."""
    draft = Draft(random, "biologic", "AMB", begins)
    for drug in some(random, "pushed", random.randint(0, 2)):
        draft.earn(draft.push(drug), "96375")
    hours = _further(random)
    dose = draft.infuse(some(random, "biologic", 1)[0], draft.first_hour_minutes(hours))
    draft.earn(dose, "96413")
    draft.earn(dose, "96415", hours)
    draft.plan.diagnoses = (random.choice(IMMUNE),)
    return draft.plan


def emergency_pushes(random: Random, begins: datetime) -> Plan:
    """Pushes alone: the first drug is initial, each other drug is one more, the same again needs over 30 minutes."""
    draft = Draft(random, "emergency pushes", "EMER", begins)
    drugs = some(random, "pushed", random.randint(1, 4))
    for index, drug in enumerate(drugs):
        draft.earn(draft.push(drug), "96375" if index else "96374")
    for _ in range(random.choices((0, 1, 2), (6, 3, 1))[0]):
        draft.clock += random.randint(31, 70) * 60
        draft.earn(draft.push(drugs[0]), "96376")
    draft.clock += 120
    _hydrate(draft, random.choices((0, 1, 2, 3), (4, 3, 2, 1))[0])
    draft.plan.diagnoses = (random.choice(PAIN), *DRY)
    return draft.plan


def _hydrate(draft: Draft, hours: int) -> None:
    """Fluid beside another service: every hour is a further one, from 31 minutes on."""
    if hours:
        fluid = some(draft.random, "fluid", 1)[0]
        dose = draft.infuse(fluid, draft.random.randint(31 + 60 * (hours - 1), 90 + 60 * (hours - 1)))
        draft.earn(dose, "96361", hours)


def hydration_alone(random: Random, begins: datetime) -> Plan:
    """Fluid and nothing else: 31 minutes earn the first hour, 30 earn nothing."""
    draft = Draft(random, "hydration alone", "EMER", begins)
    further = random.choices((-1, 0, 1, 2), (1, 4, 3, 2))[0]
    fluid = some(random, "fluid", 1)[0]
    minutes = random.randint(16, 30) if further < 0 else random.randint(31 + 60 * further, 90 + 60 * further)
    dose = draft.infuse(fluid, minutes)
    if further >= 0:
        draft.earn(dose, "96360")
        draft.earn(dose, "96361", further)
    draft.plan.diagnoses = DRY
    return draft.plan


def short_infusion(random: Random, begins: datetime) -> Plan:
    """Hung as a piggyback and in within 15 minutes: a push by its minutes."""
    draft = Draft(random, "short infusion", "AMB", begins)
    dose = draft.infuse(some(random, "infused", 1)[0], random.randint(3, 15))
    dose.pieces = 1
    draft.earn(dose, "96374")
    draft.plan.diagnoses = (random.choice(INFECTIONS),)
    return draft.plan


def injections(random: Random, begins: datetime) -> Plan:
    """Injections stand outside the hierarchy: each drug is one."""
    draft = Draft(random, "injections", "AMB", begins)
    for given, code in (("injected", "96372"), ("hormonal", "96402"), ("chemotherapy injected", "96401")):
        for drug in some(random, given, random.choices((0, 1, 2), (5, 4, 1))[0] or int(given == "injected")):
            way = "SC" if given != "hormonal" and drug.drug != "medroxyprogesterone" else "IM"
            draft.earn(draft.dose(drug, way, None), code)
    draft.plan.diagnoses = ("D51.9", random.choice(CANCERS))
    return draft.plan


def over_midnight(random: Random, begins: datetime) -> Plan:
    """An observation stay: each service is dated to the day it started on, though it may end on the next."""
    late = begins.replace(hour=21, minute=random.randrange(60), second=random.randrange(60))
    draft = Draft(random, "over midnight", "OBSENC", late)
    first, second = some(random, "infused", 2)
    hours = random.randint(2, 4)
    longest = draft.infuse(first, draft.first_hour_minutes(hours))
    draft.earn(longest, "96365")
    draft.earn(longest, "96366", hours)
    draft.clock += random.randint(0, 4 * 3600)
    draft.earn(draft.infuse(second, random.randint(16, 90)), "96367")
    draft.plan.diagnoses = (random.choice(INFECTIONS),)
    return draft.plan


def inpatient(random: Random, begins: datetime) -> Plan:
    """Nothing is charged by the service for an inpatient."""
    draft = Draft(random, "inpatient", "IMP", begins)
    for drug in some(random, "infused", random.randint(1, 3)):
        draft.infuse(drug, random.randint(20, 240))
    draft.plan.diagnoses = (random.choice(INFECTIONS),)
    return draft.plan


def nothing_to_code(random: Random, begins: datetime) -> Plan:
    """Tablets, a flush that names no port, and what was not given after all."""
    draft = Draft(random, "nothing to code", "AMB", begins)
    for drug in some(random, "oral", random.randint(1, 2)):
        draft.dose(drug, "oral", None)
    if random.random() < 0.5:
        draft.push(some(random, "flush", 1)[0])
    draft.push(some(random, "pushed", 1)[0]).status = random.choice(("not-done", "entered-in-error"))
    draft.plan.diagnoses = (random.choice(PAIN),)
    return draft.plan


MIX: tuple[tuple[Kind, int], ...] = (
    (single_infusion, 18),
    (infusions_in_a_row, 9),
    (two_at_once, 5),
    (chemotherapy_day, 16),
    (biologic, 9),
    (emergency_pushes, 15),
    (hydration_alone, 6),
    (short_infusion, 4),
    (injections, 6),
    (over_midnight, 3),
    (unclosed_infusion, 4),
    (inpatient, 3),
    (nothing_to_code, 2),
)
"""Kinds with their shares in a hundred."""


def plan_visit(random: Random, begins: datetime) -> Plan:
    """A visit of a kind drawn by its share."""
    kinds, shares = zip(*MIX, strict=True)
    kind: Kind = random.choices(kinds, shares)[0]
    return kind(random, begins)
