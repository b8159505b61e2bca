"""Authorization codes and tokens; only their SHA-256 is kept.

A grant is one yes of one person, or one request of a service; the tokens that descend from it are its family and fall
together.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plugin.sandbox.smart.launches import Context
from plugin.sandbox.store import Database


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class Grant:
    """A grant, read from a code or a token; the getters are what Authlib asks for."""

    family: int
    client_id: str
    user: str
    patient: str | None
    encounter: str | None
    scope: str
    redirect_uri: str
    nonce: str | None
    code_challenge: str
    auth_time: int
    refresh: str | None = None
    expires: int | None = None

    @property
    def code_challenge_method(self) -> str:
        """Always S256; nothing else is taken."""
        return "S256"

    @property
    def subject(self) -> str:
        """Who the tokens speak for: a person, or the service itself."""
        return self.user or self.client_id

    def get_redirect_uri(self) -> str:
        """Where the code was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """The granted scope."""
        return self.scope

    def get_nonce(self) -> str | None:
        """The nonce of the authorization request."""
        return self.nonce

    def get_auth_time(self) -> int:
        """When the person said yes, epoch seconds."""
        return self.auth_time

    def get_acr(self) -> None:
        """No authentication context class is claimed."""

    def get_amr(self) -> None:
        """No authentication method is claimed."""

    def check_client(self, client: Any) -> bool:
        """Whether the grant was given to this app."""
        return bool(client.client_id == self.client_id)


_GRANT = (
    "g.family, g.client_id, g.user, g.patient, g.encounter, g.redirect_uri, g.nonce, "
    "g.challenge AS code_challenge, g.auth_time"
)


class TokenBook:
    """Codes and tokens; times in seconds."""

    def __init__(self, database: Database, clock: Callable[[], float], code_seconds: int) -> None:
        self._database = database
        self._clock = clock
        self._code_seconds = code_seconds

    def save_code(self, code: str, context: Context, request: dict[str, str], scope: str) -> None:
        """Keep a code with what was granted for it."""
        self._begin_family(
            client_id=request["client_id"],
            user=context.user,
            patient=context.patient,
            encounter=context.encounter,
            scope=scope,
            redirect_uri=request["redirect_uri"],
            nonce=request.get("nonce"),
            challenge=request["code_challenge"],
            code=_digest(code),
        )

    def begin_service(self, client_id: str, scope: str) -> Grant:
        """A grant for a service: nobody said yes to it, and its code is one that nobody has."""
        code = secrets.token_urlsafe(24)
        given = {"client_id": client_id, "user": "", "scope": scope, "redirect_uri": "", "challenge": ""}
        self._begin_family(**given, code=_digest(code))
        grant = self.spend_code(code, client_id)
        assert grant is not None  # noqa: S101  it was made a moment ago
        return grant

    def _begin_family(self, **columns: Any) -> None:
        now = self._clock()
        self._database.insert("grants", **columns, auth_time=int(now), code_expires=now + self._code_seconds)

    def spend_code(self, code: str, client_id: str, *, expired: bool = False) -> Grant | None:
        """The grant behind a code, once; a second use takes back everything the first one gave."""
        with self._database.writing():
            columns = f"{_GRANT}, g.scope, code_used, code_expires"
            sql = f"SELECT {columns} FROM grants g WHERE code = ? AND client_id = ?"  # noqa: S608  fixed names
            row = self._database.first(sql, (_digest(code), client_id))
            if row is None:
                return None
            if row["code_used"]:
                self.revoke_family(row["family"])
                return None
            self._database.change("UPDATE grants SET code_used = 1 WHERE family = ?", (row["family"],))
            return None if expired or row["code_expires"] <= self._clock() else _grant(row)

    def save_tokens(self, grant: Grant, token: dict[str, Any]) -> None:
        """Keep the tokens of a token response."""
        refresh = token.get("refresh_token")
        self._database.insert(
            "tokens",
            access=_digest(token["access_token"]),
            refresh=_digest(refresh) if refresh else None,
            family=grant.family,
            scope=token.get("scope", ""),
            expires=self._clock() + token["expires_in"],
        )

    def access(self, access_token: str) -> Grant | None:
        """The grant behind an access token that still holds."""
        row = self._row("access", access_token)
        if row is None or row["family_revoked"] or row["revoked"] or row["expires"] <= self._clock():
            return None
        return _grant(row)

    def refresh(self, refresh_token: str, client_id: str) -> Grant | None:
        """The grant behind a refresh token; one that was used before takes its whole family down."""
        row = self._row("refresh", refresh_token)
        if row is None or row["client_id"] != client_id or row["family_revoked"]:
            return None
        if row["refresh_used"]:
            self.revoke_family(row["family"])
            return None
        return _grant(row)

    def spend_refresh(self, grant: Grant) -> bool:
        """Use up the refresh token a grant was read from; False where somebody was faster."""
        changed = self._database.change(
            "UPDATE tokens SET refresh_used = 1 WHERE refresh = ? AND refresh_used = 0", (grant.refresh,)
        )
        if not changed:
            self.revoke_family(grant.family)
        return bool(changed)

    def find(self, token: str) -> Grant | None:
        """The grant of any token, access or refresh, whatever its state."""
        row = self._row("access", token) or self._row("refresh", token)
        return _grant(row) if row else None

    def revoke(self, token: str) -> None:
        """Take back an access token alone, or with a refresh token its whole family."""
        digest = _digest(token)
        if self._database.change("UPDATE tokens SET revoked = 1 WHERE access = ?", (digest,)):
            return
        row = self._database.first("SELECT family FROM tokens WHERE refresh = ?", (digest,))
        if row:
            self.revoke_family(row["family"])

    def revoke_family(self, family: int) -> None:
        """Take back every token that descends from a grant."""
        self._database.change("UPDATE grants SET revoked = 1 WHERE family = ?", (family,))

    def first_use(self, client_id: str, jti: str) -> bool:
        """Whether an assertion id is new for this app; it is remembered."""
        return bool(self._database.change("INSERT OR IGNORE INTO assertion_ids VALUES (?, ?)", (client_id, jti)))

    def _row(self, column: str, secret: str) -> Any:
        columns = "t.scope, t.refresh, t.expires, t.refresh_used, t.revoked, g.revoked AS family_revoked"
        tables = "tokens t JOIN grants g ON g.family = t.family"
        sql = f"SELECT {_GRANT}, {columns} FROM {tables} WHERE t.{column} = ?"  # noqa: S608  fixed names
        return self._database.first(sql, (_digest(secret),))


def _grant(row: Any) -> Grant:
    names = Grant.__dataclass_fields__.keys() & set(row.keys())
    values = {name: row[name] for name in names}
    if "expires" in values:
        values["expires"] = int(values["expires"])
    return Grant(**values)
