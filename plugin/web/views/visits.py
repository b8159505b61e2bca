"""The visits somebody chooses from, in words: when, what kind, where, and how much was given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from fhir_mappings.time import Moment, read_moment
from plugin.ehr.encounters import Visit
from plugin.web.views.encounter_classes import CLASSES
from plugin.web.views.times import DASH, WallClock, counted, day_words, offset_words

STATUSES = {"onleave": "on leave", "in-progress": "in progress"}


@dataclass(frozen=True, slots=True)
class ListedVisit:
    """One visit in words; `reference` is what the facility, or else the EHR, calls it."""

    id: str
    when: str
    what: str
    where: str
    given: str
    reference: str


def list_visits(
    visits: Sequence[Visit], places: Mapping[str, str], given: Mapping[str, int], zone: tzinfo | None
) -> list[ListedVisit]:
    """The visits in their order; `places` names places and `given` counts administrations, as far as is known."""
    return [_listed(visit, places, given.get(visit.id), zone) for visit in visits]


def _listed(visit: Visit, places: Mapping[str, str], given: int | None, zone: tzinfo | None) -> ListedVisit:
    kind = CLASSES.get(visit.encounter_class, visit.encounter_class) or "class not charted"
    status = STATUSES.get(visit.status, visit.status)
    return ListedVisit(
        id=visit.id,
        when=_when(read_moment(visit.start, zone), read_moment(visit.stop, zone)),
        what=", ".join(filter(None, (kind[:1].upper() + kind[1:], visit.kind, status))),
        where=", ".join(filter(None, (_place(each, places) for each in visit.places))),
        given="" if given is None else f"{counted(given, 'administration') if given else 'No administration'} charted",
        reference=f"Encounter {visit.number or visit.id}",
    )


def _place(place: str, places: Mapping[str, str]) -> str:
    """Its name; an id tells nobody anything."""
    return places.get(place, "") if place.startswith("Location/") else place


def _when(start: Moment, stop: Moment) -> str:
    """For example 2 Mar 2026, 09:05-11:30 (UTC-06:00); without an offset, days alone."""
    if start.at is None or start.at.tzinfo is None:
        return f"{day_words(start.day)}, time not charted" if start.day else "Start not charted"
    clock = WallClock(start.at.tzinfo)
    offset = offset_words(start.at)
    if stop.at is None:
        return f"{day_words(start.at.date())}, {clock.time(start.at)} ({offset}), no end charted"
    if stop.at.utcoffset() != start.at.utcoffset():
        return f"{clock.day_and_time(start.at)} to {WallClock(stop.at.tzinfo or start.at.tzinfo).day_and_time(stop.at)}"
    if stop.at.date() == start.at.date():
        return f"{day_words(start.at.date())}, {clock.time(start.at)}{DASH}{clock.time(stop.at)} ({offset})"
    return f"{clock.when(start.at)} to {clock.when(stop.at)} ({offset})"
