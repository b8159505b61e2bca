"""Where an EHR's authorization server is: its SMART configuration, cached per tenant, its hosts pinned."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from plugin.ehr.addresses import BadAddress, host_of
from plugin.ehr.errors import DiscoveryFailed, EhrError
from plugin.ehr.kept import Kept
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import Transport

CACHE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """The endpoints and abilities an EHR publishes; optional addresses are empty when it has none."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str = ""
    jwks_uri: str = ""
    revocation_endpoint: str = ""
    capabilities: frozenset[str] = frozenset()
    scopes_supported: frozenset[str] = frozenset()
    pkce_methods: frozenset[str] = frozenset()
    auth_methods: frozenset[str] = frozenset()
    signing_algorithms: frozenset[str] = frozenset()


class Discovery:
    """Fetches configurations and keeps them for ten minutes; a failing EHR's last good one is used on."""

    def __init__(self, transport: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._kept: Kept[SmartConfiguration] = Kept(CACHE_SECONDS, clock)

    def of(self, tenant: Tenant) -> SmartConfiguration:
        """The tenant's configuration; raises DiscoveryFailed."""
        try:
            return self._kept.get(tenant.key, lambda: self._fetch(tenant))
        except EhrError as error:
            raise DiscoveryFailed(f"{tenant.name}: {error}") from error

    def doubt(self, tenant: Tenant) -> None:
        """Ask again the next time: a sign-in by it has just failed. Where it can't be had, the old one stands."""
        self._kept.doubt(tenant.key)

    def _fetch(self, tenant: Tenant) -> SmartConfiguration:
        found = self._fetch_json(f"{tenant.iss}/.well-known/smart-configuration")
        configuration = _read_configuration(found, tenant)
        if configuration.issuer and not configuration.jwks_uri:
            return self._add_keys(configuration, tenant)
        return configuration

    def _add_keys(self, configuration: SmartConfiguration, tenant: Tenant) -> SmartConfiguration:
        """Older servers name the key set only in the issuer's OpenID configuration."""
        issuer = pinned(configuration.issuer, tenant, "issuer")
        openid = self._fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        address = pinned(_text(openid, "jwks_uri"), tenant, "jwks_uri")
        values = {name: getattr(configuration, name) for name in SmartConfiguration.__slots__}
        return SmartConfiguration(**{**values, "jwks_uri": address})

    def _fetch_json(self, address: str) -> Mapping[str, Any]:
        session = self._transport.plain_session()
        answer = self._transport.send(session, "GET", address, headers={"Accept": "application/json"})
        if answer.status != 200:
            raise DiscoveryFailed(f"{address} answered with status {answer.status}; check iss in the tenants file")
        found = answer.json()
        if not isinstance(found, dict):
            raise DiscoveryFailed(f"{address} holds no JSON object; check iss in the tenants file")
        return found


def pinned(address: str, tenant: Tenant, what: str) -> str:
    """The address if its host is one the tenant allows; raises DiscoveryFailed."""
    try:
        host = host_of(address)
    except BadAddress as error:
        raise DiscoveryFailed(f"the EHR's {what} can't be used: {error}") from error
    if host not in tenant.hosts:
        raise DiscoveryFailed(
            f"the EHR's {what} is on {host}, which is not allowed; if right, add it to hosts of tenant {tenant.key}"
        )
    return address


def _read_configuration(found: Mapping[str, Any], tenant: Tenant) -> SmartConfiguration:
    def endpoint(name: str) -> str:
        text = _text(found, name)
        return pinned(urljoin(f"{tenant.iss}/", text), tenant, name) if text else ""

    authorization, token = endpoint("authorization_endpoint"), endpoint("token_endpoint")
    if not authorization or not token:
        raise DiscoveryFailed("its SMART configuration names no authorization_endpoint or no token_endpoint")
    return SmartConfiguration(
        authorization_endpoint=authorization,
        token_endpoint=token,
        issuer=_text(found, "issuer"),
        jwks_uri=endpoint("jwks_uri"),
        revocation_endpoint=endpoint("revocation_endpoint"),
        capabilities=_texts(found, "capabilities"),
        scopes_supported=_texts(found, "scopes_supported"),
        pkce_methods=_texts(found, "code_challenge_methods_supported"),
        auth_methods=_texts(found, "token_endpoint_auth_methods_supported"),
        signing_algorithms=_texts(found, "token_endpoint_auth_signing_alg_values_supported"),
    )


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _texts(found: Mapping[str, Any], name: str) -> frozenset[str]:
    value = found.get(name)
    return frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()
