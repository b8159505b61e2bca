"""Single-use states: authorization requests on their way to the EHR and back.

Only hashes of the state and of the browser's secret are kept; `code_verifier` and `launch` are sealed.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from plugin.store.cipher import CannotOpen, Cipher
from plugin.store.engine import Store
from plugin.store.launch_secrets import hashed, random_secret, same
from plugin.store.tables import pending_launches

STATE_LIFE = timedelta(minutes=10)


class StateRefused(ValueError):
    """A state that can't be taken; `reason` is unknown, used, expired, other-browser or unreadable."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"launch state refused: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Pending:
    """An authorization request on its way; `launch` is the raw value, empty for a standalone launch.

    `staff` is a sign-in without a patient.
    """

    tenant: str
    iss: str
    launch: str = field(repr=False)
    code_verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    aud: str
    started_at: datetime
    staff: bool = False


@dataclass(frozen=True, slots=True)
class PendingLaunches:
    """States in the database; the clock is always passed in, as timezone-aware datetimes."""

    store: Store

    def begin(self, pending: Pending, browser: str, now: datetime) -> str:
        """Keep a request that is about to leave and return its state: single use, 256 random bits, ten minutes."""
        state = random_secret()
        secret = {
            "launch": pending.launch,
            "code_verifier": pending.code_verifier,
            "nonce": pending.nonce,
            "staff": pending.staff,
        }
        row = {
            "state_hash": hashed(state),
            "browser_hash": hashed(browser),
            "tenant": pending.tenant,
            "iss": pending.iss,
            "aud": pending.aud,
            "secrets_sealed": self.store.cipher.seal(json.dumps(secret)),
            "started_at": now,
        }
        with self.store.writing() as connection:
            connection.execute(insert(pending_launches).values(row))
        return state

    def take(self, state: str, browser: str, now: datetime) -> Pending:
        """Return what belongs to a state, once; raises StateRefused. Another browser's attempt doesn't use it up."""
        with self.store.writing() as connection:
            row = _find_pending(connection, state)
            _refuse_bad_state(row, browser, now)
            # Two callbacks at once both read the row as unused on PostgreSQL; only one changes it.
            changed = connection.execute(
                update(pending_launches)
                .where(pending_launches.c.state_hash == row.state_hash, pending_launches.c.used_at.is_(None))
                .values(used_at=now, secrets_sealed="")
            )
            if changed.rowcount != 1:
                raise StateRefused("used")
        return _read_pending(row, self.store.cipher)

    def purge(self, now: datetime) -> int:
        """Delete used and expired states; return how many."""
        old = pending_launches.c.started_at <= now - STATE_LIFE
        with self.store.writing() as connection:
            return connection.execute(delete(pending_launches).where(old)).rowcount


def _find_pending(connection: Connection, state: str) -> Any:
    query = select(pending_launches).where(pending_launches.c.state_hash == hashed(state))
    return connection.execute(query).one_or_none()


def _refuse_bad_state(row: Any, browser: str, now: datetime) -> None:
    if row is None:
        raise StateRefused("unknown")
    if not same(row.browser_hash, hashed(browser)):
        raise StateRefused("other-browser")
    if row.used_at is not None:
        raise StateRefused("used")
    if now >= row.started_at + STATE_LIFE:
        raise StateRefused("expired")


def _read_pending(row: Any, cipher: Cipher) -> Pending:
    try:
        secret = json.loads(cipher.open(row.secrets_sealed))
    except CannotOpen as error:
        raise StateRefused("unreadable") from error
    return Pending(
        tenant=row.tenant,
        iss=row.iss,
        launch=secret["launch"],
        code_verifier=secret["code_verifier"],
        nonce=secret["nonce"],
        aud=row.aud,
        started_at=row.started_at,
        staff=secret.get("staff", False),
    )
