"""The FHIR store: current versions, their search index, and the rules of changing them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from plugin.sandbox.fhir import exact_json
from plugin.sandbox.fhir.definitions import RESOURCE_TYPES
from plugin.sandbox.fhir.indexing import reference_at, spans_of, terms_of
from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.store import Database

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """One current version: `body` is the JSON text, `patient` the id of the compartment's patient or None."""

    number: int
    type: str
    id: str
    version: int
    updated: str
    patient: str | None
    body: str

    def resource(self) -> Resource:
        """The body, parsed with exact decimals."""
        parsed: Resource = exact_json.load(self.body)
        return parsed


class ResourceStore:
    """Reads and writes resources; `base` is the FHIR base address, `clock` gives epoch seconds."""

    def __init__(self, database: Database, base: str, clock: Callable[[], float]) -> None:
        self.database = database
        self.base = base
        self._clock = clock

    def find(self, kind: str, key: str) -> Stored | None:
        """The current version of a resource, or None."""
        row = self.database.first("SELECT * FROM resources WHERE type = ? AND id = ?", (kind, key))
        return Stored(**dict(row)) if row else None

    def version(self, kind: str, key: str, version: int) -> Stored | None:
        """One version of a resource, the current one or an earlier, or None."""
        row = self.database.first(
            "SELECT 0 AS number, * FROM versions WHERE type = ? AND id = ? AND version = ?", (kind, key, version)
        )
        return Stored(**dict(row)) if row else None

    def by_numbers(self, numbers: list[int]) -> list[Stored]:
        """Stored resources by row number, in the order given."""
        marks = ",".join("?" * len(numbers))
        rows = self.database.all(f"SELECT * FROM resources WHERE number IN ({marks})", numbers)  # noqa: S608  only question marks
        found = {row["number"]: Stored(**dict(row)) for row in rows}
        return [found[number] for number in numbers if number in found]

    def of_type(self, kind: str, patient: str | None = None) -> list[Stored]:
        """Every resource of a type, of one patient where given, in order of arrival."""
        where, values = ("AND patient = ?", (kind, patient)) if patient else ("", (kind,))
        rows = self.database.all(f"SELECT * FROM resources WHERE type = ? {where} ORDER BY number", values)  # noqa: S608  fixed text
        return [Stored(**dict(row)) for row in rows]

    def create(self, resource: Resource, key: str | None = None) -> Stored:
        """Store version 1; an id is made up where `key` is None.  Raises FhirError 412 where the id is taken."""
        kind, key = resource["resourceType"], key or secrets.token_hex(12)
        with self.database.writing():
            if self.find(kind, key):
                raise FhirError(412, "conflict", f"{kind}/{key} exists already.")
            body, updated = self._stamp(resource, key, 1)
            number = self.database.insert(
                "resources", type=kind, id=key, version=1, updated=updated, patient=self.patient_of(body), body="{}"
            )
            return self._fill(number, body)

    def update(self, resource: Resource, key: str, if_match: int | None = None) -> Stored:
        """Store the next version.  Raises FhirError 404 where it is missing, 412 where `if_match` is not current."""
        kind = resource["resourceType"]
        with self.database.writing():
            current = self.find(kind, key)
            if current is None:
                raise FhirError(404, "not-found", f"There is no {kind}/{key}.")
            if if_match not in (None, current.version):
                raise FhirError(412, "conflict", f"{kind}/{key} is at version {current.version}, not {if_match}.")
            body, _ = self._stamp(resource, key, current.version + 1)
            return self._fill(current.number, body)

    def patient_of(self, resource: Resource) -> str | None:
        """The id of the patient whose compartment holds the resource; None where none does."""
        path = RESOURCE_TYPES[resource["resourceType"]].patient_path
        if path == "@self":
            return str(resource.get("id"))
        if path == "@target":
            return self._patient_of_target(resource)
        found = reference_at(resource, path, self.base) if path else None
        return found[1] if found and found[0] == "Patient" else None

    def _patient_of_target(self, resource: Resource) -> str | None:
        found = reference_at(resource, "target", self.base)
        target = self.find(*found) if found else None
        return target.patient if target else None

    def _stamp(self, resource: Resource, key: str, version: int) -> tuple[Resource, str]:
        updated = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        given = resource.get("meta")
        meta = {**(given if isinstance(given, dict) else {}), "versionId": str(version), "lastUpdated": updated}
        rest = {name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")}
        return {"resourceType": resource["resourceType"], "id": key, "meta": meta, **rest}, updated

    def _fill(self, number: int, body: Resource) -> Stored:
        kind = RESOURCE_TYPES[body["resourceType"]]
        self.database.change(
            "UPDATE resources SET version = ?, updated = ?, patient = ?, body = ? WHERE number = ?",
            (
                int(body["meta"]["versionId"]),
                body["meta"]["lastUpdated"],
                self.patient_of(body),
                exact_json.dump(body),
                number,
            ),
        )
        self.database.change(
            "INSERT INTO versions SELECT type, id, version, updated, patient, body FROM resources WHERE number = ?",
            (number,),
        )
        self._index(number, terms_of(kind, body, self.base), spans_of(kind, body))
        return self.by_numbers([number])[0]

    def _index(self, number: int, terms: list[tuple[str, str, str]], spans: list[tuple[str, float, float]]) -> None:
        for table in ("terms", "spans"):
            self.database.change(f"DELETE FROM {table} WHERE number = ?", (number,))  # noqa: S608  fixed names
        self.database.insert_many("INSERT INTO terms VALUES (?, ?, ?, ?)", [(number, *row) for row in terms])
        self.database.insert_many("INSERT INTO spans VALUES (?, ?, ?, ?)", [(number, *row) for row in spans])
