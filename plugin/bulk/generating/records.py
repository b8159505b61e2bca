"""A planned visit to the resources that chart it, as the hospital's EHR writes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

from fhir_mappings.vendor_shapes import HOUSES, Shape
from fhir_mappings.vendor_shapes.facts import Person, Sign, Stay
from fhir_mappings.vendor_shapes.parts import id_of
from plugin.bulk.generating.diagnoses import reason
from plugin.bulk.generating.formulary import FLUID
from plugin.bulk.generating.people import Hospital
from plugin.bulk.generating.plan import Dose, Plan
from plugin.domain import Administration, Drug, Encounter, Quantity, Rate, Route, Status, Technique, Term
from plugin.domain.replacing import replace

ROUTES = {
    "infusion": (Route.INTRAVENOUS, Technique.INFUSION),
    "push": (Route.INTRAVENOUS, Technique.PUSH),
    "IM": (Route.INTRAMUSCULAR, Technique.INJECTION),
    "SC": (Route.SUBCUTANEOUS, Technique.INJECTION),
    "oral": (Route.ENTERAL, None),
}
SITES = ("left forearm PIV 22G", "right antecubital PIV 20G", "right chest implanted port", "left upper arm PICC", "")
NO_LINK, LINKED_RECORDS = 0.1, 0.12
PIECES = "abcd"
DRY = "E86.0"
WEIGHT = ("29463-7", "Body weight", "body-weight")
HEIGHT = ("8302-2", "Body height", "body-height")
SURFACE = ("3140-1", "Body surface area", "")

Records = Mapping[int, list[Administration]]
"""The administrations of each dose, by its order."""


@dataclass(frozen=True, slots=True)
class Charted:
    """How a visit is charted, and what the chart leaves out."""

    stay: Stay
    shape: Shape
    site: str
    linked: bool
    """Whether start and stop of a run are two records of one order."""
    placed: bool
    """Whether administrations name their encounter."""
    utc: bool = False
    """Whether times are written in UTC."""

    @property
    def number(self) -> str:
        """By which its resources are named."""
        return id_of(self.stay.encounter.id)


def draw_charting(
    random: Random, plan: Plan, person: Person, hospital: Hospital, encounter: str, utc: bool = False
) -> Charted:
    """How this visit is charted; with `utc` in the times that such a server writes."""
    utc = utc and HOUSES[hospital.shape].in_utc
    arrived, left, recorded = (written_at(plan, s, utc) for s in (-300, plan.seconds + 1800, 600))
    visit = Encounter(encounter, person.key, plan.encounter_class, "finished", arrived, left)
    number = id_of(encounter)
    stay = Stay(
        encounter=visit,
        person=person,
        unit=hospital.unit(random, plan.encounter_class),
        attending=random.choice(hospital.doctors),
        nurse=random.choice(hospital.nurses),
        account=f"{random.randrange(10**7, 10**8)}",
        contact=f"{random.randrange(10**8, 10**9)}",
        reasons=tuple(reason(f"Condition/{number}-d{rank}", code) for rank, code in enumerate(plan.diagnoses, 1)),
        recorded=recorded,
    )
    return Charted(
        stay,
        hospital.shape,
        random.choice(SITES),
        linked=random.random() < LINKED_RECORDS,
        placed=random.random() >= NO_LINK,
        utc=utc,
    )


def written_at(plan: Plan, seconds: int, utc: bool) -> datetime:
    """So many seconds after the visit's beginning, as the server writes it."""
    at = plan.at(seconds)
    return at.astimezone(UTC) if utc else at


def resources_of(plan: Plan, charted: Charted, records: Records) -> Iterator[dict[str, Any]]:
    """Encounter, Conditions, Observations, Medications and MedicationAdministrations of one visit."""
    house, stay = HOUSES[charted.shape], charted.stay
    yield house.encounter(stay)
    for each in stay.reasons:
        yield house.condition(each, stay)
    for sign in _signs(plan, charted):
        yield house.measure(sign, stay)
    for dose in plan.doses:
        by = f"Observation/{charted.number}-{dose.product.per}" if dose.unit else ""
        for given in records[dose.order]:
            medication = house.medication(given)
            if medication:
                yield medication
            yield house.administration(given, stay, charted.placed, by)


