"""What a CapabilityStatement declares of each resource, read from whatever JSON came."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource type: its interactions (`read`, `search-type`, `create` ...) and search parameters."""

    interactions: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()

    @property
    def readable(self) -> bool:
        """Can resources be had one by one, or by a search?"""
        return bool(self.interactions & {"read", "search-type"})

    def searched_by(self, *names: str) -> bool:
        """Is it searched by one of these parameters?"""
        return "search-type" in self.interactions and bool(self.parameters & set(names))


def declared_version(statement: Mapping[str, Any]) -> str:
    """The FHIR version, empty when the statement names none."""
    value = statement.get("fhirVersion")
    return value if isinstance(value, str) else ""


def declared_resources(statement: Mapping[str, Any]) -> dict[str, Declared]:
    """Each resource type that the statement's server part lists."""
    servers = [rest for rest in _objects(statement.get("rest")) if rest.get("mode", "server") == "server"]
    listed = [resource for rest in servers for resource in _objects(rest.get("resource"))]
    return {
        str(resource["type"]): Declared(
            _values(resource, "interaction", "code"), _values(resource, "searchParam", "name")
        )
        for resource in listed
        if isinstance(resource.get("type"), str)
    }


def _values(resource: Mapping[str, Any], name: str, key: str) -> frozenset[str]:
    found = (each.get(key) for each in _objects(resource.get(name)))
    return frozenset(value for value in found if isinstance(value, str))


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
