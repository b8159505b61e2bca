"""PractitionerRole: what somebody does in an organization, as far as it can give them a role in the app."""

from collections.abc import Iterator
from datetime import date
from typing import Any


def read_role_codes(resource: dict[str, Any], today: date) -> frozenset[str]:
    """Its codes, each as `CODE` and as `SYSTEM|CODE`; none when it is not active or its period is over."""
    if not is_in_force(resource, today):
        return frozenset()
    codings = (coding for concept in _objects(resource.get("code")) for coding in _objects(concept.get("coding")))
    return frozenset(name for coding in codings for name in _names(coding))


def is_in_force(resource: dict[str, Any], today: date) -> bool:
    """Active, and its period not over."""
    return resource.get("active") is not False and not _is_over(resource.get("period"), today)


def _names(coding: dict[str, Any]) -> Iterator[str]:
    code, system = coding.get("code"), coding.get("system")
    if isinstance(code, str) and code:
        yield code
        if isinstance(system, str) and system:
            yield f"{system}|{code}"


def _is_over(period: object, today: date) -> bool:
    """By calendar day; a stop that can't be read counts as over."""
    end = period.get("end") if isinstance(period, dict) else None
    if end is None:
        return False
    return not isinstance(end, str) or end[:10] < today.isoformat()[: len(end)]


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
