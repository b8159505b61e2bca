"""Bulk exports that were asked for: what is in each, whose it is, and when it is ready."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.fhir.resources import ResourceStore

PART = 100


@dataclass(frozen=True, slots=True)
class Export:
    """One export: `files` are type and row numbers of each; `began` and `ready` are epoch seconds."""

    key: str
    client_id: str
    request: str
    files: tuple[tuple[str, tuple[int, ...]], ...]
    began: float
    ready: float


class ExportBook:
    """Exports of one sandbox; one at a time for each client, and ready `seconds` after it was asked for."""

    def __init__(self, store: ResourceStore, clock: Callable[[], float], seconds: int) -> None:
        self._store, self._database = store, store.database
        self._clock, self._seconds = clock, seconds

    def begin(self, client_id: str, request: str, types: Iterable[str], since: float) -> Export:
        """Note what is there now.  Raises FhirError 429 while another one is being made."""
        now = self._clock()
        with self._database.writing():
            row = self._database.first("SELECT max(ready) AS last FROM exports WHERE client_id = ?", (client_id,))
            busy = (row["last"] if row else None) or 0
            if busy > now:
                wait = {"Retry-After": str(_whole_seconds(busy - now))}
                raise FhirError(429, "throttled", "An export of this app is under way.", headers=wait)
            files = tuple(part for kind in types for part in self._parts(kind, since))
            export = Export(secrets.token_urlsafe(18), client_id, request, files, now, now + self._seconds)
            columns = {name: getattr(export, name) for name in ("key", "client_id", "request", "began", "ready")}
            self._database.insert("exports", **columns, files=json.dumps(files))
        return export

    def _parts(self, kind: str, since: float) -> list[tuple[str, tuple[int, ...]]]:
        found = [each for each in self._store.of_type(kind) if _epoch(each.updated) >= since]
        numbers = [each.number for each in found]
        return [(kind, tuple(numbers[start : start + PART])) for start in range(0, len(numbers), PART)]

    def find(self, key: str, client_id: str) -> Export:
        """An export of this client.  Raises FhirError 404."""
        row = self._database.first("SELECT * FROM exports WHERE key = ? AND client_id = ?", (key, client_id))
        if row is None:
            raise FhirError(404, "not-found", "There is no such export of this app.")
        files = tuple((kind, tuple(numbers)) for kind, numbers in json.loads(row["files"]))
        return Export(**{**dict(row), "files": files})

    def seconds_left(self, export: Export) -> int:
        """Whole seconds until it is ready, 0 when it is."""
        left = export.ready - self._clock()
        return _whole_seconds(left) if left > 0 else 0

    def forget(self, export: Export) -> None:
        """Throw it away."""
        self._database.change("DELETE FROM exports WHERE key = ?", (export.key,))


def _whole_seconds(seconds: float) -> int:
    return max(1, int(-(-seconds // 1)))


def _epoch(updated: str) -> float:
    return datetime.fromisoformat(updated).timestamp()
