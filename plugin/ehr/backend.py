"""Working without a person: SMART Backend Services, for the nightly scan and the bulk export.

SMART App Launch 2.2, "Backend Services". A token of this kind finds work and shows no chart to anybody.
"""

import threading
from collections.abc import Callable
from datetime import datetime

from plugin.ehr.client import LONGEST_WAIT, FhirClient
from plugin.ehr.errors import EhrError
from plugin.ehr.grants import RENEW_BEFORE
from plugin.ehr.tokens import TokenEndpoint
from plugin.store.launch_rows import Tokens


class BackendGrant:
    """The app's own token, asked for again when it is about to expire or was refused; thread-safe."""

    def __init__(self, ask: Callable[[], Tokens], clock: Callable[[], datetime]) -> None:
        self._ask, self._clock = ask, clock
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None

    def access_token(self) -> str:
        """A token that is not about to expire; raises TokenRefused and EhrError."""
        with self._lock:
            if self._tokens is None or self._clock() >= self._tokens.expires_at - RENEW_BEFORE:
                self._tokens = self._ask()
            return self._tokens.access

    def replace(self, refused: str) -> str:
        """A token instead of the refused one; raises TokenRefused and EhrError."""
        with self._lock:
            if self._tokens is None or self._tokens.access == refused:
                self._tokens = self._ask()
            return self._tokens.access


def backend_client(
    endpoint: TokenEndpoint, clock: Callable[[], datetime], longest_wait: float = LONGEST_WAIT
) -> FhirClient:
    """A FHIR client with the app's own token; raises EhrError where the tenant has no such registration."""
    tenant = endpoint.tenant
    if not tenant.backend_client_id:
        raise EhrError(f"{tenant.name} has no backend_client_id in the tenants file; register the app for it first")
    grant = BackendGrant(lambda: endpoint.client_credentials(clock()).tokens, clock)
    return FhirClient(endpoint.transport, tenant, grant, longest_wait=longest_wait)
