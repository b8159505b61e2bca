"""The same clinic before an Oracle Health EHR: a pretended one of these tests, or the sandbox in that vendor's ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from fhir_mappings.oracle_charge import OracleSite
from plugin.domain.charge import ChargeMinutes, SuggestedCharge
from plugin.ehr.charge_master import ChargeMaster
from plugin.ehr.client import FhirClient
from plugin.ehr.sinks.oracle_operations import OracleOperations
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import Transport
from plugin.review.ports import ChargeSink
from tests.functional.posting.clinic import ADMINISTRATION, Clinic, LossyHttp, Token
from tests.functional.posting.pretend_oracle import SITE

SCHEDULES = {
    "CPT": "615214",
    "HCPCS": "615215",
    "MODIFIER": "3692",
    "ICD": "3693",
    "CDM_SCHED": "667687",
    "REVENUE": "615217",
}
TEN = int(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp())


@dataclass
class OracleClinic(Clinic):
    """One encounter under review; `ehr` names the address alone, and what it holds is looked at there.

    `more` is what its charge has beside the usual.
    """

    charge_master: ChargeMaster = ChargeMaster()  # noqa: RUF009 - frozen
    schedules: Any = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def charge(self) -> SuggestedCharge:
        minutes = (ChargeMinutes(1, ADMINISTRATION, 1, TEN, TEN + 3600),)
        return structs.replace(super().charge, minutes=minutes, **self.more)

    def http(self, *faults: str, deaf: bool = False) -> LossyHttp:
        tenant = Tenant("sandbox", self.ehr.base, client_id="test-app", name="Oracle")
        return LossyHttp(FhirClient(Transport(), tenant, Token("t")), list(faults), deaf)

    def sink(self, http: Any = None, **support: bool) -> ChargeSink:
        schedules = SCHEDULES if self.schedules is None else self.schedules
        return OracleOperations(http or self.http(), self.ehr.base, OracleSite(SITE, schedules), self.charge_master)

    def found(self) -> list[dict[str, Any]]:
        """The active charges of this line, as the EHR lists them to its billers."""
        query = {"context": "amber-1", "-status": "billable"}
        entries = self.ehr.get("/ChargeItem", params=query).json()["entry"]
        return [each["resource"] for each in entries if _code(each["resource"]) == self.code]


class OracleSandboxClinic(OracleClinic):
    """The sandbox with sign-in, scopes and a FHIR base of its own."""

    def http(self, *faults: str, deaf: bool = False) -> LossyHttp:
        return Clinic.http(self, *faults, deaf=deaf)

    def sink(self, http: Any = None, **support: bool) -> ChargeSink:
        return OracleOperations(http or self.http(), self.ehr.iss, OracleSite(SITE, SCHEDULES), self.charge_master)

    def found(self) -> list[dict[str, Any]]:
        address, found = "ChargeItem?context=amber-1&-status=billable", []
        while address:
            bundle = self.fhir.get(address).json()
            found += [each["resource"] for each in bundle.get("entry", [])]
            address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
        return [each for each in found if _code(each) == self.code]


def _code(charge: dict[str, Any]) -> str:
    return str(charge["code"]["coding"][0]["code"])
