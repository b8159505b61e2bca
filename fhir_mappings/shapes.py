"""The regular form of each resource as a type that its JSON is decoded into, made from the path table.

Only elements that the table names are taken; one of another JSON type than R4 gives it, or null, does not fit, and
then the resource is read by the readers that note what is odd.
A concept, quantity or other part is left as the bytes that stood there, so that what was read before is known again.
"""

import keyword
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any

import msgspec

from fhir_mappings.elements import MOST_ITEMS
from fhir_mappings.exact_json import exact_decimal
from fhir_mappings.paths import ALL, DECIDING, PLACEMENT, Path

SHAPED = (
    *("Patient", "Encounter", "MedicationAdministration", "Condition", "ChargeItem", "Medication"),
    *("MedicationRequest", "Procedure", "Observation", "Device"),
)
"""The types that charts are made of; others are few, and read from their JSON."""

TEXTS = ("id", "code", "string", "date", "dateTime", "Reference", "uri")
WHOLE = ("extension", "ingredient")
"""Lists whose parts only make sense together."""

Text = Annotated[str, msgspec.Meta(min_length=1)]
Node = dict[str, Any]


@cache
def decoder_of(resource: str) -> "msgspec.json.Decoder[Any] | None":
    """What decodes a line of that type; None for a type without a shape. Numbers are exact."""
    return msgspec.json.Decoder(shape_of(resource), float_hook=exact_decimal) if resource in SHAPED else None


@cache
def shape_of(resource: str) -> type[msgspec.Struct]:
    """The type of a resource, its fields named as the elements are, `class_` for `class`."""
    tree: Node = {}
    for path in (*_of(resource, ALL), *_of(resource, DECIDING), *_of(resource, PLACEMENT)):
        _plant(tree, path)
    return _struct(resource, {"resourceType": "code", "id": "id", **tree})


def _of(resource: str, rows: Iterable[Path]) -> list[Path]:
    return [path for path in rows if path.resource == resource and "resolve()" not in path.element]


def _plant(tree: Node, path: Path) -> None:
    *way, last = path.element.split(".")
    for step in way:
        if step.removesuffix("[]") in WHOLE:
            tree[step] = "whole"
            return
        below = tree.setdefault(step, {})
        if below == "Medication":  # its own shape has the rest
            return
        tree = below
    tree[last] = path.kind


def _struct(name: str, tree: Node) -> type[msgspec.Struct]:
    fields = [(_field(step), *_type(f"{name}_{step.removesuffix('[]')}", step, below)) for step, below in tree.items()]
    renamed = {_field(step): step.removesuffix("[]") for step in tree}
    return msgspec.defstruct(name, fields, rename=renamed, frozen=True, gc=False)


def _field(step: str) -> str:
    name = step.removesuffix("[]")
    return f"{name}_" if keyword.iskeyword(name) else name


def _type(name: str, step: str, below: Any) -> tuple[Any, Any]:
    """The type of an element and what stands for its absence."""
    if isinstance(below, dict):
        inner = _struct(name, below)
        return (_several(inner), ()) if step.endswith("[]") else (inner, None)
    if below == "Medication":
        return _several(shape_of("Medication")), ()
    if below in TEXTS and not step.endswith("[]"):
        return Text, ""
    return (int, 0) if below == "positiveInt" else (msgspec.Raw, msgspec.Raw())


def _several(inner: type[msgspec.Struct]) -> Any:
    return Annotated[tuple[inner, ...], msgspec.Meta(max_length=MOST_ITEMS)]  # type: ignore[valid-type]
