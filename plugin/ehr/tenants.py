"""The EHRs this app serves; `tenants_file` reads them.

An `iss` that is not among them is refused before any request leaves this machine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from plugin.domain import CareSetting
from plugin.ehr.addresses import BadAddress, normalise
from plugin.ehr.charge_master import ChargeMaster

ROLES = ("clinician", "coder", "lead", "admin")
READ_SCOPES = (
    "openid fhirUser online_access patient/Patient.rs patient/Encounter.rs patient/Condition.rs "
    "patient/MedicationAdministration.rs patient/Medication.rs patient/MedicationRequest.rs"
)
WRITE_SCOPES = "user/ChargeItem.crus user/Provenance.c"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One EHR.

    `iss` is normalised; `hosts` are the only hosts its endpoints may have; `issuer` is the OpenID issuer expected in
    the `id_token`, empty when discovery is believed.
    `roles` maps a fhirUser (`Practitioner/p1`, `PractitionerRole/r1`) or a claim (`claim:NAME=VALUE`) to a role;
    `settings` maps `class:CODE`, `service-type:CODE` or `location:ID` to a care setting;
    `accepts_as` maps a role to the ChargeItem status its acceptance is sent with.
    `parallel` is how many requests one launch may have under way, `page_cap` how many pages one search may have,
    `window_days` how far from today administrations are looked for when the EHR can't search them by encounter,
    `request_budget` how many requests one page may cost the EHR.
    `charge_master` holds the site's own billing codes; `second_person` asks a second coder for more units than
    suggested; `bill_code_schedules` (by bill code type) and `ehr_source` are what Oracle Health's charges need;
    `hl7v2` names sender and receiver of exported messages.
    """

    key: str
    iss: str
    client_id: str = ""
    name: str = ""
    vendor: str = ""
    auth: str = "public"
    scopes: str = f"{READ_SCOPES} {WRITE_SCOPES}"
    pkce: str = "required"
    issuer: str = ""
    hosts: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    sink: str = "auto"
    write: str = "on"
    open: bool = False
    parallel: int = 4
    accepts_as: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, CareSetting] = field(default_factory=dict)
    positions: Mapping[str, str] = field(default_factory=dict)
    administrations_by: str = "auto"
    window_days: int = 30
    page_size: int = 100
    page_cap: int = 20
    nonce: str = "lenient"
    request_budget: int = 200
    second_person: bool = False
    charge_master: ChargeMaster = field(default_factory=ChargeMaster)
    bill_code_schedules: Mapping[str, str] = field(default_factory=dict)
    ehr_source: str = ""
    hl7v2: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """May accepted charges be sent at all?"""
        return self.write == "on"


class Tenants:
    """The allow-list: tenants by name and by normalised `iss`."""

    def __init__(self, tenants: tuple[Tenant, ...] = ()) -> None:
        self._by_key = {tenant.key: tenant for tenant in tenants}
        self._by_iss = {tenant.iss: tenant for tenant in tenants}

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self._by_key.values())

    def by_key(self, key: str) -> Tenant | None:
        """The tenant of that name in the file."""
        return self._by_key.get(key)

    def by_iss(self, iss: str) -> Tenant | None:
        """The tenant whose `iss` is exactly this one after normalising, else None; makes no request."""
        try:
            return self._by_iss.get(normalise(iss))
        except BadAddress:
            return None
