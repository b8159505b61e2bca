"""Medication, and the five shapes in which an administration names its drug."""

from collections.abc import Iterator

from fhir_mappings.concepts import Concept, read_concept, terms
from fhir_mappings.elements import Element
from fhir_mappings.lookup import Lookup, Resource, reference_of
from fhir_mappings.quantities import read_ratio
from plugin.domain import Drug, Ingredient

NO_DRUG = Drug("")


def drug_of(element: Element, resource: Resource, context: Lookup) -> Drug:
    """The drug of a MedicationAdministration, its issues noted in the element's log.

    The shapes: a CodeableConcept, a contained `#id`, a relative reference, an absolute one, a display alone.
    """
    named = element.child("medicationCodeableConcept")
    pointed = element.child("medicationReference")
    drug = of_concept(read_concept(named)) if named is not None else NO_DRUG
    if pointed is not None:
        drug = joined(drug, _of_reference(pointed, resource, context))
    if not drug.text and not drug.terms:
        name = "medicationReference" if element.has("medicationReference") else "medicationCodeableConcept"
        element.say(name, "the drug is unknown", blocks=True)
    return drug


def joined(named: Drug, pointed: Drug) -> Drug:
    if not named.text:
        return pointed
    return Drug(named.text, tuple(dict.fromkeys(named.terms + pointed.terms)), pointed.ingredients)


def of_concept(concept: Concept) -> Drug:
    return Drug(concept.readable(), terms(concept))


def _of_reference(pointed: Element, resource: Resource, context: Lookup) -> Drug:
    reference, display = reference_of(pointed), pointed.text("display", matters=False)
    found = context.find(reference, resource) if reference else None
    if found is not None and found.get("resourceType") in ("Medication", None):
        drug = read_medication(Element(dict(found), f"{pointed.path}.resolve()", pointed.log), found, context)
        return drug if drug.text else Drug(display, drug.terms, drug.ingredients)
    if reference and not display:
        pointed.say("reference", "not read: this Medication is not there", blocks=True)
    elif reference:
        pointed.say("reference", "this Medication is not there: its display was read instead")
    return Drug(display, terms(Concept((), display)))


def read_medication(element: Element, resource: Resource, context: Lookup) -> Drug:
    """A Medication: its code, and its ingredients with strengths."""
    concept = read_concept(element.child("code"))
    ingredients = tuple(_ingredients(element, resource, context))
    text = concept.readable() or " + ".join(item.text for item in ingredients if item.text)
    return Drug(text, terms(concept), ingredients)


def _ingredients(element: Element, resource: Resource, context: Lookup) -> Iterator[Ingredient]:
    for item in element.children("ingredient"):
        concept = read_concept(item.child("itemCodeableConcept"))
        pointed = item.child("itemReference")
        if pointed is not None and not concept.readable():
            concept = _item(pointed, resource, context)
        strength = read_ratio(item.child("strength"))
        if concept.readable() or strength:
            yield Ingredient(concept.readable(), terms(concept), strength)


def _item(pointed: Element, resource: Resource, context: Lookup) -> Concept:
    """The code of a Medication or Substance an ingredient points to, else its display."""
    found = context.find(reference_of(pointed), resource)
    if found is not None:
        concept = read_concept(Element(dict(found), f"{pointed.path}.resolve()", pointed.log).child("code"))
        if concept.readable():
            return concept
    return Concept((), pointed.text("display"))
