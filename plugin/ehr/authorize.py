"""The way to the EHR's authorization page: PKCE, state, nonce, `aud`, and `launch` to the byte."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote_to_bytes

from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.scopes import in_v1
from plugin.ehr.tenants import Tenant
from plugin.store.launches import LaunchStore
from plugin.store.pending_launches import Pending


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """What the EHR, or a person, asked for; `launch` is empty for a standalone launch.

    `launch` holds bytes as one character each (latin-1), because nothing says that they are text.
    `staff` is a sign-in without a patient, for the pages that are about no one chart.
    """

    tenant: Tenant
    iss: str
    launch: str = field(default="", repr=False)
    staff: bool = False


def read_raw_parameter(query: bytes, name: str) -> str | None:
    """The first value of a parameter, percent-decoded only: a plus sign stays a plus sign.

    Returned as one character a byte (latin-1); None when it isn't there.
    """
    for pair in query.split(b"&"):
        key, equals, value = pair.partition(b"=")
        if equals and unquote_to_bytes(key) == name.encode():
            return unquote_to_bytes(value).decode("latin-1")
    return None


def authorization_address(
    asked: LaunchRequest,
    configuration: SmartConfiguration,
    launches: LaunchStore,
    browser: str,
    redirect_uri: str,
    now: datetime,
) -> str:
    """Remember the request under a fresh state and return the address to send the browser to."""
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    pending = Pending(
        tenant=asked.tenant.key,
        iss=asked.iss,
        launch=asked.launch,
        code_verifier=verifier,
        nonce=nonce,
        aud=asked.iss,
        started_at=now,
        staff=asked.staff,
    )
    state = launches.pending.begin(pending, browser, now)
    parameters = {
        "response_type": "code",
        "client_id": asked.tenant.client_id,
        "redirect_uri": redirect_uri,
        "scope": requested_scopes(asked, configuration),
        "state": state,
        "aud": asked.iss,
        "nonce": nonce,
        "code_challenge": code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    encoded = [(name, quote(value, safe="")) for name, value in parameters.items()]
    if asked.launch:
        encoded.append(("launch", quote(asked.launch.encode("latin-1"), safe="")))
    return _with_query(configuration.authorization_endpoint, encoded)


def requested_scopes(asked: LaunchRequest, configuration: SmartConfiguration) -> str:
    """The tenant's scopes, with `launch` for a launch from the EHR, with context questions for a standalone one.

    A sign-in of staff asks who they are and nothing of any patient.
    """
    context = {"launch"} if asked.launch else {"launch/patient", "launch/encounter"}
    others = [scope for scope in asked.tenant.asked_scopes.split() if scope.partition("/")[0] != "launch"]
    written = asked.tenant.staff_scopes if asked.staff else " ".join([*sorted(context), *others])
    return in_v1(written) if _wants_v1(asked.tenant, configuration) else written


def _wants_v1(tenant: Tenant, configuration: SmartConfiguration) -> bool:
    """By the tenant's word, else where the EHR announces the older syntax and not the newer."""
    if tenant.scope_syntax != "auto":
        return tenant.scope_syntax == "v1"
    known = configuration.capabilities
    return "permission-v1" in known and "permission-v2" not in known


def code_challenge(verifier: str) -> str:
    """RFC 7636, method S256."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _with_query(endpoint: str, encoded: list[tuple[str, str]]) -> str:
    query = "&".join(f"{name}={value}" for name, value in encoded)
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"
