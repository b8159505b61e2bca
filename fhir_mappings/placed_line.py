"""Whose a line of JSON is, taken from it without reading the rest: what `placement` says of a resource, and faster.

The types that lines are decoded into are made from the path table, and hold nothing but what places a resource.
A line that fits none of them has something odd in it and is left to `placement`, or is of a type that nobody reads.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Union, cast

import msgspec

from fhir_mappings.lookup import PLAIN, relative
from fhir_mappings.paths import PLACEMENT, READ_IN_BULK, Path
from fhir_mappings.placement import Placement

NO_ELEMENT = " "
"""A name that no element has."""


class Reference(msgspec.Struct, frozen=True, gc=False):
    """What it refers to, as written."""

    reference: str = ""


class Meta(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What tells copies of an encounter apart."""

    last_updated: str = ""
    version_id: str = ""


NOWHERE, UNKNOWN = Reference(), Meta()


class PlacedLine(msgspec.Struct, frozen=True, gc=False):
    """What a line says of its place; each type of resource is a class of its own, of the same name."""

    id: str = ""
    patient: Reference = NOWHERE
    encounter: Reference = NOWHERE
    meta: Meta = UNKNOWN

    @property
    def key(self) -> str:
        """`Type/id`, empty without an id."""
        written = self.id.strip()
        return f"{type(self).__name__}/{written}" if written else ""

    def placement(self) -> Placement:
        """As `place` gives it; of an encounter alone with its version."""
        kind, key = type(self).__name__, self.key
        return Placement(
            kind,
            key,
            key if (kind, "patient") in BY_ID else relative(self.patient.reference),
            key if (kind, "encounter") in BY_ID else relative(self.encounter.reference),
            self.pointed(),
            self.meta.last_updated,
            self.meta.version_id,
        )

    def pointed(self) -> tuple[str, ...]:
        """The keys of the resources of nobody in particular that it points to."""
        return tuple([key for text in self.references() if (key := key_of(text))])

    def references(self) -> list[str]:
        """The same as they are written."""
        kind = type(self).__name__
        return POINTING[kind](self) if kind in POINTING else []


def key_of(reference: str) -> str:
    """As `relative`; most references are their own key."""
    return reference if PLAIN.fullmatch(reference) else relative(reference)


def _first(path: Path) -> str:
    return path.element.split(".")[0].removesuffix("[]")


BY_ID = {(path.resource, path.field) for path in PLACEMENT if path.element == "id"}
"""What a resource says by its own id: a patient is its own patient."""


def _pointing(kind: str) -> Callable[[Any], list[str]]:
    """What gives all references at the paths of a type."""
    return _along([path.element for path in PLACEMENT if (path.resource, path.field) == (kind, "pointed")])


def _along(paths: list[str]) -> Callable[[Any], list[str]]:
    """What gives all references at these paths of a part."""
    single = [attrgetter(path) for path in paths if "[]" not in path]
    several = [(attrgetter(many), _along([inner])) for many, _, inner in (p.partition("[].") for p in paths) if inner]

    def read(part: Any) -> list[str]:
        found = [reference for one in single if (reference := one(part))]
        for many, inner in several:
            for item in many(part):
                found += inner(item)
        return found

    return read


def _struct(kind: str) -> type[PlacedLine]:
    """The type of the lines of a resource."""
    rows = [path for path in PLACEMENT if path.resource == kind]
    named = {path.field: _first(path) for path in rows if path.field != "pointed" and path.element != "id"}
    pointing = [(_first(path), *_type(path.element.split("."), kind)) for path in rows if path.field == "pointed"]
    renamed = {name: NO_ELEMENT + name for name in ("patient", "encounter")} | named
    if kind != "Encounter":
        renamed["meta"] = NO_ELEMENT + "meta"
    references = [(name, Reference, NOWHERE) for name in ("patient", "encounter")]
    made = msgspec.defstruct(
        kind,
        [("id", str, ""), *references, ("meta", Meta, UNKNOWN), *pointing],
        bases=(PlacedLine,),
        tag=kind,
        tag_field="resourceType",
        rename=renamed,
        frozen=True,
        gc=False,
    )
    return cast("type[PlacedLine]", made)


def _type(steps: list[str], name: str) -> tuple[Any, Any]:
    """The type of the element at the end of these steps, and what stands for its absence."""
    first, *below = steps
    found: Any = Reference
    if below != ["reference"]:
        inner = below[0].removesuffix("[]")
        found = msgspec.defstruct(f"{name}_{inner}", [(inner, *_type(below, name))], frozen=True, gc=False)
    return (list[found], ()) if first.endswith("[]") else (found, found())


POINTING = {path.resource: _pointing(path.resource) for path in PLACEMENT if path.field == "pointed"}
"""By type what gives the references to resources of nobody in particular."""
TYPES = {kind: _struct(kind) for kind in dict.fromkeys([*READ_IN_BULK, *(path.resource for path in PLACEMENT)])}
read_placed = msgspec.json.Decoder(Union[tuple(TYPES.values())]).decode  # noqa: UP007 - as many as the table has
"""What a line says of its place; msgspec.DecodeError for other types, odd lines, and what is no JSON."""


class _Typed(msgspec.Struct, gc=False):
    resourceType: str = ""  # noqa: N815 - FHIR's name


_typed = msgspec.json.Decoder(_Typed)


def kind_of(line: bytes) -> str:
    """The type of a resource, empty where it has none; msgspec.DecodeError for no JSON."""
    return _typed.decode(line).resourceType
