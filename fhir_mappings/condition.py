"""Condition: a diagnosis that may support a charge."""

from msgspec import Struct

from fhir_mappings.concepts import Concept, read_concept, read_concepts, terms
from fhir_mappings.elements import Element
from fhir_mappings.lookup import Lookup, Resource, identity, reference_of, root, version_of
from plugin.domain import Diagnosis, MappingIssue

DROPPED = ("refuted", "entered-in-error")
OVER = ("resolved", "inactive")
ENCOUNTER = "encounter-diagnosis"
PROBLEM = "problem-list-item"


class Charted(Struct, frozen=True, gc=False):
    """A diagnosis with what decides where it belongs: references as `Type/id`, and whether it is over."""

    diagnosis: Diagnosis
    patient: str
    encounter: str
    over: bool


def read_charted(resource: Resource, context: Lookup) -> tuple[Charted | None, list[MappingIssue]]:
    """The diagnosis with its links; None when it was refuted or entered in error."""
    element = root(resource)
    if is_dropped(element):
        return None, element.log.issues
    concept = read_concept(element.child("code"))
    if not concept.readable():
        element.say("code", "a diagnosis without code and text supports nothing")
    over = is_over(element)
    diagnosis = Diagnosis(identity(resource), terms(concept), read_category(element), None, version_of(resource))
    patient = context.key(reference_of(element.child("subject")))
    encounter = context.key(reference_of(element.child("encounter")))
    return Charted(diagnosis, patient, encounter, over), element.log.issues


def is_dropped(element: Element) -> bool:
    """Whether it was refuted or entered in error."""
    return any(word in DROPPED for word in _words(read_concept(_status(element, "verificationStatus"))))


def is_over(element: Element) -> bool:
    """Whether it is no longer active."""
    return any(word in OVER for word in _words(read_concept(_status(element, "clinicalStatus"))))


def _status(element: Element, name: str) -> Element | None:
    """A status concept; older servers write a bare code."""
    value = element.raw(name)
    if isinstance(value, str) and value:
        element.say(name, "a bare code read as a concept")
        return Element({"text": value}, f"{element.path}.{name}", element.log)
    return element.child(name)


def _words(concept: Concept) -> list[str]:
    return [*(coding.code.lower() for coding in concept.codings), concept.text.lower()]


def read_category(element: Element) -> str:
    """`encounter-diagnosis` or `problem-list-item` where charted, else the first code or text."""
    concepts = read_concepts(element, "category")
    words = [word.replace(" ", "-") for concept in concepts for word in _words(concept) if word]
    return next((word for word in words if word in (ENCOUNTER, PROBLEM)), words[0] if words else "")
