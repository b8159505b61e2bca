"""Whose a resource is and what it points to, by the path table: what SQL does in DuckDB, for engines without it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

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
        _text(meta.get("lastUpdated")),
        _text(meta.get("versionId")),
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
    """The texts at a path; a list where the table has none, or the other way round, holds nothing."""
    found: list[Any] = [resource]
    for step in path.element.split("."):
        name, several = step.removesuffix("[]"), step.endswith("[]")
        below = [item.get(name) for item in found if isinstance(item, Mapping)]
        found = [item for each in below if isinstance(each, list) for item in each] if several else below
    return (text for item in found if (text := _text(item)))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
