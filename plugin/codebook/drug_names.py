"""Which drugs a text names.

A name counts as a whole-word sequence, the longest first, so "normal saline flush" is not "normal saline".
A word that no name begins with is taken apart at its hyphens: "ceftriaxone-dextrose" names two.
Beside a form of a drug the drug itself is not a second one: "octreotide (Sandostatin LAR)" is the depot.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from plugin.codebook.drug_rows import DrugRow

WORD = re.compile(r"[a-z0-9.%/+-]+")
PARTED = " * "  # other words may stand between the parts of such a name: "heparin * flush"
# With one of these a hyphenated word says what a product is not, or what it is against.
NOT_A_NAME = {"free", "non", "anti", "pre", "post"}
Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """The text in lower case as words; punctuation at the edges of a word is dropped."""
    return tuple(word for raw in WORD.findall(text.lower()) if (word := raw.strip(".-/+")))


@lru_cache(maxsize=65_536)
def words_apart(text: str) -> Words:
    """The words with those that hyphens join taken apart, and a number's per cent sign joined to it."""
    return words_of(text.replace("-", " ").replace(" %", "%"))


class DrugNames:
    """The names of all drugs, found in texts."""

    def __init__(self, rows: Iterable[DrugRow]) -> None:
        self._names: dict[Words, DrugRow] = {}
        self._longest: dict[str, int] = {}
        self._parted: list[tuple[Words, DrugRow]] = []
        joined: list[tuple[Words, DrugRow]] = []
        for row in rows:
            for name in row.names:
                if PARTED in name:
                    self._parted.append((words_of(name.replace(PARTED, " ")), row))
                    continue
                self._add(words_of(name), row)
                joined += [(words_apart(name), row)] if "-" in name else []
        for words, row in joined:
            if words not in self._names:
                self._add(words, row)

    def _add(self, words: Words, row: DrugRow) -> None:
        self._names[words] = row
        self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    def find(self, text: str) -> list[DrugRow]:
        """The drugs that a text names, in its order."""
        words = words_of(text)
        for parts, row in self._parted:
            if _in_this_order(parts, words):
                return [row]
        found, unnamed = self._matched(words)
        if any("-" in words[at] for at in unnamed):
            found, _ = self._matched(_apart_at(words, unnamed))
        return [row for row in found if not any(is_form_of(other, row) for other in found)]

    def _matched(self, words: Words) -> tuple[list[DrugRow], set[int]]:
        """The drugs named, and the places of the words that are no part of a name."""
        found: list[DrugRow] = []
        unnamed: set[int] = set()
        at = 0
        while at < len(words):
            length = self._match_at(words, at)
            if length:
                row = self._names[words[at : at + length]]
                found += [] if row in found else [row]
            else:
                unnamed.add(at)
            at += length or 1
        return found, unnamed

    def _match_at(self, words: Words, at: int) -> int:
        for length in range(min(self._longest.get(words[at], 0), len(words) - at), 0, -1):
            if words[at : at + length] in self._names:
                return length
        return 0


def _apart_at(words: Words, places: set[int]) -> Words:
    apart: list[str] = []
    for at, word in enumerate(words):
        parts = words_of(word.replace("-", " "))
        apart += parts if at in places and NOT_A_NAME.isdisjoint(parts) else [word]
    return tuple(apart)


def _in_this_order(parts: Words, words: Words) -> bool:
    rest = iter(words)
    return all(part in rest for part in parts)


def is_form_of(form: DrugRow, drug: DrugRow) -> bool:
    """Whether the one's name is the other's with more words: "octreotide depot" of "octreotide"."""
    return set(words_apart(drug.drug)) < set(words_apart(form.drug))
