"""MedicationAdministration: what was given, when, how, and on whose word."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from fhir_mappings.concepts import read_concept, read_concepts, terms
from fhir_mappings.dosage import named_way, read_given, read_infuse_over
from fhir_mappings.elements import Element, Log
from fhir_mappings.lookup import Lookup, Resource, identity, reference_of, root, version_of
from fhir_mappings.medication import drug_of
from fhir_mappings.ordering import ordered
from fhir_mappings.time import NO_OFFSET, NOTHING, Moment, may_span_clock_change, read_moment, read_time
from plugin.domain import Administration, MappingIssue, Status
from plugin.domain.replacing import replace

CLOCK_CHANGE = "clock-change"
PUMP = re.compile(r"\b(pump|infusor|infuser|pca|syringe driver|elastomeric)\b", re.IGNORECASE)
LINE = re.compile(
    r"\b(line|lines|catheter|picc|port|port-a-cath|cannula|midline|peripheral iv|piv|saline lock|lumen)\b",
    re.IGNORECASE,
)


def read_administration(resource: Resource, context: Lookup) -> tuple[Administration, list[MappingIssue]]:
    """The administration, with the issues met; whatever is missing is left at its default."""
    element = root(resource)
    element.refuse_modifiers()
    nearby = _nearby(element, context)
    begins, ends, instant = _effective(element, context.zone, nearby)
    drug = drug_of(element, resource, context)
    given = named_way(read_given(element), drug.text)
    line, from_device = read_device(element, resource, context)
    administration = Administration(
        id=identity(resource),
        status=_status(element),
        drug=drug,
        start=begins.at,
        stop=None if instant else ends.at,
        instant=instant and begins.at is not None,
        date_only=None if begins.at or ends.at else begins.day or ends.day,
        route=given.route,
        route_text=given.route_text,
        technique=given.technique,
        site=given.site or line,
        dose=given.dose,
        rate=given.rate,
        infuse_over=read_infuse_over(element) or given.over,
        request=context.key(reference_of(element.child("request", matters=False))),
        part_of=_references(element, "partOf", context),
        reasons=tuple(term for concept in read_concepts(element, "reasonCode") for term in terms(concept)),
        reason_references=_references(element, "reasonReference", context),
        notes=(*_notes(element), *([given.words] if given.words else [])),
        from_device=from_device,
        zone_assumed=begins.zone_assumed or ends.zone_assumed,
        charted_in_utc=begins.in_utc or ends.in_utc,
        version=version_of(resource),
        performers=_performers(element, context),
    )
    administration = _still_running(ordered(administration, context), element)
    unread = _unread(element, begins, ends, context.zone)
    return replace(administration, unread=unread) if unread else administration, element.log.issues


def _status(element: Element) -> Status:
    word = element.text("status").lower()
    try:
        status = Status(word)
    except ValueError:
        element.say("status", "read as unknown: not a status of R4", found=word or None, blocks=True)
        return Status.UNKNOWN
    if element.raw("status") != word:
        element.say("status", f"read as {word}")
    return status


def _nearby(element: Element, context: Lookup) -> tzinfo | None:
    """The offset its encounter was charted with; without a link that of the patient's that began nearest to it."""
    patient = context.key(reference_of(element.child("subject")))
    if not context.offsets:
        return None
    again = Element(element.value, element.path, Log(""))
    linked = context.key(reference_of(again.child("context")))
    starts = next((context.offsets[key] for key in (linked, patient) if key and key in context.offsets), ())
    begins, ends, _ = _effective(again, None, UTC)
    at = begins.at or ends.at

    def distance(start: datetime) -> tuple[timedelta, datetime, datetime]:
        by_the_clock = start.replace(tzinfo=UTC)
        return abs(by_the_clock - at.replace(tzinfo=UTC)) if at else NO_OFFSET, by_the_clock, start

    return min(starts, key=distance).tzinfo if starts else None


