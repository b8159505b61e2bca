"""Route and technique from `dosage.route`, `dosage.method` and text.

The tables beside this module say what each code and each phrase means; vocabularies are named in `systems`.
"Intravenous" alone says nothing of the technique, so it stays unknown.
IM, SC and ID are injections unless something says otherwise.
"""

import csv
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

from msgspec import Struct

from fhir_mappings.concepts import Concept
from fhir_mappings.elements import Element
from fhir_mappings.systems import route_system
from plugin.domain import Route, Technique

INJECTED = (Route.INTRAMUSCULAR, Route.SUBCUTANEOUS, Route.INTRADERMAL)
LONGEST_TEXT = 500
WORD = re.compile(r"[a-z0-9]+")
DOTTED = re.compile(r"\b(?:[a-z]\.){2,}")
"""'i.v.', 's.c.'."""


class Way(Struct, frozen=True, gc=False):
    """What one code or phrase says; None where it says nothing."""

    route: Route | None = None
    technique: Technique | None = None


SILENT = Way()


def _way(route: str, technique: str) -> Way:
    return Way(Route(route) if route else None, Technique(technique) if technique else None)


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((files("fhir_mappings") / name).read_text("utf-8").splitlines())


EITHER_OR = re.compile(r"\b(iv|im|sc|sq|subcut|po)( or | )(iv|im|sc|sq|subcut|po)\b")
IN_A_NAME = re.compile(
    r"\b(ivpb|iv piggyback|iv push|ivp|iv infusion|im injection|intramuscular injection|"
    r"sub-?cut(aneous)? injection|sq injection)\b",
    re.IGNORECASE,
)


@cache
def _codes() -> dict[tuple[str, str], Way]:
    return {(row["vocabulary"], row["code"]): _way(row["route"], row["technique"]) for row in _rows("routes.csv")}


@cache
def _phrases() -> tuple[tuple[str, Way, bool], ...]:
    """Phrase, meaning, and whether it must be the whole text; the first that fits decides."""
    return tuple(
        (row["phrase"], _way(row["route"], row["technique"]), row["where"] == "whole")
        for row in _rows("route_texts.csv")
    )


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Way, bool], ...]:
    return tuple((re.compile(rf"\b{phrase}\b"), way, whole) for phrase, way, whole in _phrases())


def way_of_text(text: str) -> Way:
    """What a text says: the first phrase that names a route, and the first that names a technique."""
    plain = DOTTED.sub(lambda found: found[0].replace(".", ""), text[:LONGEST_TEXT].lower())
    words = " ".join(WORD.findall(plain))
    if not words or EITHER_OR.search(words):
        return SILENT
    return _way_of_words(words)


def way_in_name(name: str) -> Way:
    """The way that a drug's charted name spells out ("ceftriaxone 1 g IVPB"); never inferred from the drug itself."""
    found = IN_A_NAME.search(name[:LONGEST_TEXT])
    return way_of_text(found[0]) if found else SILENT


@lru_cache(maxsize=4096)  # a house writes its routes in few words, and always the same
def _way_of_words(words: str) -> Way:
    route: Route | None = None
    technique: Technique | None = None
    for pattern, way, whole in _patterns():
        fits = pattern.fullmatch(words) if whole else pattern.search(words)
        if fits:
            route, technique = route or way.route, technique or way.technique
        if route and technique:
            break
    return Way(route, technique)


def way_of_codes(concept: Concept) -> Way:
    """What the codes say: the first that names a route and the first that names a technique."""
    found = [_codes().get((route_system(coding.system), coding.code), SILENT) for coding in concept.codings]
    return Way(
        next((way.route for way in found if way.route), None),
        next((way.technique for way in found if way.technique), None),
    )


def way_of_words(concept: Concept) -> Way:
    """What the concept's text says, else the displays of its codes, else the codes themselves (local ones: 'IVPB')."""
    codes = [coding.code for coding in concept.codings if not route_system(coding.system)]
    way = SILENT
    for text in (concept.text, *(coding.display for coding in concept.codings), *codes):
        way = _filled(way, way_of_text(text))
    return way


def _filled(way: Way, other: Way) -> Way:
    """`way` with its gaps filled from `other`, unless that speaks of another route."""
    if way.route and other.route and way.route is not other.route:
        return way
    return Way(way.route or other.route, way.technique or other.technique)


def read_way(dosage: Element, route: Concept, method: Concept, text: str) -> Way:
    """Route and technique of a dosage, with an issue where its parts contradict each other or say nothing we know.

    Codes and text of the route come first, then the method, then `dosage.text`.
    """
    way = with_text(read_coded_way(dosage, route, method), text)
    if way.route is None and route.readable():
        dosage.say("route", "not read: a route this product does not know", found=route.readable(), blocks=True)
    return way


def read_coded_way(dosage: Element, route: Concept, method: Concept) -> Way:
    """What route and method say, before the text beside them."""
    way = _agreed(dosage, "route", way_of_codes(route), way_of_words(route))
    given = _agreed(dosage, "method", way_of_codes(method), way_of_words(method))
    return _agreed(dosage, "method", way, given)


def with_text(way: Way, text: str) -> Way:
    """A way with what the text adds; of an injected drug that says no technique it is an injection."""
    way = _filled(way, way_of_text(text)) if text else way
    if way.technique is None and way.route in INJECTED:
        return Way(way.route, Technique.INJECTION)
    return way


def _agreed(dosage: Element, name: str, first: Way, second: Way) -> Way:
    """The two ways as one: where they differ, the one that says more wins, else the first, with an issue."""
    routes_differ = first.route and second.route and first.route is not second.route
    techniques_differ = first.technique and second.technique and first.technique is not second.technique
    if not routes_differ and not techniques_differ:
        return _filled(first, second)
    winner, loser = (second, first) if _says_more(second, first) else (first, second)
    dosage.say(
        name,
        f"contradicts itself: read as {_named(winner)}",
        found=f"{_named(first)} and {_named(second)}",
        blocks=_told_apart(first, second),
    )
    return winner if routes_differ else _filled(winner, loser)


def _says_more(way: Way, other: Way) -> bool:
    """Whether `way` is the more specific: a known technique beats none, any named way beats OTHER."""
    if other.route is Route.OTHER and way.route is not None:
        return True
    return way.technique is not None and other.technique is None and way.route is not None


def _told_apart(first: Way, second: Way) -> bool:
    """Whether the difference could change a charge: two ways that are never billed here do not matter."""
    unbilled = {Route.ENTERAL, Route.INHALED, Route.TOPICAL, Route.OTHER}
    return not (first.route in unbilled and second.route in unbilled)


def _named(way: Way) -> str:
    return " ".join(part.value for part in (way.route, way.technique) if part)
