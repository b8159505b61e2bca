"""The EHRs this app serves; `tenants_file` reads them.

An `iss` that is not among them is refused before any request leaves this machine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from plugin.domain import CareSetting
from plugin.ehr.addresses import BadAddress, normalise
from plugin.ehr.charge_master import ChargeMaster
from plugin.ehr.fees import Fees

ROLES = ("clinician", "coder", "lead", "admin")
READ_SCOPES = (
    "openid fhirUser online_access patient/Patient.rs patient/Encounter.rs patient/Condition.rs "
    "patient/MedicationAdministration.rs patient/Medication.rs patient/MedicationRequest.rs"
)
WRITE_SCOPES = "user/ChargeItem.crus user/Provenance.c user/Task.crs user/Communication.c"
PRACTITIONER_ROLE_KEYS = ("PractitionerRole/", "practitioner-role:")
STAFF_SCOPES = "openid fhirUser"
BACKEND_SCOPES = (
    "system/Patient.rs system/Encounter.rs system/Condition.rs system/MedicationAdministration.rs "
    "system/Medication.rs system/MedicationRequest.rs system/Procedure.rs system/ChargeItem.rs"
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One EHR.

    `iss` is normalised; `hosts` are the only hosts its endpoints may have; `issuer` is the OpenID issuer expected in
    the `id_token`, empty when discovery is believed.
    `auth` is how the app proves who it is, `signing` the algorithm where it does so by a key, `basic_encoding` whether
    id and secret are form-encoded first. `scopes` is what is asked for to read; `write_scopes` is asked for as well
    where charges are written to this EHR.
    `backend_client_id` is the app's registration for working without a person, empty when there is none.
    `private_network`: its hosts may have addresses that are not public. `extra_params` go with every search.
    `roles` maps a fhirUser (`Practitioner/p1`), a PractitionerRole (`PractitionerRole/r1`, `practitioner-role:CODE`)
    or a claim (`claim:NAME=VALUE`) to a role;
    `settings` maps `class:CODE`, `service-type:CODE` or `location:ID` to a care setting;
    `accepts_as` maps a role to the ChargeItem status its acceptance is sent with.
    `parallel` is how many requests one launch may have under way; the default lets a wave of a chart leave at once.
    `page_cap` is how many pages one search may have, `window_days` how far from today administrations are looked for
    when the EHR can't search them by encounter,
    `request_budget` how many requests one page may cost the EHR.
    `charge_master` holds the site's own billing codes; `second_person` asks a second coder for more units than
    suggested; `bill_code_schedules` (by bill code type) and `ehr_source` are what Oracle Health's charges need;
    `hl7v2` names sender and receiver of exported messages.
    For the worklist: `fees` are dollars a unit by code, `bill_hold_days` is how many days after the visit its bill goes
    out, and `worklist_scopes` is asked for when staff sign in, so that they can open charts from there;
    `productivity` shows leads and administrators what each person did.
    """

    key: str
    iss: str
    client_id: str = ""
    name: str = ""
    vendor: str = ""
    auth: str = "public"
    signing: str = "RS384"
    basic_encoding: str = "form"
    scope_syntax: str = "auto"
    scopes: str = READ_SCOPES
    write_scopes: str = WRITE_SCOPES
    backend_client_id: str = ""
    backend_scopes: str = BACKEND_SCOPES
    private_network: bool = False
    extra_params: Mapping[str, str] = field(default_factory=dict)
    pkce: str = "required"
    issuer: str = ""
    hosts: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    sink: str = "auto"
    write: str = "on"
    open: bool = False
    parallel: int = 8
    accepts_as: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, CareSetting] = field(default_factory=dict)
    positions: Mapping[str, str] = field(default_factory=dict)
    administrations_by: str = "auto"
    conditions_by: str = "patient"
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
    fees: Fees = field(default_factory=Fees)
    bill_hold_days: int = 4
    worklist_scopes: str = ""
    productivity: bool = False

    @property
    def writes(self) -> bool:
        """May accepted charges be sent at all?"""
        return self.write == "on"

    @property
    def asked_scopes(self) -> str:
        """What a launch asks for: to write only where charges go into the EHR itself."""
        writing = [self.write_scopes] if self.writes and self.sink != "export" else []
        return " ".join([self.scopes, *writing, *self._role_scopes])

    @property
    def staff_scopes(self) -> str:
        """What a sign-in without a chart asks for: who it is, and charts where the tenant lets staff open them."""
        return " ".join([STAFF_SCOPES, *self.worklist_scopes.split(), *self._role_scopes])

    @property
    def reads_practitioner_roles(self) -> bool:
        """Are roles given by PractitionerRole?"""
        return any(name.startswith(PRACTITIONER_ROLE_KEYS) for name in self.roles)

    @property
    def _role_scopes(self) -> list[str]:
        return ["user/PractitionerRole.rs"] if self.reads_practitioner_roles else []

    @property
    def signs(self) -> bool:
        """Does the app prove by a key of its own who it is?"""
        return self.auth == "private_key_jwt" or bool(self.backend_client_id)


class Tenants:
    """The allow-list: tenants by name and by normalised `iss`."""

    def __init__(self, tenants: tuple[Tenant, ...] = ()) -> None:
        self._by_key = {tenant.key: tenant for tenant in tenants}
        self._by_iss = {tenant.iss: tenant for tenant in tenants}

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self._by_key.values())

    def private_hosts(self) -> tuple[str, ...]:
        """Host names that may lead into a private network."""
        hosts = (host for tenant in self if tenant.private_network for host in tenant.hosts)
        return tuple(urlsplit(f"//{host}").hostname or "" for host in hosts)

    def by_key(self, key: str) -> Tenant | None:
        """The tenant of that name in the file."""
        return self._by_key.get(key)

    def by_iss(self, iss: str) -> Tenant | None:
        """The tenant whose `iss` is exactly this one after normalising, else None; makes no request."""
        try:
            return self._by_iss.get(normalise(iss))
        except BadAddress:
            return None
