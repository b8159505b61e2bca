"""A planned visit to the resources that chart it, in one vendor's shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from fhir_mappings.vendor_shapes import Shape, write_administration, write_condition, write_encounter
from plugin.bulk.generating.plan import Dose, Plan
from plugin.domain import Administration, Diagnosis, Drug, Encounter, Quantity, Rate, Route, Status, Technique, Term
from plugin.domain.replacing import replace

ROUTES = {
    "infusion": (Route.INTRAVENOUS, Technique.INFUSION),
    "push": (Route.INTRAVENOUS, Technique.PUSH),
    "IM": (Route.INTRAMUSCULAR, Technique.INJECTION),
    "SC": (Route.SUBCUTANEOUS, Technique.INJECTION),
    "oral": (Route.ENTERAL, None),
}
SITES = ("left forearm PIV 22G", "right antecubital PIV 20G", "right chest implanted port", "left upper arm PICC", "")
UNITS = {"EMER": ("Emergency",), "OBSENC": ("Observation 4W",), "IMP": ("6 East",)}
CLINICS = ("Infusion Center", "Oncology Day Unit", "Rheumatology Clinic")
NO_LINK, LINKED_RECORDS = 0.1, 0.12
PIECES = "abcd"


@dataclass(frozen=True, slots=True)
class Charted:
    """Who and where: the keys of patient and encounter, the shape, and what the chart leaves out."""

    patient: str
    encounter: str
    shape: Shape
    site: str
    linked: bool
    """Whether start and stop of a run are two records of one order."""
    placed: bool
    """Whether administrations name their encounter."""
    unit: str


def draw_charting(random: Random, plan: Plan, patient: str, encounter: str) -> Charted:
    """How this visit is charted."""
    untimed = any(dose.seconds is not None and not dose.timed for dose in plan.doses)
    shapes = list(Shape)[:4] if not untimed else list(Shape)
    return Charted(
        patient,
        encounter,
        random.choice(shapes),
        random.choice(SITES),
        linked=random.random() < LINKED_RECORDS,
        placed=random.random() >= NO_LINK,
        unit=random.choice(UNITS.get(plan.encounter_class, CLINICS)),
    )


def resources_of(plan: Plan, charted: Charted) -> Iterator[dict[str, Any]]:
    """Encounter, Conditions, Medications and MedicationAdministrations of one visit."""
    number = charted.encounter.rsplit("/", 1)[-1]
    arrived, left = plan.at(-300), plan.at(plan.seconds + 1800)
    visit = Encounter(charted.encounter, charted.patient, plan.encounter_class, "finished", arrived, left)
    yield write_encounter(visit, charted.unit)
    for rank, code in enumerate(plan.diagnoses, 1):
        diagnosis = Diagnosis(f"Condition/{number}-d{rank}", (Term("icd10cm", code),), "encounter-diagnosis")
        yield write_condition(diagnosis, charted.patient, charted.encounter)
    for dose in plan.doses:
        records = _administrations(dose, plan, charted, number)
        for given in [records[0], *map(_without_amount, records[1:])] if dose.once else records:
            link = charted.encounter if charted.placed else ""
            yield from write_administration(given, charted.patient, link, charted.shape)


def _without_amount(given: Administration) -> Administration:
    return replace(given, dose=None, notes=())


def _administrations(dose: Dose, plan: Plan, charted: Charted, number: str) -> list[Administration]:
    if dose.seconds is None:
        moment = _given(dose, charted, f"{number}-m{dose.order}", plan.at(dose.start), None)
        return [replace(moment, instant=True)]
    start, stop = plan.at(dose.start), plan.at(dose.start + dose.seconds)
    if not dose.timed:
        return [_unclosed(dose, charted, f"{number}-m{dose.order}", start)]
    if charted.linked:
        began = _given(dose, charted, f"{number}-m{dose.order}", start, None)
        return [began, _given(dose, charted, f"{number}-m{dose.order}e", None, stop)]
    ends = [plan.at(dose.start + dose.seconds * part // dose.pieces) for part in range(dose.pieces + 1)]
    return _pieces(dose, charted, f"{number}-m{dose.order}", ends)


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
    """A start without an end; in the shape of one moment with the minutes it was ordered for."""
    if charted.shape is Shape.INSTANT:
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
        dose=Quantity(Decimal(dose.dose), product.unit),
        request=f"MedicationRequest/{name.split('-', 1)[0]}-r{dose.order}",
        performers=(f"Practitioner/n{dose.order}",),
        notes=(dose.note,) if dose.note else (),
    )
