"""Reading JSON of any shape: one place in a resource, with the issues met there.

FHIR from real servers holds nulls, empty strings, lists where an object belongs, and numbers as strings.
An `Element` gives back what can be understood, and notes each oddity with its element path.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from plugin.domain import MappingIssue

SHOWN = 60
MOST_ITEMS = 2000
MOST_ISSUES = 200


def shown(value: object) -> str:
    """A short, printable form of what stood there: scalars as written, containers by their kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    text = clean(value[: SHOWN + 1]) if isinstance(value, str) else _number(value)
    text = "".join(c if c.isprintable() else " " for c in text)
    if not text.strip():
        return "an empty string"
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def _number(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 256:
        return "a number of enormous size"
    return str(value)


def clean(text: str) -> str:
    """The text without what no database and no encoder takes: lone surrogates and NUL."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\x00", " ") if "\x00" in text else text


class Log:
    """Collects the issues of one resource."""

    __slots__ = ("issues", "resource")

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self.issues: list[MappingIssue] = []

    def say(self, path: str, found: object, done: str, *, blocks: bool = False) -> None:
        """Notes an issue; beyond a bound further ones are dropped, except that blocking ones are always kept."""
        if len(self.issues) < MOST_ISSUES or (blocks and not any(issue.blocks for issue in self.issues)):
            self.issues.append(MappingIssue(self.resource, path, shown(found), done, blocks))


class Element:
    """One JSON object inside a resource, its path, and where to note what is odd.

    `matters` says that a charge could change by what stands here: wrong types then block the word complete.
    """

    __slots__ = ("log", "matters", "path", "value")

    def __init__(self, value: dict[str, Any], path: str, log: Log, *, matters: bool = True) -> None:
        self.value = value
        self.path = path
        self.log = log
        self.matters = matters

    def raw(self, name: str) -> Any:
        """What stands under `name`, as it is."""
        return self.value.get(name)

    def has(self, name: str) -> bool:
        """Whether anything stands under `name`."""
        return self.value.get(name) is not None

    def say(self, name: str, done: str, *, found: object = None, blocks: bool = False) -> None:
        """Notes an issue with the element `name` of this one."""
        path = f"{self.path}.{name}" if name else self.path
        self.log.say(path, self.value.get(name) if found is None else found, done, blocks=blocks)

    def refuse_modifiers(self) -> None:
        """Says that a modifier extension or rules of its own make the resource mean something we can't know."""
        for name in ("modifierExtension", "implicitRules"):
            if self.has(name):
                self.say(
                    name, "not understood: it may change what the whole resource means", found="present", blocks=True
                )

    def child(self, name: str, *, matters: bool | None = None) -> "Element | None":
        """The object under `name`; of a list the first, with an issue."""
        value = self.value.get(name)
        if value is None:
            if name in self.value:
                self.say(name, "taken as absent")
            return None
        matters = self.matters if matters is None else matters
        if isinstance(value, list):
            return self._first_of(name, value, matters)
        if not isinstance(value, dict):
            self.say(name, "not read: an object belongs here", blocks=matters and value != "")
            return None
        return Element(value, f"{self.path}.{name}", self.log, matters=matters)

    def _first_of(self, name: str, value: list[Any], matters: bool) -> "Element | None":
        objects = [(i, item) for i, item in enumerate(value[:MOST_ITEMS]) if isinstance(item, dict)]
        lost = matters and (len(objects) > 1 or (not objects and bool(value)))
        self.say(name, "a single object belongs here: the first was read", blocks=lost)
        if not objects:
            return None
        index, item = objects[0]
        return Element(item, f"{self.path}.{name}[{index}]", self.log, matters=matters)

    def children(self, name: str, *, matters: bool | None = None) -> "Iterator[Element]":
        """The objects of the list under `name`; a lone object is taken as a list of one, with an issue."""
        value = self.value.get(name)
        if value is None:
            if name in self.value:
                self.say(name, "taken as absent")
            return
        matters = self.matters if matters is None else matters
        if isinstance(value, dict):
            self.say(name, "a list belongs here: read as a list of one")
            value = [value]
        if not isinstance(value, list):
            self.say(name, "not read: a list belongs here", blocks=matters and value != "")
            return
        yield from self._objects(name, value, matters)

    def _objects(self, name: str, value: list[Any], matters: bool) -> "Iterator[Element]":
        if len(value) > MOST_ITEMS:
            self.say(name, f"only the first {MOST_ITEMS} were read", blocks=matters)
        for index, item in enumerate(value[:MOST_ITEMS]):
            path = f"{self.path}.{name}[{index}]"
            if isinstance(item, dict):
                yield Element(item, path, self.log, matters=matters)
            else:
                self.log.say(path, item, "not read: an object belongs here", blocks=matters and item is not None)

    def text(self, name: str, *, matters: bool | None = None) -> str:
        """The string under `name` without surrounding space, empty when there is none."""
        value = self.value.get(name)
        if isinstance(value, str):
            text = value.strip()
            if not text:
                self.say(name, "taken as absent", found="")
            return text if text.isascii() and "\x00" not in text else clean(value).strip()
        if value is None:
            if name in self.value:
                self.say(name, "taken as absent")
            return ""
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            self.say(name, "a number read as text")
            return _number(value)
        matters = self.matters if matters is None else matters
        self.say(name, "not read: a string belongs here", blocks=matters)
        return ""

    def number(self, name: str) -> Decimal | None:
        """The exact number under `name`; a number in a string is taken with an issue, absurd sizes are not."""
        value = self.value.get(name)
        if value is None or value == "":
            if name in self.value:
                self.say(name, "taken as absent")
            return None
        number = exact(value)
        if number is None:
            self.say(name, "not read: a number of sensible size belongs here", blocks=self.matters)
        elif isinstance(value, str):
            self.say(name, "a string read as a number")
        return number


def exact(value: object) -> Decimal | None:
    """The value as an exact decimal of sensible size (under 1e15, at most 30 digits), else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    if isinstance(value, int) and value.bit_length() > 64:
        return None
    if isinstance(value, str) and (len(value) > 40 or not value.isascii() or "_" in value):
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or len(number.as_tuple().digits) > 30 or abs(number.adjusted()) > 15:
        return Decimal(0) if number.is_finite() and not number else None
    return number
