"""Authlib's authorization server, fitted to SMART."""

# mypy: allow-subclassing-any
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError, InvalidScopeError, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, request

from plugin.sandbox.config import SandboxConfig
from plugin.sandbox.faults import FaultSwitches
from plugin.sandbox.smart.assertion import SmartClientAssertion
from plugin.sandbox.smart.clients import AUTH_METHODS, ClientBook
from plugin.sandbox.smart.identity import Identity, SmartIdToken
from plugin.sandbox.smart.launches import Context
from plugin.sandbox.smart.pkce import SmartCodeChallenge
from plugin.sandbox.smart.scopes import narrowed
from plugin.sandbox.smart.tokens import Grant, TokenBook

REFRESHING_SCOPES = {"online_access", "offline_access"}
# SMART Backend Services: five minutes at most, and then a new token instead of a refresh.
SERVICE_SECONDS = 300


class SmartRequest(OAuth2Request):
    """An OAuth request from given parameters: a form's, or those of a request that was parked."""

    def __init__(self, method: str, uri: str, params: Mapping[str, str], headers: Any) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload = BasicOAuth2Payload(dict(params))
        self.context: Context | None = None

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        params: dict[str, str] = self.payload.data
        return params

    @property
    def args(self) -> dict[str, str]:
        """The parameters; whether they came in an address or a body is settled before."""
        return self.form


@dataclass(frozen=True, slots=True)
class SmartParts:
    """What the authorization server works with."""

    config: SandboxConfig
    clients: ClientBook
    tokens: TokenBook
    identity: Identity
    faults: FaultSwitches


class SmartServer(AuthorizationServer):
    """The authorization server of one sandbox."""

    def __init__(self, app: Flask, parts: SmartParts) -> None:
        config, tokens = parts.config, parts.tokens
        self.config, self.tokens, self.faults = config, tokens, parts.faults
        app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
        lifetimes = dict.fromkeys(("authorization_code", "refresh_token"), config.token_seconds)
        lifetimes["client_credentials"] = min(config.token_seconds, SERVICE_SECONDS)
        app.config["OAUTH2_TOKEN_EXPIRES_IN"] = lifetimes
        super().__init__(app, query_client=parts.clients.find, save_token=self._save)
        self.register_client_auth_method("private_key_jwt", SmartClientAssertion(tokens, f"{config.issuer}/token"))
        self.register_grant(
            SmartCodeGrant, [SmartCodeChallenge(required=True), SmartIdToken(parts.identity, parts.faults)]
        )
        self.register_grant(SmartRefreshGrant)
        self.register_grant(SmartServiceGrant)
        self.register_endpoint(SmartRevocation)
        self.register_endpoint(SmartIntrospection)

    def create_oauth2_request(self, given: Any) -> OAuth2Request:
        """The given request, or the form of the present one: parameters in the address don't count."""
        if isinstance(given, OAuth2Request):
            return given
        return SmartRequest(request.method, request.url, request.form.to_dict(), request.headers)

    def _save(self, token: dict[str, Any], oauth_request: Any) -> None:
        """Keep the tokens, and put the launch context beside them."""
        grant: Grant | None = oauth_request.authorization_code or oauth_request.refresh_token
        if grant is None:
            self.tokens.save_tokens(self.tokens.begin_service(oauth_request.client.client_id, token["scope"]), token)
            return
        self.tokens.save_tokens(grant, token)
        for name, value in (("patient", grant.patient), ("encounter", grant.encounter)):
            if value is not None and not self.faults.take(f"no-{name}"):
                token[name] = value
        token.setdefault("scope", "")
        token["need_patient_banner"] = True
        token["smart_style_url"] = f"{self.config.issuer}/style.json"


