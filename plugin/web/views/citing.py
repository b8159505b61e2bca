"""Where something comes from, in words and as links."""

from collections.abc import Callable
from dataclasses import dataclass

from plugin.domain import Citation

CitationOf = Callable[[str], Citation | None]


@dataclass(frozen=True, slots=True)
class Source:
    """A citation in words; `href` is empty where the locator is not an address."""

    title: str
    locator: str
    href: str
    standing: str
    checked_on: str


def sources(ids: tuple[str, ...], citation_of: CitationOf) -> tuple[Source, ...]:
    """The citations in words; an id the code book doesn't know is shown as it is."""
    return tuple(_source(id_, citation_of(id_)) for id_ in ids)


def _source(id_: str, citation: Citation | None) -> Source:
    if citation is None:
        return Source(id_, "", "", "", "")
    href = citation.locator if citation.locator.startswith("https://") else ""
    return Source(citation.title, citation.locator, href, citation.standing.value, citation.checked_on.isoformat())
