"""The token endpoint: code to tokens, refresh, revocation. Sent once, redirected nowhere, never retried."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from plugin.ehr.credentials import Credentials, Proof
from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.errors import EhrError, TokenRefused
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import Answer, NotJsonError, Transport
from plugin.store.launch_rows import Tokens

DEFAULT_LIFE = 300
MAX_LIFE = 24 * 3600
_CLIENT_TROUBLE = {
    "public": "its client_id may not be registered as a public client",
    "symmetric": 'check client_id and secret; some servers want basic_encoding = "raw"',
    "private_key_jwt": "the EHR may not have fetched the app's key set yet, or this server's clock is wrong",
}
_FHIR_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token endpoint granted; `scope` is None when it didn't say, which means as asked (RFC 6749 5.1).

    `need_patient_banner` is true unless the EHR says otherwise. `style` is the address of the EHR's look.
    """

    tokens: Tokens
    scope: str | None = None
    id_token: str = field(default="", repr=False)
    patient: str = ""
    encounter: str = ""
    need_patient_banner: bool = True
    style: str = ""


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """One tenant's token endpoint, asked with that tenant's own credential."""

    transport: Transport
    tenant: Tenant
    configuration: SmartConfiguration
    credentials: Credentials = field(default_factory=Credentials)

    def exchange_code(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> TokenAnswer:
        """Swap the code for tokens; raises TokenRefused and EhrError.

        A code lives about a minute and works once, so after an unclear failure the way is a new launch, not a retry.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return _read_grant(self._ask(form, self._proof(now)), now)

    def refresh(self, tokens: Tokens, now: datetime) -> Tokens:
        """Fresh tokens; the old refresh token is kept when the server sends none. Raises TokenRefused and EhrError."""
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
        fresh = _read_grant(self._ask(form, self._proof(now)), now).tokens
        return Tokens(fresh.access, fresh.refresh or tokens.refresh, fresh.expires_at)

    def client_credentials(self, now: datetime) -> TokenAnswer:
        """A token of the app's own, without a person: SMART Backend Services. Raises TokenRefused and EhrError."""
        tenant, endpoint = self.tenant, self.configuration.token_endpoint
        proof = self.credentials.prove_by_key(tenant, tenant.backend_client_id, endpoint, now)
        form = {"grant_type": "client_credentials", "scope": tenant.backend_scopes}
        return _read_grant(self._ask(form, proof), now)

    def revoke(self, tokens: Tokens, now: datetime) -> bool:
        """Ask the server to forget the tokens (RFC 7009); False when it has no such endpoint or didn't do it."""
        endpoint = self.configuration.revocation_endpoint
        if not endpoint:
            return False
        done = True
        for hint, token in (("refresh_token", tokens.refresh), ("access_token", tokens.access)):
            if token:
                form = {"token": token, "token_type_hint": hint}
                done = self._post(endpoint, form, self._proof(now)).status == 200 and done
        return done

    def _proof(self, now: datetime) -> Proof:
        """The audience is the token endpoint, for the revocation too (RFC 7523, 3)."""
        return self.credentials.prove(self.tenant, self.configuration.token_endpoint, now)

    def _ask(self, form: Mapping[str, str], proof: Proof) -> Mapping[str, Any]:
        answer = self._post(self.configuration.token_endpoint, form, proof)
        try:
            found = answer.json()
        except NotJsonError as error:
            raise EhrError(f"{self.tenant.name}: the token endpoint: {error}") from error
        if not isinstance(found, dict):
            raise EhrError(f"{self.tenant.name}: the token endpoint answered without a JSON object")
        if answer.status != 200 or "error" in found:
            raise _refusal(self.tenant, answer.status, found)
        return found

    def _post(self, endpoint: str, form: Mapping[str, str], proof: Proof) -> Answer:
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", **proof.headers}
        data = {**form, **proof.form}
        return self.transport.send(self.transport.plain_session(), "POST", endpoint, headers=headers, data=data)


def _refusal(tenant: Tenant, status: int, found: Mapping[str, Any]) -> TokenRefused:
    """Only the standard's error code is told: a description may echo what was sent."""
    error = found.get("error")
    code = error if isinstance(error, str) and error.replace("_", "").isalpha() and len(error) <= 40 else ""
    said = f"{tenant.name} refused the token request ({code or f'status {status}'})"
    if code == "invalid_client" or status == 401:
        said += f". The app could not prove who it is: {_CLIENT_TROUBLE[tenant.auth]}"
    return TokenRefused(said, code)


def _read_grant(found: Mapping[str, Any], now: datetime) -> TokenAnswer:
    access = _text(found, "access_token")
    if not access or _text(found, "token_type").lower() != "bearer":
        raise EhrError("the token endpoint gave no bearer token")
    return TokenAnswer(
        tokens=Tokens(access, _text(found, "refresh_token"), now + timedelta(seconds=_life(found.get("expires_in")))),
        scope=found["scope"] if isinstance(found.get("scope"), str) else None,
        id_token=_text(found, "id_token"),
        patient=_logical_id(_text(found, "patient"), "Patient"),
        encounter=_logical_id(_text(found, "encounter"), "Encounter"),
        need_patient_banner=found.get("need_patient_banner") is not False,
        style=_text(found, "smart_style_url"),
    )


def _life(value: Any) -> int:
    """Seconds; some servers send them as text, some not at all."""
    try:
        return min(max(int(value), 1), MAX_LIFE)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFE


def _logical_id(value: str, kind: str) -> str:
    """Context values are ids; a few servers send `Patient/123`."""
    plain = value.removeprefix(f"{kind}/")
    if plain and not is_fhir_id(plain):
        raise EhrError(f"the EHR named a {kind.lower()} by something that is no FHIR id")
    return plain


def is_fhir_id(value: str) -> bool:
    """Letters, digits, - and . as FHIR has them; `_` and greater length are tolerated, some servers have them."""
    return _FHIR_ID.fullmatch(value) is not None


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
