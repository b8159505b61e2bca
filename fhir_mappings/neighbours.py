"""The patient's other encounters of the same day and the three days after."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from fhir_mappings.encounter import Visit
from plugin.domain import ExistingCharge, Neighbour

DAYS_AFTER = timedelta(days=3)
NEVER_TOOK_PLACE = ("cancelled", "entered-in-error", "planned")
STILL_OPEN = ("arrived", "triaged", "in-progress", "onleave")


def neighbours_of(
    visit: Visit, of_patient: Sequence[Visit], charged: Mapping[str, Sequence[ExistingCharge]]
) -> tuple[Neighbour, ...]:
    """Other encounters that touch the days from this one's first to three days after its last, by start, then id."""
    own = visit.encounter
    if own.start is None or not own.patient:
        return ()
    if len(of_patient) == 1:
        return ()
    first, last = own.start.date(), _after((own.stop or own.start).date())
    found = [other.encounter for other in of_patient if other.encounter.id != own.id and _touches(other, first, last)]
    neighbours = [
        Neighbour(
            e.id,
            e.encounter_class,
            e.start,
            e.stop,
            tuple(sorted({charge.code for charge in charged.get(e.id, ())})),
        )
        for e in found
    ]
    return tuple(sorted(neighbours, key=lambda n: (n.start.timestamp() if n.start else 0.0, n.id)))


def _after(day: date) -> date:
    return day + DAYS_AFTER if day.year < date.max.year else day


def _touches(other: Visit, first: date, last: date) -> bool:
    encounter = other.encounter
    if encounter.start is None or encounter.status in NEVER_TOOK_PLACE:
        return False
    begins = encounter.start.date()
    if encounter.stop is not None:
        return begins <= last and encounter.stop.date() >= first
    return begins <= last and (begins >= first or encounter.status in STILL_OPEN)
