"""SMART scopes, version 2 (`patient/Encounter.rs`) and version 1 (`patient/Encounter.read`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plugin.sandbox.fhir.definitions import RESOURCE_TYPES

CONTEXT_SCOPES = (
    "openid",
    "fhirUser",
    "launch",
    "launch/patient",
    "launch/encounter",
    "online_access",
    "offline_access",
)
_RESOURCE_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """Letters of `cruds` on one resource type, or on all (`*`)."""

    level: str
    type: str
    letters: str

    def covers(self, kind: str, letter: str) -> bool:
        """Whether the scope allows an interaction (one letter of `cruds`) on a type."""
        return self.type in ("*", kind) and letter in self.letters


def resource_scope(text: str) -> ResourceScope | None:
    """A scope string as a value; None where it is no resource scope this server knows."""
    found = _RESOURCE_SCOPE.fullmatch(text)
    if not found or not found[3] or (found[2] != "*" and found[2] not in RESOURCE_TYPES):
        return None
    return ResourceScope(found[1], found[2], _VERSION_1.get(found[3], found[3]))


def resource_scopes(granted: str) -> tuple[ResourceScope, ...]:
    """The resource scopes of a granted scope string."""
    return tuple(scope for scope in map(resource_scope, granted.split()) if scope)


def grantable(requested: str | None, *, service: bool = False) -> str:
    """The part of a requested scope string that this server grants, in the order asked; the rest is dropped.

    A `service` may read what it asks for at the level of the system, and nothing else.
    """
    names = dict.fromkeys((requested or "").split())
    granted = _for_a_service if service else _for_a_person
    return " ".join(name for name in names if granted(name))


def _for_a_person(name: str) -> bool:
    scope = resource_scope(name)
    return name in CONTEXT_SCOPES or (scope is not None and scope.level != "system")


def _for_a_service(name: str) -> bool:
    scope = resource_scope(name)
    return scope is not None and scope.level == "system" and set(scope.letters) <= set("rs")


def narrowed(scope: str, left_out: Sequence[str] | None) -> str:
    """A granted scope string without the scopes that contain one of these words."""
    return " ".join(name for name in scope.split() if not any(word in name for word in left_out or ()))


def scopes_supported() -> list[str]:
    """What the discovery document lists."""
    reads = [f"{level}/{name}.rs" for level in ("patient", "user", "system") for name in RESOURCE_TYPES]
    writes = [f"user/{kind.name}.crus" for kind in RESOURCE_TYPES.values() if kind.writable]
    return [*CONTEXT_SCOPES, *reads, *writes]
