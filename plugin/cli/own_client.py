"""Asking a tenant's EHR without a person, as commands do."""

from collections.abc import Callable
from datetime import UTC, datetime

from plugin.ehr.backend import backend_client
from plugin.ehr.client import FhirClient
from plugin.ehr.credentials import Credentials
from plugin.ehr.discovery import Discovery
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import TokenEndpoint
from plugin.ehr.transport import Transport
from plugin.store.engine import Store
from plugin.store.signing_keys import SigningKeys

# Nobody waits for a command at night, so it sits out what a busy EHR asks for: this many seconds at most.
LONGEST_WAIT = 600.0


def transport_of(tenant: Tenant) -> Transport:
    """What leaves for this tenant's EHR alone."""
    return Transport(private_hosts=tenant.hosts if tenant.private_network else ())


def own_client(transport: Transport, tenant: Tenant, store: Callable[[], Store]) -> FhirClient:
    """With the app's own token, whose keys are in the store; without both where the tenant has no sign-in.

    Raises EhrError where there is no way.
    """
    if tenant.open:
        return FhirClient(transport, tenant, None, longest_wait=LONGEST_WAIT)
    credentials = Credentials(keys_of=SigningKeys(store()).of)
    endpoint = TokenEndpoint(transport, tenant, Discovery(transport).of(tenant), credentials)
    return backend_client(endpoint, lambda: datetime.now(UTC), LONGEST_WAIT)
