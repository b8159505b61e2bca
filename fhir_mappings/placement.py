"""Whose a resource is and what it points to, by the path table, whatever its shape.

A list where an object belongs, and the other way round, is read as `Element` reads it: else a resource would lie with
others than those the reader of its chart takes it to.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from fhir_mappings.elements import MOST_ITEMS
from fhir_mappings.lookup import relative
from fhir_mappings.paths import PLACEMENT, Path


class Placement(NamedTuple):
    """`Type/id` keys, empty where there is none; `updated` and `version` as written, to tell copies apart."""

    kind: str
    key: str
    patient: str
    encounter: str
    pointed: tuple[str, ...]
    updated: str = ""
    version: str = ""


def place(resource: Mapping[str, Any]) -> Placement:
    """What places a resource; it never raises on odd FHIR."""
    kind, meta = _text(resource.get("resourceType")), resource.get("meta")
    key = _key_of(resource, kind)
    read = [path for path in PLACEMENT if path.resource == kind]
    meta = meta if isinstance(meta, Mapping) else {}
    return Placement(
        kind,
        key,
        _first(resource, read, "patient", key),
        _first(resource, read, "encounter", key),
        tuple(k for p in read if p.field == "pointed" for value in _values(resource, p) if (k := relative(value))),
        _string(meta.get("lastUpdated")),
        _string(meta.get("versionId")),
    )


def _key_of(resource: Mapping[str, Any], kind: str) -> str:
    written = _text(resource.get("id")).strip()
    return f"{kind}/{written}" if kind and written else ""


def _first(resource: Mapping[str, Any], read: list[Path], field: str, key: str) -> str:
    for path in read:
        if path.field == field:
            return key if path.element == "id" else next((relative(v) for v in _values(resource, path)), "")
    return ""


def _values(resource: Mapping[str, Any], path: Path) -> Iterator[str]:
    """The texts at a path."""
    *way, last = path.element.split(".")
    found = [resource]
    for step in way:
        name = step.removesuffix("[]")
        found = [each for item in found for each in _objects(item.get(name), several=step.endswith("[]"))]
    return (text for item in found if (text := _text(item.get(last))))


def _objects(value: Any, *, several: bool) -> list[Mapping[str, Any]]:
    """The objects of a list, of which only the first counts where none belongs; a lone object is a list of one."""
    items = value[:MOST_ITEMS] if isinstance(value, list) else [value]
    objects = [item for item in items if isinstance(item, Mapping)]
    return objects if several else objects[:1]


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else _string(value)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
