"""How a chart is searched for at one EHR: as its tenant entry says, else as its CapabilityStatement says it can."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin.ehr.declared import declared_resources
from plugin.ehr.tenants import Tenant

NO_ADMINISTRATIONS = "This EHR cannot support infusion charges: it gives apps no record of what was administered."


@dataclass(frozen=True, slots=True)
class ReadWays:
    """`by_window`: administrations are looked for by patient and time, since they can't be by encounter.

    `administrations`: they can be read at all; without them there is nothing to code.
    `charges`: charges can be seen at all. `charge_status`: their search wants a status (Oracle Health).
    """

    by_window: bool = False
    administrations: bool = True
    charges: bool = True
    charge_status: bool = False


def read_ways(tenant: Tenant, statement: Mapping[str, Any] | None) -> ReadWays:
    """Choose; without a statement by the tenant entry alone, and by encounter where that says nothing."""
    resources = declared_resources(statement or {})
    given, charges = resources.get("MedicationAdministration"), resources.get("ChargeItem")
    searchable = given is None or not given.parameters or given.searched_by("context", "encounter")
    by_window = tenant.administrations_by == "patient_window" or (
        tenant.administrations_by == "auto" and not searchable
    )
    return ReadWays(
        by_window=by_window,
        administrations=not resources or (given is not None and given.readable),
        charges=charges is not None or not resources,
        charge_status=charges is not None and "-status" in charges.parameters,
    )
