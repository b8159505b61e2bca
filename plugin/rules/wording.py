"""Looking for words in what was charted; the same few texts come again and again, so answers are remembered."""

import re
from collections.abc import Iterable
from functools import lru_cache, partial

from plugin.domain import Service


@lru_cache(maxsize=65_536)
def mentions(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a text has the pattern somewhere."""
    return pattern.search(text) is not None


def texts(service: Service) -> list[str]:
    """Everything readable that was charted with a service: drug, route, site, notes, reasons."""
    found: list[str] = []
    for a in service.administrations:
        found += (a.drug.text, a.route_text, a.site, *a.notes)
        found += [term.text for term in a.reasons]
    return found


def says(pattern: re.Pattern[str], words: Iterable[str]) -> bool:
    """Whether any of the texts has the pattern."""
    return any(map(partial(mentions, pattern), words))
