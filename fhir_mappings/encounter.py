"""Encounter: the visit, its class over time, and the diagnoses it lists."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo

from msgspec import Struct

from fhir_mappings.concepts import read_coding, read_concept, read_concepts, terms
from fhir_mappings.elements import Element, clean
from fhir_mappings.lookup import Lookup, Resource, identity, reference_of, root, version_of
from fhir_mappings.time import NOTHING, Moment, read_time
from plugin.domain import ClassSpan, Encounter, MappingIssue, Term

UNRANKED = 10**9
CLASSES = {
    "emergency": "EMER", "ambulatory": "AMB", "outpatient": "AMB", "inpatient": "IMP", "inpatient encounter": "IMP",
    "observation": "OBSENC", "observation encounter": "OBSENC", "field": "FLD", "home": "HH", "home health": "HH",
    "virtual": "VR", "short stay": "SS", "inpatient acute": "ACUTE", "inpatient non-acute": "NONAC",
}  # fmt: skip
"""Older codes and displays to the v3 ActCode; anything else is kept as charted."""
V2_CLASSES = {"E": "EMER", "I": "IMP", "O": "AMB", "P": "PRENC", "R": "AMB"}
"""Patient classes of HL7 v2 (table 0004), which Oracle Health writes of outpatients."""
EPIC, PATIENT_CLASS = "urn:oid:1.2.840.114350.", ".698084.10110"
"""Epic's class says by what kind of contact it came; the patient class is one of its types."""


class Visit(Struct, frozen=True, gc=False):
    """An encounter with what places other resources: its span as charted and the diagnoses it lists, by rank."""

    encounter: Encounter
    begins: Moment
    ends: Moment
    diagnoses: tuple[str, ...] = ()

    def holds(self, at: datetime | None, day: date | None) -> bool:
        """Whether a moment, or a day where only that is known, lies within; an open end holds everything after."""
        if at is None:
            return day is not None and self._holds_day(day)
        after = at >= self.begins.at if self.begins.at else bool(self.begins.day and at.date() >= self.begins.day)
        before = at <= self.ends.at if self.ends.at else self.ends.day is None or at.date() <= self.ends.day
        return after and before

    def _holds_day(self, day: date) -> bool:
        return self.begins.day is not None and self.begins.day <= day and (not self.ends.day or day <= self.ends.day)


def read_encounter(resource: Resource, context: Lookup) -> tuple[Encounter, list[MappingIssue]]:
    """The encounter, with the issues met."""
    visit, issues = read_visit(resource, context)
    return visit.encounter, issues


def read_visit(resource: Resource, context: Lookup) -> tuple[Visit, list[MappingIssue]]:
    """The encounter with its span and its list of diagnoses."""
    element = root(resource)
    element.refuse_modifiers()
    begins, ends = _period(element.child("period"), context.zone)
    encounter = Encounter(
        id=identity(resource),
        patient=context.key(reference_of(element.child("subject"))),
        encounter_class=read_class(element),
        status=element.text("status"),
        start=_bound(begins, time.min, context.zone),
        stop=_bound(ends, time(23, 59, 59), context.zone),
        classes=tuple(_classes(element, context.zone)),
        reasons=tuple(_terms(element, "reasonCode")),
        service_type=tuple(terms(read_concept(element.child("serviceType")))),
        locations=tuple(_locations(element)),
        version=version_of(resource),
        organization=context.key(reference_of(element.child("serviceProvider", matters=False))),
        numbers=tuple(filter(None, (each.text("value") for each in element.children("identifier", matters=False)))),
    )
    if encounter.status == "entered-in-error":
        element.say("status", "the encounter was entered in error: nothing in it may be charged", blocks=True)
    return Visit(encounter, begins, ends, tuple(_diagnoses(element, context))), element.log.issues


def _period(period: Element | None, zone: tzinfo | None) -> tuple[Moment, Moment]:
    if period is None:
        return NOTHING, NOTHING
    begins = read_time(period, "start", zone)
    return begins, read_time(period, "end", zone, begins.at.tzinfo if begins.at else None)


def _bound(moment: Moment, clock: time, zone: tzinfo | None) -> datetime | None:
    """The moment; of a bare day its first or last second, so that the day of service is right."""
    if moment.at or not moment.day:
        return moment.at
    return datetime.combine(moment.day, clock, zone or UTC)


def read_class(element: Element) -> str:
    """The class code; as a Coding, and as older servers write it, a bare code."""
    value = element.raw("class")
    if isinstance(value, str) and value.strip():
        element.say("class", "a bare code read as a Coding")
        word = clean(value[:64]).strip()
        return CLASSES.get(word.lower(), word)
    coded = element.child("class")
    if coded is None:
        return _patient_class(element)
    if coded.has("coding"):
        concept = read_concept(coded)
        coded.say("coding", "a CodeableConcept read as a Coding")
        code = concept.code() or concept.text
    else:
        coding = read_coding(coded)
        code = coding.code or coding.display
        if coding.system.endswith("/v2-0004") or coding.system.endswith("/v2/0004"):
            code = V2_CLASSES.get(code, code)
        if coding.system.startswith(EPIC):
            code = _patient_class(element) or code
    return CLASSES.get(code.lower(), code)


def _patient_class(element: Element) -> str:
    """What Epic calls inpatient, outpatient, observation or emergency among the types; empty where nothing does."""
    kinds = [coding for kind in read_concepts(element, "type") for coding in kind.codings]
    said = next((c.display for c in kinds if c.system.startswith(EPIC) and c.system.endswith(PATIENT_CLASS)), "")
    return CLASSES.get(said.lower(), "")


def _classes(element: Element, zone: tzinfo | None) -> Iterator[ClassSpan]:
    for item in element.children("classHistory"):
        begins, ends = _period(item.child("period"), zone)
        yield ClassSpan(read_class(item), _bound(begins, time.min, zone), _bound(ends, time(23, 59, 59), zone))


def _terms(element: Element, name: str) -> Iterator[Term]:
    for concept in read_concepts(element, name):
        yield from terms(concept)


def _locations(element: Element) -> Iterator[str]:
    """What each location is called, then its reference, by which a site sets its care setting."""
    for item in element.children("location", matters=False):
        location = item.child("location")
        if location is not None:
            yield from filter(None, (location.text("display"), location.text("reference")))


def _diagnoses(element: Element, context: Lookup) -> list[str]:
    """Conditions the encounter lists, by their charted rank, then by place."""
    found: list[tuple[int, int, str]] = []
    for index, item in enumerate(element.children("diagnosis")):
        rank = item.raw("rank")
        key = context.key(reference_of(item.child("condition")))
        if key:
            found.append((rank if type(rank) is int and rank > 0 else UNRANKED, index, key))
    return list(dict.fromkeys(key for _, _, key in sorted(found)))
