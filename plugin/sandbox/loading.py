"""Chart folders into the FHIR store."""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path
from typing import Any

from plugin.sandbox.config import SandboxError
from plugin.sandbox.fhir import exact_json
from plugin.sandbox.fhir.definitions import RESOURCE_TYPES
from plugin.sandbox.fhir.resources import ResourceStore
from plugin.sandbox.staff import STAFF

log = logging.getLogger("plugin.sandbox")
Resource = dict[str, Any]


def load_staff(store: ResourceStore) -> None:
    """Put the people who can log in into the store."""
    with store.database.writing():
        for person in STAFF:
            store.create(person.resource(), person.id)


def load_charts(store: ResourceStore, folder: Path) -> dict[str, str]:
    """Load every `<name>/chart.json` below `folder`; for each patient id, what the chart is about.

    Raises SandboxError that names the file and what to mend.
    """
    if not folder.is_dir():
        raise SandboxError(f"There is no charts folder {folder}. Name one with --charts.")
    seen: dict[tuple[str, str], Path] = {}
    titles: dict[str, str] = {}
    files = sorted(folder.glob("*/chart.json"))
    with store.database.writing():
        for file in files:
            for resource in _resources(file):
                _add(store, resource, file, seen)
                if resource["resourceType"] == "Patient":
                    titles[resource["id"]] = _title(file)
    if not files:
        log.warning("No chart was loaded: the charts folder holds no <name>/chart.json.")
    return titles


def _title(file: Path) -> str:
    """The title in the `expected.toml` beside a chart; the folder's name where there is none."""
    try:
        title = tomllib.loads((file.parent / "expected.toml").read_text(encoding="utf-8")).get("title")
    except (OSError, ValueError):
        title = None
    return str(title or file.parent.name)


def _resources(file: Path) -> list[Resource]:
    try:
        bundle = exact_json.load(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SandboxError(f"{file} can't be read as JSON: {error}.") from None
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    if not isinstance(entries, list):
        raise SandboxError(f"{file} must be a FHIR Bundle with entries.")
    return [_checked(entry, file, number) for number, entry in enumerate(entries)]


def _checked(entry: Any, file: Path, number: int) -> Resource:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict) or not isinstance(resource.get("id"), str):
        raise SandboxError(f"{file}: entry {number} must hold a resource with an id.")
    if resource.get("resourceType") not in RESOURCE_TYPES:
        raise SandboxError(
            f"{file}: entry {number} is a {resource.get('resourceType')}, which the sandbox doesn't serve. "
            "Add the type to plugin/sandbox/fhir/definitions.py, or leave it out."
        )
    return resource


def _add(store: ResourceStore, resource: Resource, file: Path, seen: dict[tuple[str, str], Path]) -> None:
    kind, key = resource["resourceType"], resource["id"]
    existing = store.find(kind, key)
    if existing is None:
        store.create(resource, key)
        seen[kind, key] = file
    elif _content(existing.resource()) != _content(resource):
        other = seen.get((kind, key), "the sandbox's own staff")
        raise SandboxError(f"{file}: {kind}/{key} is already in {other} and differs. Give it an id of its own.")


def _content(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name != "meta"}
