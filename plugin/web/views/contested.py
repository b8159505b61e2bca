"""Contested points in words: the question, each side with its sources, and what would differ."""

from collections.abc import Callable
from dataclasses import dataclass

from plugin.codebook.tables import Position
from plugin.domain import Caveat
from plugin.web.views.citing import CitationOf, Source, sources

PositionOf = Callable[[str], Position | None]
AN_ANSWER = ("as charted", "answered")  # the sides of a question's own caveat
# Caveats that are no contested point, by their name in the rules.
NOTES = {
    "icd10cm-edition": "The diagnoses are judged by another year's ICD-10-CM",
    "diagnosis-mapped": "The diagnosis is charted in SNOMED CT only",
    "zone": "The facility's time zone is not known",
}


@dataclass(frozen=True, slots=True)
class SideWords:
    """One side: its short name, what it means, and who says so."""

    name: str
    means: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class ContestedPoint:
    """A caveat: the side taken, the other side, and what would differ.

    `title` is the point's question; where nobody disputes anything (`contested` is false) it says what to know.
    """

    title: str
    contested: bool
    took: SideWords
    other: SideWords
    effect: str


def contested_point(caveat: Caveat, position_of: PositionOf, citation_of: CitationOf) -> ContestedPoint:
    """The caveat with what the code book says about its position."""
    position = position_of(caveat.position)
    took, other = (_side(name, position, citation_of) for name in (caveat.took, caveat.other))
    if position is None and caveat.sources:
        took = SideWords(took.name, took.means, sources(caveat.sources, citation_of))
    if position is not None:
        return ContestedPoint(position.question, position.contested, took, other, caveat.effect)
    note = _note(caveat)
    return ContestedPoint(note or spaced(caveat.position), not note, took, other, caveat.effect)


def _note(caveat: Caveat) -> str:
    """What a caveat tells where nobody disputes anything; empty for a point that the code book no longer knows."""
    if (caveat.took, caveat.other) == AN_ANSWER:
        return f"An open question may change this: {caveat.position.replace('-', ' ')}"
    return NOTES.get(caveat.position, "")


def _side(name: str, position: Position | None, citation_of: CitationOf) -> SideWords:
    side = next((side for side in position.sides if side.name == name), None) if position else None
    if side is None:
        return SideWords(spaced(name), "", ())
    return SideWords(spaced(name), side.means, sources(side.cites, citation_of))


@dataclass(frozen=True, slots=True)
class InForce:
    """A contested point that was read for this encounter, and the side in force."""

    position: str
    question: str
    side: str
    means: str


def in_force(positions: tuple[tuple[str, str], ...], position_of: PositionOf) -> tuple[InForce, ...]:
    """Every position read, with its question."""
    return tuple(_in_force(name, side, position_of(name)) for name, side in positions)


def _in_force(name: str, side: str, position: Position | None) -> InForce:
    means = next((each.means for each in position.sides if each.name == side), "") if position else ""
    return InForce(spaced(name), position.question if position else "", spaced(side), means)


def spaced(name: str) -> str:
    """A name of the tables as words."""
    return name.replace("_", " ")
