"""Launches: single-use states on their way out, open launches with their encrypted tokens afterwards.

A launch is found by its opaque id (in the address) and the browser's secret (in the cookie), never by one alone.
Only hashes of the state and of the browser's secret are kept; tokens, `code_verifier` and `launch` are sealed.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from plugin.store.cipher import CannotOpen, Cipher
from plugin.store.engine import Store
from plugin.store.tables import launches, pending_launches

STATE_LIFE = timedelta(minutes=10)
IDLE_LIFE = timedelta(minutes=30)
ABSOLUTE_LIFE = timedelta(hours=12)

# Seen-times are written at most this often, so that reading a page is not a writing transaction each time.
_TOUCH_EVERY = timedelta(minutes=1)
_SECRET_BYTES = 32
# Longer than a token endpoint is waited for; a process that dies while it renews holds up the others this long.
RENEWAL_LIFE = timedelta(seconds=40)


class StateRefused(ValueError):
    """A state that can't be taken; `reason` is unknown, used, expired, other-browser or unreadable."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"launch state refused: {reason}")
        self.reason = reason


class LaunchChanged(RuntimeError):
    """The launch was closed, or its encounter chosen in another window, since it was read."""


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
class Tokens:
    """What the authorization server granted; `refresh` is empty when it gave none."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewLaunch:
    """A launch about to be opened; `user` is the verified fhirUser, empty when there is none.

    `patient` is empty for staff who signed in without one.
    """

    tenant: str
    iss: str
    patient: str
    tokens: Tokens
    encounter: str = ""
    user: str = ""
    user_name: str = ""
    role: str = ""
    scopes: frozenset[str] = frozenset()
    need_patient_banner: bool = True


@dataclass(frozen=True, slots=True)
class Launch:
    """An open launch; `encounter` is empty until one is chosen, `expires_at` is its absolute end.

    `version` counts changes: `LaunchStore.replace_tokens` compares it before it sets.
    """

    id: str = field(repr=False)
    tenant: str
    iss: str
    patient: str
    encounter: str
    user: str
    user_name: str
    role: str
    scopes: frozenset[str]
    need_patient_banner: bool
    tokens: Tokens
    version: int
    opened_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LaunchStore:
    """Launches in the database; the clock is always passed in, as timezone-aware datetimes."""

    store: Store
    idle_life: timedelta = IDLE_LIFE
    absolute_life: timedelta = ABSOLUTE_LIFE

    def begin(self, pending: Pending, browser: str, now: datetime) -> str:
        """Keep a request that is about to leave and return its state: single use, 256 random bits, ten minutes."""
        state = _random_secret()
        secret = {
            "launch": pending.launch,
            "code_verifier": pending.code_verifier,
            "nonce": pending.nonce,
            "staff": pending.staff,
        }
        row = {
            "state_hash": _hash(state),
            "browser_hash": _hash(browser),
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

    def open(self, new: NewLaunch, browser: str, now: datetime) -> Launch:
        """Keep a granted launch under a fresh opaque id of 256 random bits."""
        row = {
            "id": _random_secret(),
            "browser_hash": _hash(browser),
            "tenant": new.tenant,
            "iss": new.iss,
            "patient": new.patient,
            "encounter": new.encounter,
            "user_reference": new.user,
            "user_name": new.user_name,
            "role": new.role,
            "scopes": " ".join(sorted(new.scopes)),
            "need_patient_banner": new.need_patient_banner,
            "tokens_sealed": _seal_tokens(new.tokens, self.store.cipher),
            "version": 1,
            "opened_at": now,
            "seen_at": now,
            "expires_at": now + self.absolute_life,
        }
        with self.store.writing() as connection:
            connection.execute(insert(launches).values(row))
            stored = _find_launch(connection, str(row["id"]))
        return _read_launch(stored, self.store.cipher)

    def get(self, launch_id: str, browser: str, now: datetime) -> Launch | None:
        """Return an open launch to the browser that made it; None when unknown, closed, expired or another's."""
        with self.store.reading() as connection:
            row = _find_launch(connection, launch_id)
        if row is None or not _same(row.browser_hash, _hash(browser)) or not self._is_alive(row, now):
            return None
        if now - row.seen_at >= _TOUCH_EVERY:
            self._touch(launch_id, now)
        return self._read_or_none(row)

    def alive(self, now: datetime) -> tuple[Launch, ...]:
        """Return every open launch, newest first: at start-up their refresh tokens settle what is unknown."""
        query = select(launches).where(launches.c.closed_at.is_(None)).order_by(launches.c.opened_at.desc())
        with self.store.reading() as connection:
            rows = [row for row in connection.execute(query) if self._is_alive(row, now)]
        return tuple(launch for row in rows if (launch := self._read_or_none(row)) is not None)

    def reread(self, launch: Launch) -> Launch | None:
        """Return the launch as it stands now, after `replace_tokens` said that somebody else was first."""
        with self.store.reading() as connection:
            row = _find_launch(connection, launch.id)
        return None if row is None or row.closed_at else self._read_or_none(row)

    def replace_tokens(self, launch: Launch, tokens: Tokens) -> bool:
        """Keep refreshed tokens unless the launch changed since it was read; False means read it again."""
        with self.store.writing() as connection:
            changed = connection.execute(
                update(launches)
                .where(launches.c.id == launch.id, launches.c.version == launch.version, launches.c.closed_at.is_(None))
                .values(tokens_sealed=_seal_tokens(tokens, self.store.cipher), version=launch.version + 1)
            )
        return changed.rowcount == 1

    def begin_renewal(self, launch: Launch, now: datetime) -> bool:
        """Become the one process that renews this launch's tokens; False while another one does."""
        nobody = or_(launches.c.renewing_until.is_(None), launches.c.renewing_until <= now)
        with self.store.writing() as connection:
            changed = connection.execute(
                update(launches).where(launches.c.id == launch.id, nobody).values(renewing_until=now + RENEWAL_LIFE)
            )
        return changed.rowcount == 1

    def end_renewal(self, launch: Launch) -> None:
        """Let another process renew."""
        with self.store.writing() as connection:
            connection.execute(update(launches).where(launches.c.id == launch.id).values(renewing_until=None))

    def choose_encounter(self, launch: Launch, encounter: str) -> Launch:
        """Set the encounter unless it was set elsewhere meanwhile; raises LaunchChanged."""
        with self.store.writing() as connection:
            changed = connection.execute(
                update(launches)
                .where(
                    launches.c.id == launch.id,
                    launches.c.encounter == launch.encounter,
                    launches.c.closed_at.is_(None),
                )
                .values(encounter=encounter, version=launches.c.version + 1)
            )
            if changed.rowcount != 1:
                raise LaunchChanged("the launch was closed or changed in another window; open the app again")
            row = _find_launch(connection, launch.id)
        return _read_launch(row, self.store.cipher)

    def close(self, launch_id: str) -> None:
        """End a launch and wipe its tokens; closing twice or an unknown one does nothing."""
        with self.store.writing() as connection:
            connection.execute(
                update(launches)
                .where(launches.c.id == launch_id, launches.c.closed_at.is_(None))
                .values(closed_at=launches.c.seen_at, tokens_sealed="", version=launches.c.version + 1)
            )

    def close_all_with(self, launch: Launch, browser: str) -> None:
        """End a launch and what this browser opened with the same token: logging out of one is logging out of all."""
        others = select(launches).where(
            launches.c.browser_hash == _hash(browser),
            launches.c.tenant == launch.tenant,
            launches.c.closed_at.is_(None),
        )
        with self.store.reading() as connection:
            found = [self._read_or_none(row) for row in connection.execute(others)]
        token = launch.tokens.access
        sharing = [each.id for each in found if each is not None and token and each.tokens.access == token]
        for id_ in dict.fromkeys([launch.id, *sharing]):
            self.close(id_)

    def purge(self, now: datetime) -> int:
        """Delete used and expired states and launches that are closed, idle or past their end; return how many."""
        gone = or_(
            launches.c.closed_at.is_not(None),
            launches.c.expires_at <= now,
            launches.c.seen_at <= now - self.idle_life,
        )
        with self.store.writing() as connection:
            states = connection.execute(
                delete(pending_launches).where(pending_launches.c.started_at <= now - STATE_LIFE)
            )
            ended = connection.execute(delete(launches).where(gone))
        return states.rowcount + ended.rowcount

    def _is_alive(self, row: Row[Any], now: datetime) -> bool:
        return row.closed_at is None and now < row.expires_at and now < row.seen_at + self.idle_life

    def _read_or_none(self, row: Row[Any]) -> Launch | None:
        try:
            return _read_launch(row, self.store.cipher)
        except CannotOpen:
            return None  # its key was retired: the person launches again from the chart

    def _touch(self, launch_id: str, now: datetime) -> None:
        with self.store.writing() as connection:
            connection.execute(
                update(launches).where(launches.c.id == launch_id, launches.c.seen_at < now).values(seen_at=now)
            )


