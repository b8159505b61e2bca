"""The name of who is at the keyboard, where the `id_token` says only which resource they are."""

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_mappings.lookup import Lookup
from fhir_mappings.patient import read_patient
from plugin.ehr.errors import EhrError
from plugin.ehr.scopes import read_granted
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import Transport

LONGEST_NAME = 120


def read_user_name(transport: Transport, tenant: Tenant, access: str, user: str, granted: Iterable[str]) -> str:
    """The name in the fhirUser's own resource; empty when the grant doesn't reach it or it can't be had.

    `user` is a relative reference. Asked for once, and never a reason for a launch to fail.
    """
    kind = user.partition("/")[0]
    if not may_read(kind, granted):
        return ""
    session = transport.bearer_session(tenant.client_id, access)
    headers = {"Accept": "application/fhir+json"}
    try:
        answer = transport.send(session, "GET", f"{tenant.iss}/{user}", headers=headers)
        found = answer.json() if answer.status == 200 else None
    except EhrError:
        return ""
    return name_in(found)[:LONGEST_NAME] if isinstance(found, dict) and found.get("resourceType") == kind else ""


def may_read(kind: str, granted: Iterable[str]) -> bool:
    """Patient scopes reach the patient's own records, not the staff."""
    return read_granted(scope for scope in granted if not scope.startswith("patient/")).can_read(kind)


def name_in(resource: Mapping[str, Any]) -> str:
    """A PractitionerRole has no name of its own; everybody else is named as a patient is."""
    if resource.get("resourceType") == "PractitionerRole":
        practitioner = resource.get("practitioner")
        display = practitioner.get("display") if isinstance(practitioner, dict) else None
        return display if isinstance(display, str) else ""
    return read_patient(dict(resource), Lookup())[0].name
