"""What a server's CapabilityStatement says about writing charges."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ChargeItemSupport:
    """The ways to write a ChargeItem that a server declares.

    `client_ids`: PUT creates under an id of ours. `conditional_create`: POST heeds `If-None-Exist`.
    `provenance`: Provenance can be created. `operations`: the operations on charges, such as Oracle Health's.
    """

    create: bool = False
    update: bool = False
    client_ids: bool = False
    conditional_create: bool = False
    provenance: bool = False
    operations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, statement: Mapping[str, Any]) -> "ChargeItemSupport":
        """Read a CapabilityStatement; what it leaves out counts as not supported."""
        charge = _resource(statement, "ChargeItem")
        interactions = set(_interactions(charge))
        update = "update" in interactions
        return cls(
            create="create" in interactions,
            update=update,
            client_ids=update and charge.get("updateCreate") is True,
            conditional_create=charge.get("conditionalCreate") is True,
            provenance="create" in set(_interactions(_resource(statement, "Provenance"))),
            operations=frozenset(_operations(charge)),
        )


def interactions_of(statement: Mapping[str, Any], kind: str) -> frozenset[str]:
    """What a server declares for a resource type, such as create and read."""
    return frozenset(_interactions(_resource(statement, kind)))


def _resource(statement: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    servers = [rest for rest in _objects(statement.get("rest")) if rest.get("mode", "server") == "server"]
    declared = (resource for rest in servers for resource in _objects(rest.get("resource")))
    return next((resource for resource in declared if resource.get("type") == kind), {})


def _interactions(resource: Mapping[str, Any]) -> Iterator[str]:
    for interaction in _objects(resource.get("interaction")):
        code = interaction.get("code")
        if isinstance(code, str):
            yield code


def _operations(resource: Mapping[str, Any]) -> Iterator[str]:
    """Each operation by its definition's last part, such as `charge-item-create`."""
    for operation in _objects(resource.get("operation")):
        definition = operation.get("definition")
        if isinstance(definition, str):
            yield definition.partition("|")[0].rpartition("/")[2]


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
