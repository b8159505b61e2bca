"""What an EHR says it can do: its CapabilityStatement, cached per tenant."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from plugin.ehr.client import FHIR_JSON
from plugin.ehr.errors import EhrError
from plugin.ehr.kept import Kept
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import LARGE_ANSWER, Transport

CACHE_SECONDS = 3600.0
# What was learned so long before a launch is good enough for it: many launches make few requests.
FRESH_SECONDS = 5.0


class Statements:
    """Fetches CapabilityStatements without a token, as FHIR has them public, and keeps them for so many seconds."""

    def __init__(
        self, transport: Transport, clock: Callable[[], float] = time.monotonic, keep: float = CACHE_SECONDS
    ) -> None:
        self._transport = transport
        self._kept: Kept[Mapping[str, Any]] = Kept(keep, clock)

    def of(self, tenant: Tenant, within: float = math.inf) -> Mapping[str, Any]:
        """The tenant's statement, where it can be had not older than so many seconds.

        Raises EhrError when it can't be had and none was kept.
        """
        return self._kept.get(tenant.key, lambda: self._fetch(tenant), within)

    def ask_ahead(self, tenant: Tenant) -> None:
        """Fetch the statement while something else goes on, so that the first page of a launch needn't wait for it.

        An EHR may have changed since the last launch, so one that isn't new is fetched again.
        """
        if not self._kept.is_good(tenant.key, FRESH_SECONDS):
            threading.Thread(target=self._ask_quietly, args=(tenant,), name="statement", daemon=True).start()

    def _ask_quietly(self, tenant: Tenant) -> None:
        with suppress(EhrError):
            self.of(tenant, FRESH_SECONDS)

    def doubt(self, tenant: Tenant) -> None:
        """Ask again the next time: the EHR has just refused what it declared. Where it can't be had, the old stands."""
        self._kept.doubt(tenant.key)

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
