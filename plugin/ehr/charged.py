"""What is charged on one encounter, read by itself."""

from fhir_mappings.charge_item import read_charge_item
from fhir_mappings.lookup import Lookup
from plugin.domain import ExistingCharge
from plugin.ehr.client import FhirClient
from plugin.ehr.read_ways import ReadWays
from plugin.ehr.references import Base
from plugin.ehr.searches import search
from plugin.ehr.tenants import Tenant


class NotAllRead(Exception):
    """The EHR held charges back, or said so."""


def charges_on(client: FhirClient, tenant: Tenant, ways: ReadWays, encounter: str) -> list[ExistingCharge]:
    """The charges of `Encounter/id`, sorted out here: servers return more than was asked for.

    Raises EhrError when they can't be read, NotAllRead when some may be missing.
    """
    status = [("-status", "billable")] if ways.charge_status else []
    found = search(client, tenant, "ChargeItem", [("context", encounter.partition("/")[2]), *status])
    if found.truncated or any(issue.blocks for issue in found.issues):
        raise NotAllRead
    local, lookup = Base(tenant.iss).local, Lookup(zone=tenant.zone)
    own = (item for item in found.resources if local(item.get("context")) == encounter)
    return [read_charge_item(item, lookup)[0] for item in own]
