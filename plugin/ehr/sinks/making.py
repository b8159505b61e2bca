"""The sink that was chosen for a tenant, made with whoever's grant speaks to the EHR."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plugin.ehr.scopes import Capabilities
from plugin.ehr.sinks import FhirHttp
from plugin.ehr.sinks.attesting import Attesting
from plugin.ehr.sinks.choosing import EXPORT, ORACLE_OPERATIONS, Choice
from plugin.ehr.sinks.export import Export
from plugin.ehr.sinks.fhir_create import FhirCreate
from plugin.ehr.sinks.oracle_operations import OracleOperations, oracle_site
from plugin.ehr.tenants import Tenant
from plugin.review.ports import ChargeSink
from plugin.store.engine import Store
from plugin.store.exports import ExportLedger


@dataclass(frozen=True, slots=True)
class SinkMaking:
    """What every sink of a tenant shares; `software` is our name and version, `names` people by reference."""

    tenant: Tenant
    store: Store
    software: str
    clock: Callable[[], datetime]
    names: Mapping[str, str] = field(default_factory=dict)

    def make(self, choice: Choice, client: Callable[[], FhirHttp], granted: Capabilities) -> ChargeSink:
        """The sink; the client is opened only where charges go to the EHR."""
        tenant = self.tenant
        if choice.kind == EXPORT:
            return Export(ExportLedger(self.store, tenant.key), self.clock)
        http, attests = client(), granted.can("c", "Provenance")
        if choice.kind == ORACLE_OPERATIONS:
            attest = Attesting(http, self.software, self.clock) if attests and choice.support.provenance else None
            return OracleOperations(http, tenant.iss, oracle_site(tenant), tenant.charge_master, attest)
        return FhirCreate(
            http=http,
            support=choice.support,
            software=self.software,
            clock=self.clock,
            attest=attests,
            names=self.names,
            charge_master=tenant.charge_master,
        )
