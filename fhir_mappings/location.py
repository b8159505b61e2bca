"""Location: what a place is called."""

from collections.abc import Iterable, Sequence

from fhir_mappings.lookup import Resource, identity, root


def named_places(places: Sequence[str], locations: Iterable[Resource]) -> tuple[str, ...]:
    """An encounter's locations, each reference that was read preceded by the name of its place."""
    names = {identity(each): root(each).text("name") for each in locations}
    return tuple(word for place in places for word in (names.get(place, ""), place) if word)
