"""What the EHR says somebody does, for tenants that give roles by it."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode

from fhir_mappings.practitioner_role import is_in_force, read_role_codes
from plugin.ehr.errors import EhrError
from plugin.ehr.references import Base, Resource, at, listed, local_name
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import NotJsonError, Transport
from plugin.ehr.user_names import may_read

KIND = "PractitionerRole"


def read_role_names(
    transport: Transport, tenant: Tenant, access: str, user: str, granted: Iterable[str], now: datetime
) -> frozenset[str]:
    """The keys of a tenant's `roles` that hold for this person: `PractitionerRole/ID` and `practitioner-role:CODE`.

    `user` is a relative reference. Empty when the grant doesn't reach them or the EHR gives none: a role is lost by
    that, never won. Raises EhrError when the EHR doesn't answer, or is busy: then nobody knows.
    """
    if not may_read(KIND, granted):
        return frozenset()
    base = Base(tenant.iss)
    found = [each for each in _fetch(transport, tenant, access, user) if _is_of(each, user, base)]
    today = now.date()
    in_force = [each for each in found if is_in_force(each, today)]
    codes = {f"practitioner-role:{code}" for each in in_force for code in read_role_codes(each, today)}
    return frozenset(codes | {local_name(each) for each in in_force})


def _fetch(transport: Transport, tenant: Tenant, access: str, user: str) -> list[Resource]:
    kind, _, logical_id = user.partition("/")
    query = urlencode({"practitioner": logical_id, **tenant.extra_params})
    address = f"{tenant.iss}/{user}" if kind == KIND else f"{tenant.iss}/{KIND}?{query}"
    session = transport.bearer_session(tenant.client_id, access)
    answer = transport.send(session, "GET", address, headers={"Accept": "application/fhir+json"})
    if answer.status == 429 or answer.status >= 500:
        raise EhrError(f"{tenant.name} did not say what the user does there (status {answer.status})")
    try:
        body = answer.json() if answer.status == 200 else None
    except NotJsonError:
        return []
    if not isinstance(body, dict):
        return []
    resources = [body, *(at(entry, "resource") for entry in listed(body.get("entry")))]
    return [each for each in resources if isinstance(each, dict) and each.get("resourceType") == KIND]


def _is_of(role: Resource, user: str, base: Base) -> bool:
    """Servers that ignore a search parameter return everybody's."""
    return local_name(role) == user or base.local(role.get("practitioner")) == user
