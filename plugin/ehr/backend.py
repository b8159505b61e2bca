"""Working without a person: SMART Backend Services, for the nightly scan and the bulk export.

SMART App Launch 2.2, "Backend Services". A token of this kind finds work and shows no chart to anybody.
"""

import threading
from collections.abc import Callable
from datetime import datetime

from plugin.ehr.client import LONGEST_WAIT, FhirClient
from plugin.ehr.errors import EhrError, FhirError
from plugin.ehr.grants import RENEW_BEFORE
from plugin.ehr.scopes import NEEDED_TO_READ, read_granted
from plugin.ehr.tenants import Tenant
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


def told_to_it(error: EhrError, tenant: Tenant) -> str:
    """What stopped the app while it worked without a person: a refusal names the registration and the scopes."""
    if not isinstance(error, FhirError) or error.kind != "forbidden" or tenant.open:
        return str(error)
    granted = read_granted(tenant.backend_scopes.split())
    lacking = [f"system/{kind}.rs" for kind in NEEDED_TO_READ if not granted.can_read(kind)]
    if lacking:
        remedy = f"add {' '.join(lacking)} to backend_scopes in the tenants file and to the registration"
    else:
        remedy = f"register it there for all of backend_scopes: {tenant.backend_scopes}"
    who = f"the app's own account {tenant.backend_client_id}"
    return f"{tenant.name} refused {who} (status {error.status}), which works without a person; {remedy}"


def backend_client(
    endpoint: TokenEndpoint, clock: Callable[[], datetime], longest_wait: float = LONGEST_WAIT
) -> FhirClient:
    """A FHIR client with the app's own token; raises EhrError where the tenant has no such registration."""
    tenant = endpoint.tenant
    if not tenant.backend_client_id:
        raise EhrError(f"{tenant.name} has no backend_client_id in the tenants file; register the app for it first")
    grant = BackendGrant(lambda: endpoint.client_credentials(clock()).tokens, clock)
    return FhirClient(endpoint.transport, tenant, grant, longest_wait=longest_wait)
