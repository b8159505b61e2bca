"""Reading regular lines: parts that were read before are known by the bytes they were written in.

Every part is read by the reader that notes what is odd; where it notes anything the line is not regular, and is read
whole by that reader.  So there is one reading, and this is the short way to what it says when it has nothing to note.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any, TypeVar

from fhir_mappings.concepts import read_concept, read_concepts, terms
from fhir_mappings.elements import Element, Log
from fhir_mappings.exact_json import decode
from fhir_mappings.lookup import Lookup
from fhir_mappings.quantities import read_quantity
from fhir_mappings.time import fixed
from plugin.domain import Quantity, Term

KNOWN = 1 << 14
"""How many parts of a kind are remembered: more than a house has drugs, routes, units and diagnoses."""
MOMENT = re.compile(
    r"(?:19[1-9]\d|20\d\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)", re.ASCII
)
DAY = re.compile(r"(?:19[1-9]\d|20\d\d)-\d\d-\d\d", re.ASCII)
T = TypeVar("T")


class IrregularError(Exception):
    """Something in a line has to be read by the reader that notes what is odd."""


def part(read: Callable[[Element], T], name: str = "it") -> Callable[[Any], T]:
    """A reader of the bytes of one part, from a reader of an element that has the part under `name`."""

    @lru_cache(maxsize=KNOWN)
    def known(raw: bytes) -> T:
        return sound(read, parts(**{name: raw}))

    nothing = known(b"")

    def read_part(raw: Any) -> T:
        return known(bytes(raw)) if raw else nothing

    return read_part


def parts(**raw: bytes) -> dict[str, Any]:
    """The parts that are there, by name."""
    return {name: decode(written) for name, written in raw.items() if written}


def sound(read: Callable[[Element], T], value: dict[str, Any]) -> T:
    """What a reader makes of an element when it has nothing to note; IrregularError when it has."""
    element = Element(value, "", Log(""))
    made = read(element)
    if element.log.issues:
        raise IrregularError
    return made


def _terms_of_all(element: Element) -> tuple[Term, ...]:
    return tuple(term for concept in read_concepts(element, "it") for term in terms(concept))


concept_of = part(lambda element: read_concept(element.child("it")))
readable_of = part(lambda element: read_concept(element.child("it")).readable())
terms_of = part(lambda element: terms(read_concept(element.child("it"))))
terms_of_all = part(_terms_of_all)
quantity_of: Callable[[Any], Quantity | None] = part(lambda element: read_quantity(element.child("it")))


def text_of(written: str) -> str:
    """A string without surrounding space."""
    text = written.strip()
    if (written and not text) or "\x00" in text:
        raise IrregularError
    return text


def key_of(reference: str, context: Lookup) -> str:
    """The `Type/id` a reference points to."""
    known = context.keys.get(reference)
    return context.key(text_of(reference)) if known is None else known


def keys_of(pointing: Sequence[Any], context: Lookup) -> tuple[str, ...]:
    """Each `Type/id` once that any of the parts points to."""
    if not pointing:
        return ()
    keys = [key_of(each.reference, context) for each in pointing]
    return tuple(dict.fromkeys([key for key in keys if key]))


def moment_of(written: str, zone: tzinfo | None) -> datetime:
    """A moment to the second with its offset, in the zone where one is known."""
    if not MOMENT.fullmatch(written):
        raise IrregularError
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise IrregularError from None
    if at.microsecond:
        at = at.replace(microsecond=0)
    return at if zone is None else fixed(at.astimezone(zone))


@lru_cache(maxsize=KNOWN)
def day_of(written: str) -> date:
    """A calendar day."""
    if not DAY.fullmatch(written):
        raise IrregularError
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise IrregularError from None
