"""The tenants file: TOML, one table `[tenants.NAME]` for each EHR; `docs/reference/settings.md` lists its keys.

Secrets never stand in it.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plugin.domain import CareSetting
from plugin.ehr.addresses import BadAddress, host_of, normalise, origin_of
from plugin.ehr.charge_master import ChargeMaster, ChargeMasterError, read_charge_master
from plugin.ehr.fees import Fees, FeesError, read_fees
from plugin.ehr.presets import presets
from plugin.ehr.tenants import ROLES, Tenant, Tenants

CHOICES = {
    "auth": ("public", "symmetric", "private_key_jwt"),
    "signing": ("RS384", "ES384"),
    "basic_encoding": ("form", "raw"),
    "scope_syntax": ("auto", "v1", "v2"),
    "pkce": ("required", "if-supported"),
    "sink": ("auto", "fhir_create", "oracle_operations", "export"),
    "write": ("on", "off"),
    "administrations_by": ("auto", "context", "patient_window"),
    "conditions_by": ("patient", "encounter"),
    "nonce": ("lenient", "required"),
}
BILL_CODE_TYPES = ("CDM_SCHED", "CPT", "HCPCS", "MODIFIER", "ICD", "REVENUE")
HL7V2_NAMES = ("sending_application", "sending_facility", "receiving_application", "receiving_facility")
_ROLE_KEYS = ("Practitioner/", "PractitionerRole/", "Person/", "practitioner-role:", "claim:")
SECRET_WORDS = ("secret", "password", "private_key", "token")


class TenantsError(Exception):
    """The tenants file can't be used; the text names file, tenant, key and remedy."""


