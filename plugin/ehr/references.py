"""References between resources of one FHIR server, compared by type and id whatever their form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plugin.ehr.tokens import is_fhir_id

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Base:
    """A FHIR base address without a trailing slash."""

    address: str

    def local(self, reference: Any) -> str:
        """`Type/id` of a reference (a Reference or its text) on this server; empty for contained or foreign ones."""
        text = reference.get("reference") if isinstance(reference, dict) else reference
        if not isinstance(text, str):
            return ""
        if "://" in text:
            if not text.startswith(f"{self.address}/"):
                return ""
            text = text[len(self.address) + 1 :]
        kind, _, rest = text.partition("/")
        logical_id = rest.partition("/_history/")[0]
        return f"{kind}/{logical_id}" if kind.isalpha() and is_fhir_id(logical_id) else ""


def local_name(resource: Resource) -> str:
    """`Type/id` of a resource itself."""
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def listed(value: Any) -> Iterator[Resource]:
    """The objects of a JSON list; nothing when it is something else."""
    yield from (item for item in (value if isinstance(value, list) else []) if isinstance(item, dict))


def at(value: Any, *path: str) -> Any:
    """What stands at a path of objects, None when something is missing on the way."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