class SmartCodeGrant(AuthorizationCodeGrant):
    """Codes that work once, for about a minute."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    server: SmartServer

    def save_authorization_code(self, code: str, oauth_request: SmartRequest) -> None:
        """Keep the code with the launch context it was given for."""
        if oauth_request.context is None:
            raise AccessDeniedError("Nobody chose a chart.")
        scope = narrowed(oauth_request.scope, self.server.faults.take("narrowed-scope"))
        self.server.tokens.save_code(code, oauth_request.context, oauth_request.form, scope)

    def query_authorization_code(self, code: str, client: Any) -> Grant | None:
        """Use the code up, whatever comes of it."""
        expired = bool(self.server.faults.take("expired-code"))
        return self.server.tokens.spend_code(code, client.client_id, expired=expired)

    def delete_authorization_code(self, authorization_code: Grant) -> None:
        """Nothing to do: it was used up when it was looked up, and is kept to notice a second use."""

    def authenticate_user(self, authorization_code: Grant) -> str:
        """Who said yes."""
        return authorization_code.user

    def generate_token(self, **given: Any) -> Any:
        """A refresh token comes only with online_access or offline_access."""
        given["include_refresh_token"] = bool(REFRESHING_SCOPES & set((given.get("scope") or "").split()))
        return super().generate_token(**given)


class SmartRefreshGrant(RefreshTokenGrant):
    """Refresh tokens that are replaced at each use."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: SmartServer

    def authenticate_refresh_token(self, refresh_token: str) -> Grant | None:
        """The grant, unless the token was used before."""
        return self.server.tokens.refresh(refresh_token, self.request.client.client_id)

    def authenticate_user(self, refresh_token: Grant) -> str:
        """Who said yes."""
        return refresh_token.user

    def issue_token(self, user: str, refresh_token: Grant) -> Any:
        """Use the old one up first, so that of two at once only one gets through."""
        if self.server.faults.take("kept-refresh"):
            return self._issue_access_alone(user, refresh_token)
        if not self.server.tokens.spend_refresh(refresh_token):
            raise InvalidGrantError("The refresh token was used before.")
        return super().issue_token(user, refresh_token)

    def _issue_access_alone(self, user: str, refresh_token: Grant) -> Any:
        scope = self.request.payload.scope or refresh_token.get_scope()
        return self.generate_token(user=user, scope=scope, include_refresh_token=False)

    def revoke_old_credential(self, refresh_token: Grant) -> None:
        """Nothing to do: it was used up when the new one was made."""


class SmartServiceGrant(ClientCredentialsGrant):
    """SMART Backend Services: a token without a person, for a service that proves itself by its key."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("private_key_jwt",)
    server: SmartServer

    def validate_token_request(self) -> None:
        """Refuse what is no service, and a request of which nothing can be granted."""
        super().validate_token_request()
        if not self.client.get_allowed_scope(self.request.payload.scope):
            raise InvalidScopeError("Ask for system scopes that read, as in system/Encounter.rs.")


class SmartRevocation(RevocationEndpoint):
    """Token revocation (RFC 7009)."""

    CLIENT_AUTH_METHODS = AUTH_METHODS
    server: SmartServer

    def query_token(self, token_string: str, token_type_hint: str | None) -> Grant | None:
        """The grant behind a token; the hint isn't needed."""
        return self.server.tokens.find(token_string)

    def revoke_token(self, token: Grant, oauth_request: Any) -> None:
        """Take the token back."""
        self.server.tokens.revoke(oauth_request.form["token"])


class SmartIntrospection(IntrospectionEndpoint):
    """Token introspection (RFC 7662): an app may ask about the tokens it was given."""

    CLIENT_AUTH_METHODS = AUTH_METHODS
    server: SmartServer

    def query_token(self, token_string: str, token_type_hint: str | None) -> Grant | None:
        """The grant behind an access token that still holds."""
        return self.server.tokens.access(token_string)

    def check_permission(self, token: Grant, client: Any, request: Any) -> bool:
        """Whether it was given to this app."""
        return token.check_client(client)

    def create_introspection_payload(self, token: Grant | None) -> dict[str, Any]:
        """What SMART says about a token: the usual claims, the launch context and the user."""
        if token is None:
            return {"active": False}
        context = {"patient": token.patient, "encounter": token.encounter, "exp": token.expires}
        claims = {"active": True, "client_id": token.client_id, "sub": token.subject, "scope": token.scope}
        if token.user:
            context["fhirUser"] = f"{self.server.config.fhir_base}/Practitioner/{token.user}"
        return {**claims, **{name: value for name, value in context.items() if value is not None}}
