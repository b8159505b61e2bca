"""Apps registered with the authorization server."""

# mypy: allow-subclassing-any
from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin

from plugin.sandbox.config import ClientSettings
from plugin.sandbox.smart.scopes import grantable
from plugin.sandbox.store import Database

AUTH_METHODS = ["private_key_jwt", "client_secret_basic", "none"]


@dataclass(frozen=True)
class Client(ClientMixin):
    """One registered app, as Authlib wants to see it."""

    client_id: str
    auth_method: str
    jwks: Mapping[str, Any] | None
    redirect_uris: tuple[str, ...]
    secret: str = ""
    service: bool = False

    def get_client_id(self) -> str:
        """The client id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: the redirect address must be sent, always."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """What is granted of a requested scope."""
        return grantable(scope, service=self.service)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether the address is registered, character by character."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether the app knows its secret."""
        return bool(self.secret) and hmac.compare_digest(client_secret.encode(), self.secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether the app proves itself this way; the same at every endpoint."""
        return method == self.auth_method

    def check_response_type(self, response_type: str) -> bool:
        """Only codes are handed out, and none to a service."""
        return response_type == "code" and not self.service

    def check_grant_type(self, grant_type: str) -> bool:
        """The two grants of an app launch, or the one of a service."""
        return grant_type in (("client_credentials",) if self.service else ("authorization_code", "refresh_token"))


class ClientBook:
    """Registered apps; redirect and launch addresses can be added while the sandbox runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, settings: ClientSettings, launch_url: str | None = None) -> None:
        """Add an app, or replace what is known of it.  Raises ValueError on a method or key set that can't work."""
        if settings.auth_method not in AUTH_METHODS:
            raise ValueError(f"auth_method {settings.auth_method!r} is none of {', '.join(AUTH_METHODS)}.")
        if settings.auth_method == "client_secret_basic" and not settings.secret:
            raise ValueError("client_secret_basic needs a secret.")
        if settings.auth_method == "private_key_jwt" and not (settings.jwks or {}).get("keys"):
            raise ValueError("private_key_jwt needs jwks, a public key set with at least one key.")
        if settings.service and (settings.auth_method != "private_key_jwt" or settings.redirect_uris):
            raise ValueError("A service needs private_key_jwt, and has no redirect_uris.")
        with self._database.writing():
            known = self._database.first("SELECT launch_url FROM clients WHERE client_id = ?", (settings.client_id,))
            self._forget(settings.client_id)
            self._database.insert(
                "clients",
                client_id=settings.client_id,
                auth_method=settings.auth_method,
                jwks=json.dumps(settings.jwks) if settings.jwks else None,
                secret=settings.secret,
                service=settings.service,
                launch_url=launch_url or (known["launch_url"] if known else None),
            )
            for uri in dict.fromkeys(settings.redirect_uris):
                self._database.insert("redirects", client_id=settings.client_id, uri=uri)

    def _forget(self, client_id: str) -> None:
        for table in ("clients", "redirects"):
            self._database.change(f"DELETE FROM {table} WHERE client_id = ?", (client_id,))  # noqa: S608

    def find(self, client_id: str) -> Client | None:
        """A registered app, or None."""
        row = self._database.first("SELECT * FROM clients WHERE client_id = ?", (client_id,))
        if row is None:
            return None
        uris = self._database.all("SELECT uri FROM redirects WHERE client_id = ?", (client_id,))
        jwks = json.loads(row["jwks"]) if row["jwks"] else None
        found = tuple(uri["uri"] for uri in uris)
        return Client(client_id, row["auth_method"], jwks, found, row["secret"], bool(row["service"]))

    def launch_url(self, client_id: str) -> str | None:
        """Where the app is launched."""
        row = self._database.first("SELECT launch_url FROM clients WHERE client_id = ?", (client_id,))
        return row["launch_url"] if row else None

    def addresses(self) -> list[str]:
        """Every launch and redirect address; their origins may be framed."""
        rows = self._database.all(
            "SELECT launch_url AS url FROM clients WHERE launch_url IS NOT NULL UNION SELECT uri FROM redirects"
        )
        return [row["url"] for row in rows]
