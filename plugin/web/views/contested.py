"""Contested points in words: the question, each side with its sources, and what would differ."""

from collections.abc import Callable
from dataclasses import dataclass

from plugin.codebook.tables import Position
from plugin.domain import Caveat
from plugin.web.views.citing import CitationOf, Source, sources

PositionOf = Callable[[str], Position | None]


@dataclass(frozen=True, slots=True)
class SideWords:
    """One side: its short name, what it means, and who says so."""

    name: str
    means: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class ContestedPoint:
    """A caveat: the side taken, the other side, and what would differ; `question` is empty for an unknown position."""

    position: str
    question: str
    took: SideWords
    other: SideWords
    effect: str


def contested_point(caveat: Caveat, position_of: PositionOf, citation_of: CitationOf) -> ContestedPoint:
    """The caveat with what the code book says about its position."""
    position = position_of(caveat.position)
    took, other = (_side(name, position, citation_of) for name in (caveat.took, caveat.other))
    if position is None and caveat.sources:
        took = SideWords(took.name, took.means, sources(caveat.sources, citation_of))
    question = position.question if position else ""
    return ContestedPoint(spaced(caveat.position), question, took, other, caveat.effect)


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