def _signs(plan: Plan, charted: Charted) -> Iterator[Sign]:
    """What was measured before anything was given, where a dose goes by it."""
    if plan.body is None:
        return
    key, at = f"Observation/{charted.number}", written_at(plan, -120, charted.utc)
    yield Sign(f"{key}-cm", *HEIGHT, plan.body.height, "cm", at)
    yield Sign(f"{key}-kg", *WEIGHT, plan.body.weight, "kg", at)
    if any(dose.unit.endswith("/m2") for dose in plan.doses):
        yield Sign(f"{key}-m2", *SURFACE, plan.body.surface, "m2", at)


def records_of(plan: Plan, charted: Charted) -> Records:
    """The administrations that chart each dose."""
    return {dose.order: _records(dose, plan, charted) for dose in plan.doses}


def _records(dose: Dose, plan: Plan, charted: Charted) -> list[Administration]:
    records = _administrations(dose, plan, charted)
    return [records[0], *map(_without_amount, records[1:])] if dose.once else records


def _without_amount(given: Administration) -> Administration:
    return replace(given, dose=None, notes=())


def _administrations(dose: Dose, plan: Plan, charted: Charted) -> list[Administration]:
    name, at = f"{charted.number}-m{dose.order}", partial(written_at, plan, utc=charted.utc)
    if dose.seconds is None:
        return [replace(_given(dose, charted, name, at(dose.start), None), instant=True)]
    start, stop = at(dose.start), at(dose.start + dose.seconds)
    if not dose.timed:
        return [_unclosed(dose, charted, name, start)]
    if charted.linked:
        return [_given(dose, charted, name, start, None), _given(dose, charted, f"{name}e", None, stop)]
    ends = [at(dose.start + dose.seconds * part // dose.pieces) for part in range(dose.pieces + 1)]
    return _pieces(dose, charted, name, ends)


def _pieces(dose: Dose, charted: Charted, name: str, ends: list[datetime]) -> list[Administration]:
    """The stretches of one order, each with a rate of its own, without a gap between them."""
    pieces = [
        _given(dose, charted, f"{name}{letter}", begins, stops)
        for letter, begins, stops in zip(PIECES, ends, ends[1:], strict=False)
    ]
    if len(pieces) == 1:
        return pieces
    return [replace(piece, rate=_rate(100 + 25 * place)) for place, piece in enumerate(pieces)]


def _rate(amount: int) -> Rate:
    return Rate(Quantity(Decimal(amount), "mL"), Quantity(Decimal(1), "h"))


def _unclosed(dose: Dose, charted: Charted, name: str, start: datetime) -> Administration:
    """A start without an end; at Oracle Health one moment with the minutes it was ordered for."""
    if charted.shape is Shape.ORACLE:
        over = Decimal((dose.seconds or 0) // 60)
        return replace(_given(dose, charted, name, start, None), instant=True, infuse_over=over)
    return _given(dose, charted, name, start, None)


def _given(dose: Dose, charted: Charted, name: str, start: datetime | None, stop: datetime | None) -> Administration:
    product, (route, technique) = dose.product, ROUTES[dose.way]
    terms = (Term("rxnorm", product.rxnorm, product.drug),) if product.rxnorm else ()
    return Administration(
        id=f"MedicationAdministration/{name}",
        status=Status(dose.status),
        drug=Drug(product.drug, terms),
        start=start,
        stop=stop,
        route=route,
        technique=technique,
        site=charted.site if route is Route.INTRAVENOUS and product.given != "flush" else "",
        dose=Quantity(Decimal(dose.dose), dose.unit or product.unit),
        request=f"MedicationRequest/{charted.number}-r{dose.order}",
        reason_references=(_reason_of(dose, charted),),
        notes=(dose.note,) if dose.note else (),
    )


def _reason_of(dose: Dose, charted: Charted) -> str:
    """Fluid is given for dehydration where that is a diagnosis, all else for the first."""
    reasons = charted.stay.reasons
    dry = [each for each in reasons if dose.product.given == FLUID and each.icd10cm == DRY]
    return (dry or list(reasons))[0].key
