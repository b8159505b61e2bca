"""FHIR datatypes as text for people; reads tolerantly, since charts vary."""

from __future__ import annotations

import re
from typing import Any

from plugin.sandbox.fhir.indexing import elements_at
from plugin.sandbox.fhir.resources import Resource

_DATE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})((?::\d{2}(?:\.\d+)?)?)(.*)")


def human_name(resource: Resource) -> str:
    """A name as people write it."""
    given = " ".join(str(part) for part in elements_at(resource, "name.given"))
    return text_at(resource, "name.text") or f"{given} {text_at(resource, 'name.family')}".strip() or "(no name)"


def concept(resource: Resource, path: str) -> str:
    """A CodeableConcept as text."""
    for ending in ("text", "coding.display", "coding.code"):
        found = text_at(resource, f"{path}.{ending}")
        if found:
            return found
    return ""


def quantity(resource: Resource, path: str) -> str:
    """A Quantity as text, digits as charted."""
    unit = text_at(resource, f"{path}.unit") or text_at(resource, f"{path}.code")
    return f"{text_at(resource, f'{path}.value')} {unit}".strip()


def shown_time(text: str) -> str:
    """A FHIR dateTime, easier on the eye: seconds only where they aren't zero; the offset stays."""
    found = _DATE_TIME.fullmatch(text)
    if not found:
        return text
    day, clock, seconds, zone = found.groups()
    return f"{day} {clock}{seconds if seconds.strip(':0.') else ''} {zone}".strip()


def text_at(resource: Any, path: str) -> str:
    """The first element at a path as text, or nothing."""
    found = next(elements_at(resource, path), None)
    return "" if found is None or isinstance(found, dict | list) else str(found)