def _find_pending(connection: Connection, state: str) -> Any:
    query = select(pending_launches).where(pending_launches.c.state_hash == _hash(state))
    return connection.execute(query).one_or_none()


def _find_launch(connection: Connection, launch_id: str) -> Any:
    return connection.execute(select(launches).where(launches.c.id == launch_id)).one_or_none()


def _refuse_bad_state(row: Any, browser: str, now: datetime) -> None:
    if row is None:
        raise StateRefused("unknown")
    if not _same(row.browser_hash, _hash(browser)):
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


def _read_launch(row: Any, cipher: Cipher) -> Launch:
    return Launch(
        id=row.id,
        tenant=row.tenant,
        iss=row.iss,
        patient=row.patient,
        encounter=row.encounter,
        user=row.user_reference,
        user_name=row.user_name,
        role=row.role,
        scopes=frozenset(row.scopes.split()),
        need_patient_banner=row.need_patient_banner,
        tokens=_open_tokens(row.tokens_sealed, cipher),
        version=row.version,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
    )


def _seal_tokens(tokens: Tokens, cipher: Cipher) -> str:
    plain = {"access": tokens.access, "refresh": tokens.refresh, "expires_at": tokens.expires_at.isoformat()}
    return cipher.seal(json.dumps(plain))


def _open_tokens(sealed: str, cipher: Cipher) -> Tokens:
    plain = json.loads(cipher.open(sealed))
    return Tokens(plain["access"], plain["refresh"], datetime.fromisoformat(plain["expires_at"]))


def _random_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left, right)
