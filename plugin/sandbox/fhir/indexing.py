"""What of a resource goes into the search index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plugin.sandbox.fhir.dates import span_of_element
from plugin.sandbox.fhir.definitions import RESOURCE_TYPES, ResourceType, SearchParam

Term = tuple[str, str, str]
Span = tuple[str, float, float]


def elements_at(resource: Any, path: str) -> Iterator[Any]:
    """Every element at a dotted path; lists on the way are opened."""
    if isinstance(resource, list):
        for item in resource:
            yield from elements_at(item, path)
    elif not path:
        yield resource
    elif isinstance(resource, dict):
        head, _, rest = path.partition(".")
        if head in resource:
            yield from elements_at(resource[head], rest)


def split_reference(text: str, base: str) -> tuple[str, str] | None:
    """Type and id of a literal reference on this server; None for contained, foreign and display-only ones."""
    local = text.removeprefix(f"{base}/").split("/_history/")[0]
    kind, slash, key = local.partition("/")
    return (kind, key) if slash and kind in RESOURCE_TYPES and key and "/" not in key else None


def reference_at(resource: Any, path: str, base: str) -> tuple[str, str] | None:
    """The first local reference at a path, as type and id."""
    return next(_references(resource, path, base), None)


def _references(resource: Any, path: str, base: str) -> Iterator[tuple[str, str]]:
    for element in elements_at(resource, path):
        text = element.get("reference") if isinstance(element, dict) else None
        found = split_reference(text, base) if isinstance(text, str) else None
        if found:
            yield found


def terms_of(kind: ResourceType, resource: dict[str, Any], base: str) -> list[Term]:
    """Token and reference rows: (parameter, system or target type, value)."""
    rows: set[Term] = set()
    for param in kind.params:
        for path in param.paths:
            if param.kind == "reference":
                rows.update((param.name, *row) for row in _reference_rows(resource, path, param, base))
            elif param.kind == "token":
                for element in elements_at(resource, path):
                    rows.update((param.name, *row) for row in _token_rows(element))
    return sorted(rows)


def _reference_rows(resource: Any, path: str, param: SearchParam, base: str) -> Iterator[tuple[str, str]]:
    for found in _references(resource, path, base):
        if param.only in (None, found[0]):
            yield found


def _token_rows(element: Any) -> Iterator[tuple[str, str]]:
    if isinstance(element, str):
        yield "", element
    elif isinstance(element, dict) and isinstance(element.get("coding"), list):
        for coding in element["coding"]:
            yield from _token_rows(coding)
    elif isinstance(element, dict):
        value = element.get("code", element.get("value"))
        if isinstance(value, str):
            yield str(element.get("system") or ""), value


def spans_of(kind: ResourceType, resource: dict[str, Any]) -> list[Span]:
    """Date rows: (parameter, low, high)."""
    rows = []
    for param in kind.params:
        for path in param.paths if param.kind == "date" else ():
            for element in elements_at(resource, path):
                span = span_of_element(element)
                if span:
                    rows.append((param.name, *span))
    return rows