def _effective(element: Element, zone: tzinfo | None, nearby: tzinfo | None) -> tuple[Moment, Moment, bool]:
    """Start, stop, and whether it is a bare moment; the period wins over the moment when both stand there.

    Where only one end of a period has an offset, the other is read with it; where neither has, the patient's
    encounter lends its own (`nearby`).
    """
    period = element.child("effectivePeriod")
    if period is None:
        at = read_time(element, "effectiveDateTime", zone, nearby)
        return at, at, at is not NOTHING
    if element.has("effectiveDateTime"):
        element.say("effectiveDateTime", "the period was read instead", blocks=True)
    begins, ends = read_time(period, "start", zone, nearby), read_time(period, "end", zone, nearby)
    if zone is None and begins.zone_assumed is not ends.zone_assumed and begins.at and ends.at:
        other = ends.at.tzinfo if begins.zone_assumed else begins.at.tzinfo
        begins, ends = (read_moment(period.text(name), None, other) for name in ("start", "end"))
    return begins, ends, False


def _still_running(administration: Administration, element: Element) -> Administration:
    """Of something still in progress a charted end is only the last moment it was seen running."""
    if administration.status is not Status.IN_PROGRESS or administration.stop is None:
        return administration
    element.say("effectivePeriod.end", "still in progress: read as running until then", found="an end")
    return replace(administration, stop=None, running_until=administration.stop)


def _unread(element: Element, begins: Moment, ends: Moment, zone: tzinfo | None) -> tuple[str, ...]:
    """Element names of the blocking issues, after `clock-change` where the clock makes the time uncertain."""
    unzoned = zone is None and begins.zone_assumed and ends.zone_assumed
    guessed = unzoned and begins.at and ends.at and may_span_clock_change(begins.at, ends.at)
    names = [CLOCK_CHANGE] if begins.clock_change or ends.clock_change or guessed else []
    prefix = element.path + "."
    names += [issue.path.removeprefix(prefix) for issue in element.log.issues if issue.blocks]
    return tuple(dict.fromkeys(names))


def _references(element: Element, name: str, context: Lookup) -> tuple[str, ...]:
    keys = [context.key(reference_of(item)) for item in element.children(name, matters=False)]
    return tuple(dict.fromkeys(key for key in keys if key))


def _notes(element: Element) -> Iterator[str]:
    return (text for item in element.children("note", matters=False) if (text := item.text("text")))


def _performers(element: Element, context: Lookup) -> tuple[str, ...]:
    actors = [item.child("actor", matters=False) for item in element.children("performer", matters=False)]
    keys = [context.key(reference_of(actor)) for actor in actors]
    return tuple(dict.fromkeys(key for key in keys if key))


def read_device(element: Element, resource: Resource, context: Lookup) -> tuple[str, bool]:
    """The access named by a device reference, and whether a pump gave it; a device of unknown kind says neither."""
    return access_and_pump(tuple(_device_names(element, resource, context)))


@lru_cache(maxsize=1 << 12)  # a house calls its pumps and accesses by few names
def access_and_pump(names: tuple[str, ...]) -> tuple[str, bool]:
    """The same from what its devices are called."""
    line = next((name for name in names if LINE.search(_spaced(name)) and not PUMP.search(_spaced(name))), "")
    return line, any(PUMP.search(_spaced(name)) for name in names)


def _spaced(name: str) -> str:
    return re.sub(r"[-_/]+", " ", name)


def _device_names(element: Element, resource: Resource, context: Lookup) -> Iterator[str]:
    for pointed in element.children("device", matters=False):
        reference = reference_of(pointed)
        found = context.find(reference, resource)
        if found is not None:
            device = Element(dict(found), f"{pointed.path}.resolve()", pointed.log, matters=False)
            names = [item.text("name") for item in device.children("deviceName")]
            yield " ".join(name for name in [*names, read_concept(device.child("type")).readable()] if name)
        yield pointed.text("display") or reference
