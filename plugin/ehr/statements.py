"""What an EHR says it can do: its CapabilityStatement, cached per tenant."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from plugin.ehr.client import FHIR_JSON
from plugin.ehr.errors import EhrError
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import LARGE_ANSWER, Transport

CACHE_SECONDS = 3600.0


class Statements:
    """Fetches CapabilityStatements without a token, as FHIR has them public, and keeps them for an hour."""

    def __init__(self, transport: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport, self._clock = transport, clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def of(self, tenant: Tenant) -> Mapping[str, Any]:
        """The tenant's statement; raises EhrError when it can't be had and none was kept."""
        with self._lock:
            kept = self._kept.get(tenant.key)
        if kept and self._clock() - kept[0] < CACHE_SECONDS:
            return kept[1]
        try:
            fresh = self._fetch(tenant)
        except EhrError:
            if kept:
                return kept[1]
            raise
        with self._lock:
            self._kept[tenant.key] = (self._clock(), fresh)
        return fresh

    def _fetch(self, tenant: Tenant) -> Mapping[str, Any]:
        address = f"{tenant.iss}/metadata"
        headers = {"Accept": FHIR_JSON}
        answer = self._transport.send(
            self._transport.plain_session(), "GET", address, headers=headers, limit=LARGE_ANSWER
        )
        found = answer.json() if answer.status == 200 else None
        if not isinstance(found, dict) or found.get("resourceType") != "CapabilityStatement":
            raise EhrError(f"{tenant.name} gives no CapabilityStatement; check iss in the tenants file")
        return found