def read_tenants(path: Path) -> Tenants:
    """Read the tenants file; raises TenantsError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TenantsError(f"{path}: can't be read ({error.strerror}); give the path of a tenants file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TenantsError(f"{path}: not TOML ({error}); mend that line") from error
    return parse_tenants(content, str(path))


def parse_tenants(content: Mapping[str, Any], source: str) -> Tenants:
    """Check what stands in a tenants file; `source` names it in errors. Raises TenantsError."""
    for key in content:
        if key != "tenants":
            raise TenantsError(f"{source}: unknown key {key!r}; every entry stands under [tenants.NAME]")
    tables = content.get("tenants", {})
    if not isinstance(tables, dict) or not tables:
        raise TenantsError(f"{source}: no tenant; add a table [tenants.NAME] with iss and client_id")
    tenants = tuple(_Entry(source, key, _on_preset(source, key, table)).read() for key, table in tables.items())
    _refuse_twins(source, tenants)
    return Tenants(tenants)


def _on_preset(source: str, key: str, table: Any) -> Any:
    """The table over the preset it names: what stands in the table wins, key by key."""
    if not isinstance(table, dict) or "preset" not in table:
        return table
    own = {name: value for name, value in table.items() if name != "preset"}
    known = presets()
    if table["preset"] not in known:
        problem = f"{table['preset']!r} is not known; use one of {', '.join(known)}"
        raise TenantsError(f"{source}: tenant {key}, key preset: {problem}")
    return {**known[table["preset"]].values, **own}


def _refuse_twins(source: str, tenants: tuple[Tenant, ...]) -> None:
    names: dict[str, str] = {}
    for tenant in tenants:
        twin = names.setdefault(tenant.key.upper().replace("-", "_"), tenant.key)
        if twin != tenant.key:
            raise TenantsError(f"{source}: tenants {twin} and {tenant.key} differ only in - and _; rename one of them")
    seen: dict[str, str] = {}
    for tenant in tenants:
        twin = seen.setdefault(tenant.iss, tenant.key)
        if twin != tenant.key:
            raise TenantsError(f"{source}: tenants {twin} and {tenant.key} have the same iss; keep one of them")


class _Entry:
    """One table of the file, read key by key so that an error can name the key."""

    def __init__(self, source: str, key: str, table: Any) -> None:
        self.source, self.key, self.table = source, key, table

    def fail(self, key: str, problem: str) -> TenantsError:
        return TenantsError(f"{self.source}: tenant {self.key}, key {key}: {problem}")

    def read(self) -> Tenant:
        self._refuse_unknown_keys()
        values = {name: reader(self, name) for name, reader in _READERS.items() if name in self.table}
        if "iss" not in values:
            raise self.fail("iss", "is missing; give the FHIR base address of the EHR")
        if not values.get("client_id") and not values.get("open"):
            raise self.fail("client_id", "is missing; give the id under which the EHR has registered this app")
        values.setdefault("name", self.key)
        values.setdefault("hosts", (host_of(values["iss"]),))
        return Tenant(key=self.key, **values)

    def _refuse_unknown_keys(self) -> None:
        if not isinstance(self.table, dict):
            raise TenantsError(f"{self.source}: tenant {self.key} must be a table; write [tenants.{self.key}]")
        if not self.key.replace("-", "").replace("_", "").isalnum():
            raise TenantsError(f"{self.source}: tenant {self.key!r}: use letters, digits, - and _ in its name")
        for key in self.table:
            if key not in _READERS and any(word in key for word in SECRET_WORDS):
                raise self.fail(key, "secrets don't belong in this file; remove it and give it by environment")
            if key not in _READERS:
                raise self.fail(key, f"is not known; known keys are {', '.join(sorted(_READERS))}")

    def text(self, key: str) -> str:
        value = self.table[key]
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, "must be text in quotes")
        return value.strip()

    def choice(self, key: str) -> str:
        value = self.text(key)
        if value not in CHOICES[key]:
            raise self.fail(key, f"{value!r} is not known; use one of {', '.join(CHOICES[key])}")
        return value

    def flag(self, key: str) -> bool:
        if not isinstance(self.table[key], bool):
            raise self.fail(key, "must be true or false")
        return bool(self.table[key])

    def count(self, key: str) -> int:
        value = self.table[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.fail(key, "must be a whole number of at least 1")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.table[key]
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.fail(key, 'must be a list of texts, for example ["one", "two"]')
        return tuple(value)

    def address(self, key: str) -> str:
        try:
            return normalise(self.text(key))
        except BadAddress as error:
            raise self.fail(key, f"{error}; give an address such as https://ehr.example.org/fhir") from error

    def origins(self, key: str) -> tuple[str, ...]:
        try:
            return tuple(origin_of(value) for value in self.texts(key))
        except BadAddress as error:
            raise self.fail(key, f"{error}; give origins such as https://ehr.example.org") from error

    def scopes(self, key: str) -> str:
        value = self.texts(key) if isinstance(self.table[key], list) else (self.text(key),)
        return " ".join(" ".join(value).split())

    def time_zone(self, key: str) -> ZoneInfo:
        try:
            return ZoneInfo(self.text(key))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise self.fail(key, "is no time zone; give an IANA name such as America/New_York") from error

    def table_of(self, key: str, allowed: tuple[str, ...] | None = None) -> dict[str, str]:
        value = self.table[key]
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise self.fail(key, "must be a table of texts")
        for name, item in value.items():
            if allowed and item not in allowed:
                raise self.fail(f"{key}.{name}", f"{item!r} is not known; use one of {', '.join(allowed)}")
        return dict(value)

    def roles(self, key: str) -> dict[str, str]:
        table = self.table_of(key, ROLES)
        for name in table:
            if not name.startswith(_ROLE_KEYS):
                raise self.fail(f"{key}.{name}", 'name a person ("Practitioner/p1") or a claim ("claim:NAME=VALUE")')
        return table

    def accepts_as(self, key: str) -> dict[str, str]:
        table = self.table_of(key, ("planned", "billable"))
        for name in table:
            if name not in ROLES:
                raise self.fail(f"{key}.{name}", f"is no role; use one of {', '.join(ROLES)}")
        return table

    def named_texts(self, key: str) -> dict[str, str]:
        table, allowed = self.table_of(key), _NAMES[key]
        for name in table:
            if name not in allowed:
                raise self.fail(f"{key}.{name}", f"is not known; use one of {', '.join(allowed)}")
        return table

    def charge_master(self, key: str) -> ChargeMaster:
        try:
            return read_charge_master(Path(self.source).parent / self.text(key))
        except ChargeMasterError as error:
            raise self.fail(key, f"{error}; mend the file") from error

    def fees(self, key: str) -> Fees:
        """Of several files the first one that knows a code says what it brings."""
        fees = Fees()
        for name in self.texts(key):
            try:
                fees = fees.before(read_fees(Path(self.source).parent / name))
            except FeesError as error:
                raise self.fail(key, f"{error}; mend the file") from error
        return fees

    def care_settings(self, key: str) -> dict[str, CareSetting]:
        table = self.table_of(key, tuple(setting.value for setting in CareSetting))
        for name in table:
            if not name.startswith(("class:", "service-type:", "location:")):
                raise self.fail(f"{key}.{name}", 'begin it with "class:", "service-type:" or "location:"')
        return {name: CareSetting(value) for name, value in table.items()}


_NAMES = {"bill_code_schedules": BILL_CODE_TYPES, "hl7v2": HL7V2_NAMES}

_READERS: dict[str, Callable[[_Entry, str], Any]] = {
    "iss": _Entry.address,
    "client_id": _Entry.text,
    "name": _Entry.text,
    "vendor": _Entry.text,
    "auth": _Entry.choice,
    "signing": _Entry.choice,
    "basic_encoding": _Entry.choice,
    "scope_syntax": _Entry.choice,
    "scopes": _Entry.scopes,
    "write_scopes": _Entry.scopes,
    "backend_client_id": _Entry.text,
    "backend_scopes": _Entry.scopes,
    "private_network": _Entry.flag,
    "extra_params": _Entry.table_of,
    "pkce": _Entry.choice,
    "issuer": _Entry.text,
    "hosts": _Entry.texts,
    "frame_ancestors": _Entry.origins,
    "zone": _Entry.time_zone,
    "sink": _Entry.choice,
    "write": _Entry.choice,
    "open": _Entry.flag,
    "parallel": _Entry.count,
    "accepts_as": _Entry.accepts_as,
    "roles": _Entry.roles,
    "settings": _Entry.care_settings,
    "positions": _Entry.table_of,
    "administrations_by": _Entry.choice,
    "conditions_by": _Entry.choice,
    "window_days": _Entry.count,
    "page_size": _Entry.count,
    "page_cap": _Entry.count,
    "nonce": _Entry.choice,
    "request_budget": _Entry.count,
    "second_person": _Entry.flag,
    "charge_master": _Entry.charge_master,
    "bill_code_schedules": _Entry.named_texts,
    "ehr_source": _Entry.text,
    "hl7v2": _Entry.named_texts,
    "fees": _Entry.fees,
    "bill_hold_days": _Entry.count,
    "worklist_scopes": _Entry.scopes,
    "productivity": _Entry.flag,
}

_fields = {each.name for each in fields(Tenant)} - {"key"}
if _fields != set(_READERS):  # pragma: no cover - a programming error, told at import
    raise AssertionError(f"every field of Tenant needs a reader: {sorted(_fields ^ set(_READERS))}")
