"""Looking for words in what was charted; the same few texts come again and again, so answers are remembered."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar

from plugin.domain import Service


class Words:
    """Words that a rule looks for. Every text is searched once for all of them, whoever asks first."""

    known: ClassVar[list["Words"]] = []

    def __init__(self, pattern: str, flags: re.RegexFlag = re.IGNORECASE) -> None:
        self.search = re.compile(pattern, flags).search
        Words.known.append(self)


@lru_cache(maxsize=65_536)
def words_in(text: str) -> frozenset[Words]:
    """Those of all the words looked for that a text has."""
    return frozenset([words for words in Words.known if words.search(text)])


@lru_cache(maxsize=65_536)
def words_in_any(*charted: str) -> frozenset[Words]:
    """Those of all the words looked for that any of the texts has."""
    return frozenset[Words]().union(*map(words_in, charted))


def mentions(words: Words, text: str) -> bool:
    """Whether a text has the words somewhere."""
    return words in words_in(text)


def texts(service: Service) -> list[str]:
    """Everything readable that was charted with a service: drug, route, site, notes, reasons."""
    found: list[str] = []
    for a in service.administrations:
        found += (a.drug.text, a.route_text, a.site, *a.notes)
        if a.reasons:
            found += [term.text for term in a.reasons]
    return found


def says(words: Words, charted: Iterable[str]) -> bool:
    """Whether any of the texts has the words."""
    return any(words in words_in(text) for text in charted)
