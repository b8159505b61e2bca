"""Who is at the keyboard: the `id_token` fully verified, its fhirUser and the role the tenant gives it.

OpenID Connect Core 3.1.3.7; SMART App Launch 2.2, "Requesting identity".
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from plugin.ehr.addresses import BadAddress, normalise
from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.errors import IdentityRefused
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import is_fhir_id
from plugin.ehr.transport import Transport

ALGORITHMS = {
    "RS256": "RSA",
    "RS384": "RSA",
    "RS512": "RSA",
    "ES256": "EC",
    "ES384": "EC",
    "PS256": "RSA",
    "PS384": "RSA",
}
SKEW_SECONDS = 90
USER_TYPES = frozenset({"Practitioner", "PractitionerRole", "Person", "Patient", "RelatedPerson"})
NEVER_WRITE = frozenset({"Patient", "RelatedPerson"})


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified person; `user` is the fhirUser as a relative reference, empty when the EHR named nobody usable.

    `role` is empty when the tenant gives none, and always for patients and relatives: they may read, never write.
    """

    user: str
    name: str = ""
    role: str = ""

    @property
    def kind(self) -> str:
        """The resource type of the user."""
        return self.user.partition("/")[0]

    @property
    def may_have_role(self) -> bool:
        """Somebody known, and neither a patient nor a relative."""
        return bool(self.user) and self.kind not in NEVER_WRITE


NOBODY = Identity("")


class KeySets:
    """Public keys of the issuers, fetched again once when a token names a key that isn't known."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._kept: dict[str, list[Key]] = {}

    def find(self, address: str, kid: str | None, key_type: str) -> list[Key]:
        """The keys that may have signed; raises IdentityRefused."""
        with self._lock:
            kept = self._kept.get(address)
        found = _matching(kept, kid, key_type) if kept is not None else []
        return found or _matching(self._fetch(address), kid, key_type)

    def _fetch(self, address: str) -> list[Key]:
        headers = {"Accept": "application/json"}
        answer = self._transport.send(self._transport.plain_session(), "GET", address, headers=headers)
        if answer.status != 200:
            raise IdentityRefused(f"the EHR's key set answered with status {answer.status}; try again in a moment")
        found = answer.json()
        entries = found.get("keys") if isinstance(found, dict) else None
        keys = [key for key in map(_import_key, entries if isinstance(entries, list) else []) if key]
        with self._lock:
            self._kept[address] = keys
        return keys


def _import_key(entry: Any) -> Key | None:
    """A key of a kind not known here must not spoil the others."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("kty") not in ("RSA", "EC"):
        return None
    try:
        return JWKRegistry.import_key(entry)
    except (JoseError, ValueError, TypeError):
        return None


def _matching(keys: list[Key], kid: str | None, key_type: str) -> list[Key]:
    of_type = [key for key in keys if key.key_type == key_type]
    return of_type if kid is None else [key for key in of_type if key.kid == kid]


def verify_identity(
    token: str,
    tenant: Tenant,
    configuration: SmartConfiguration,
    keys: KeySets,
    nonce: str,
    now: datetime,
) -> Identity:
    """Verify an id_token and return who it names; raises IdentityRefused with the one thing that was wrong."""
    claims = _verified_claims(token, configuration, keys)
    _check_claims(claims, tenant, configuration, int(now.timestamp()))
    _check_nonce(claims, tenant, nonce)
    user = read_fhir_user(claims, tenant)
    person = Identity(user, _display_name(claims))
    return replace(person, role=find_role(user, claims, tenant)) if person.may_have_role else person


def _verified_claims(token: str, configuration: SmartConfiguration, keys: KeySets) -> Mapping[str, Any]:
    if not configuration.jwks_uri:
        raise IdentityRefused("the EHR publishes no key set, so its id_token can't be verified")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise IdentityRefused("the id_token is no signed JWT") from error
    key_type = ALGORITHMS.get(str(header.get("alg")))
    if key_type is None:
        raise IdentityRefused("the id_token is signed with an algorithm that is not accepted")
    kid = header.get("kid")
    for key in keys.find(configuration.jwks_uri, kid if isinstance(kid, str) else None, key_type):
        try:
            return jwt.decode(token, key, algorithms=[str(header["alg"])]).claims
        except (JoseError, ValueError):
            continue
    raise IdentityRefused("the id_token's signature doesn't fit the EHR's keys")


def _check_claims(claims: Mapping[str, Any], tenant: Tenant, configuration: SmartConfiguration, now: int) -> None:
    issuer = tenant.issuer or configuration.issuer
    if not issuer or claims.get("iss") != issuer:
        raise IdentityRefused("the id_token comes from another issuer than this EHR's")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if tenant.client_id not in audiences:
        raise IdentityRefused("the id_token is meant for another app")
    authorized = claims.get("azp")
    if (len(audiences) > 1 or authorized is not None) and authorized != tenant.client_id:
        raise IdentityRefused("the id_token was issued to another app")
    if not claims.get("sub"):
        raise IdentityRefused("the id_token names no subject")
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires <= now - SKEW_SECONDS:
        raise IdentityRefused("the id_token has expired; launch again (and check this server's clock)")
    if issued > now + SKEW_SECONDS:
        raise IdentityRefused("the id_token was issued in the future; check this server's clock")


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IdentityRefused(f"the id_token has no {name}")
    return int(value)


def _check_nonce(claims: Mapping[str, Any], tenant: Tenant, nonce: str) -> None:
    """Lenient means: PKCE has bound the code to us already, so a server that echoes no nonce is let pass."""
    if "nonce" not in claims and tenant.nonce == "lenient":
        return
    if claims.get("nonce") != nonce:
        raise IdentityRefused("the id_token answers another request")


def read_fhir_user(claims: Mapping[str, Any], tenant: Tenant) -> str:
    """The fhirUser relative to the tenant's base; empty when there is none or it stands on another server."""
    value = claims.get("fhirUser", claims.get("profile"))
    if not isinstance(value, str):
        return ""
    if "://" in value:
        try:
            value = normalise(value)
        except BadAddress:
            return ""
        if not value.startswith(f"{tenant.iss}/"):
            return ""
        value = value[len(tenant.iss) + 1 :]
    kind, _, logical_id = value.partition("/")
    return value if kind in USER_TYPES and is_fhir_id(logical_id) else ""


def find_role(user: str, claims: Mapping[str, Any], tenant: Tenant) -> str:
    """The role by fhirUser, else by the first of the tenant's claims that holds; empty without a verified fhirUser."""
    if not user:
        return ""
    if user in tenant.roles:
        return tenant.roles[user]
    for name, role in tenant.roles.items():
        if name.startswith("claim:") and _holds(name.removeprefix("claim:"), claims):
            return role
    return ""


def _holds(condition: str, claims: Mapping[str, Any]) -> bool:
    name, _, wanted = condition.partition("=")
    value = claims.get(name)
    return wanted in value if isinstance(value, list) else value == wanted


def _display_name(claims: Mapping[str, Any]) -> str:
    value = claims.get("name")
    return value[:120] if isinstance(value, str) else ""
