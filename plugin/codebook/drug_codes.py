"""Which code a charted drug is billed with, as far as the chart decides it.

`chosen` narrows the codes of a day, in this order:

1. An HCPCS term of the chart that is one of them decides alone.
2. The route: codes for other routes leave. By mouth, breath or skin only codes that name that route stay.
3. The product numbers that the table of packages knows: the codes they are billed with stay.
4. Product names in the text: the codes that they choose stay. Of names within each other the longest counts,
   so "adrenalin in sodium chloride" is not "adrenalin", and a biosimilar's suffix counts with or without its hyphen.

A fact that fits none of the codes left narrows nothing, apart from the route.
"""

from collections.abc import Iterable, Iterator, Sequence

from plugin.codebook.drug_names import Words, words_apart
from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.packages import Package
from plugin.domain import Drug, Route, Term

UNINJECTED = (Route.ENTERAL, Route.INHALED, Route.TOPICAL)


def chosen(
    drug: Drug, identity_drug: str, codes: Iterable[DrugCode], route: Route | None, packages: Iterable[Package] = ()
) -> tuple[DrugCode, ...]:
    """The codes that one drug of a charted product may be billed with, in the order of `codes`.

    `identity_drug` is its key in `drugs.csv`, one ingredient of a mixture at a time; `codes` those in force on the day;
    `route` None when the chart doesn't say it; `packages` what the table knows of the product numbers charted.

    One code: the chart decides. Several: it doesn't, and they are the candidates to ask about; nothing is guessed, so a
    reference product's bare name stays beside its biosimilars, a dialysis code beside its twin, and fluids that are
    billed by the bag beside each other. None: the table has no code for this drug by this route on this day.
    """
    of_drug = tuple(code for code in codes if code.drug == identity_drug)
    terms = {term.code for term in _terms(drug) if term.system == "hcpcs"}
    if told := tuple(code for code in of_drug if code.code in terms):
        return told
    left = tuple(code for code in of_drug if _is_for(code, route))
    packed = {package.code for package in packages}
    left = tuple(code for code in left if code.code in packed) or left
    return left if len(left) < 2 else _named(_texts(drug), left) or left


def _is_for(code: DrugCode, route: Route | None) -> bool:
    if code.routes:
        return route is None or route in code.routes
    return route not in UNINJECTED


def _terms(drug: Drug) -> Iterator[Term]:
    yield from drug.terms
    for ingredient in drug.ingredients:
        yield from ingredient.terms


def _texts(drug: Drug) -> Iterator[str]:
    yield drug.text
    yield from (ingredient.text for ingredient in drug.ingredients)
    yield from (term.text for term in _terms(drug))


def _named(texts: Iterable[str], codes: Sequence[DrugCode]) -> tuple[DrugCode, ...]:
    """The codes whose product names stand in the texts."""
    found: set[str] = set()
    for text in texts:
        places = [(place, code.code) for code in codes for place in _places(code, words_apart(text))]
        found |= {code for place, code in places if not any(_within(place, other) for other, _ in places)}
    return tuple(code for code in codes if code.code in found)


def _places(code: DrugCode, words: Words) -> Iterator[tuple[int, int]]:
    """Where the product names of a code stand among the words: first word, and the one after the last."""
    for product in code.products:
        name = words_apart(product)
        for at in range(len(words) - len(name) + 1):
            if words[at : at + len(name)] == name:
                yield at, at + len(name)


def _within(place: tuple[int, int], other: tuple[int, int]) -> bool:
    return place != other and other[0] <= place[0] and place[1] <= other[1]
