"""CodeableConcept and Coding: codes with their systems, and the text people read."""

from msgspec import Struct

from fhir_mappings.elements import Element
from fhir_mappings.systems import term_system
from plugin.domain import Term


class Coding(Struct, frozen=True, gc=False):
    """One code as written: `system` is the address."""

    system: str
    code: str
    display: str


class Concept(Struct, frozen=True, gc=False):
    """A CodeableConcept: its codings in charted order, and its own text."""

    codings: tuple[Coding, ...] = ()
    text: str = ""

    def readable(self) -> str:
        """What a person reads: the text, else the first display, else the first code."""
        shown = [self.text, *(c.display for c in self.codings), *(c.code for c in self.codings)]
        return next((text for text in shown if text), "")

    def code(self) -> str:
        """The first code, whatever its system."""
        return next((c.code for c in self.codings if c.code), "")


def read_coding(element: Element) -> Coding:
    """One Coding."""
    return Coding(element.text("system"), element.text("code"), element.text("display", matters=False))


def read_concept(element: Element | None) -> Concept:
    """A CodeableConcept; an absent one gives an empty concept."""
    if element is None:
        return Concept()
    codings = tuple(read_coding(item) for item in element.children("coding"))
    return Concept(tuple(c for c in codings if c.code or c.display), element.text("text"))


def read_concepts(parent: Element, name: str) -> tuple[Concept, ...]:
    """A list of CodeableConcepts."""
    return tuple(read_concept(item) for item in parent.children(name))


def terms(concept: Concept) -> tuple[Term, ...]:
    """The concept's codes of systems we use, in charted order; of others only what can be read, as text.

    The concept's own text follows when no term says it yet.
    """
    found: list[Term] = []
    for coding in concept.codings:
        system = term_system(coding.system)
        if system and coding.code:
            found.append(Term(system, coding.code, coding.display))
        elif coding.display:
            found.append(Term("text", "", coding.display))
    if concept.text and all(concept.text != term.text for term in found):
        found.append(Term("text", "", concept.text))
    return tuple(dict.fromkeys(found))
