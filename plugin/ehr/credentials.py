"""How the app proves to a token endpoint who it is: by nothing (public), by a secret, or by a signed assertion.

A credential belongs to one tenant: it is looked up by that tenant's name and sent to that tenant's pinned hosts alone.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote_plus

from plugin.ehr.errors import EhrError
from plugin.ehr.signing import ASSERTION_TYPE, sign_assertion, signing_key
from plugin.ehr.tenants import Tenant
from plugin.store.cipher import CannotOpen
from plugin.store.signing_keys import SigningKey


def secret_name(tenant: str) -> str:
    """The ending of the environment variables that hold a tenant's secret: `GENERAL_HOSPITAL` for general-hospital."""
    return tenant.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Proof:
    """What to add to one request: form fields and headers."""

    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def no_keys(tenant: str) -> tuple[SigningKey, ...]:
    """For an app without a store."""
    return ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """Client secrets by tenant, and where signing keys are looked up."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    keys_of: Callable[[str], tuple[SigningKey, ...]] = no_keys

    def prove(self, tenant: Tenant, endpoint: str, now: datetime) -> Proof:
        """The proof for one request of a launch; raises EhrError when the tenant's secret or key is missing."""
        if tenant.auth == "symmetric":
            return Proof({}, {"Authorization": self._basic(tenant)})
        if tenant.auth == "private_key_jwt":
            return self.prove_by_key(tenant, tenant.client_id, endpoint, now)
        return Proof({"client_id": tenant.client_id})

    def prove_by_key(self, tenant: Tenant, client_id: str, endpoint: str, now: datetime) -> Proof:
        """A fresh assertion, good for this endpoint and a few minutes; raises EhrError without a key."""
        try:
            key = signing_key(self.keys_of(tenant.key), tenant.key, now)
        except CannotOpen as error:
            raise EhrError(f"the signing key of {tenant.key} is sealed with an encryption key that is gone") from error
        assertion = sign_assertion(key, client_id, endpoint, now)
        return Proof({"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion})

    def _basic(self, tenant: Tenant) -> str:
        """RFC 6749, 2.3.1: id and secret are form-encoded before Base64; some servers want them as they are."""
        secret = self.secrets.get(tenant.key)
        if not secret:
            name = f"INFUSION_CHARGES_CLIENT_SECRET_{secret_name(tenant.key)}"
            raise EhrError(f"{tenant.name} wants a client secret; set {name}")
        pair = (tenant.client_id, secret)
        text = ":".join(map(quote_plus, pair) if tenant.basic_encoding == "form" else pair)
        return f"Basic {base64.b64encode(text.encode()).decode('ascii')}"
