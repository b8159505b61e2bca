"""Open launches with their encrypted tokens.

A launch is found by its opaque id (in the address) and the browser's secret (in the cookie), never by one alone.
Only a hash of the browser's secret is kept; tokens are sealed.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from plugin.store.cipher import CannotOpen
from plugin.store.engine import Store
from plugin.store.launch_rows import Launch, NewLaunch, Tokens, read_launch, seal_origin, seal_tokens
from plugin.store.launch_secrets import hashed, random_secret, same
from plugin.store.pending_launches import PendingLaunches
from plugin.store.readings import forget_of_launch, forget_readings
from plugin.store.tables import launches

IDLE_LIFE = timedelta(minutes=30)
ABSOLUTE_LIFE = timedelta(hours=12)

# Seen-times are written at most this often, so that reading a page is not a writing transaction each time.
_TOUCH_EVERY = timedelta(minutes=1)
# Longer than a token endpoint is waited for; a process that dies while it renews holds up the others this long.
RENEWAL_LIFE = timedelta(seconds=40)


class LaunchChanged(RuntimeError):
    """The launch was closed, or its encounter chosen in another window, since it was read."""


@dataclass(frozen=True, slots=True)
class LaunchStore:
    """Launches in the database; the clock is always passed in, as timezone-aware datetimes."""

    store: Store
    idle_life: timedelta = IDLE_LIFE
    absolute_life: timedelta = ABSOLUTE_LIFE

    @property
    def pending(self) -> PendingLaunches:
        """The requests on their way that may become launches."""
        return PendingLaunches(self.store)

    def open(self, new: NewLaunch, browser: str, now: datetime) -> Launch:
        """Keep a granted launch under a fresh opaque id of 256 random bits."""
        row = {
            "id": random_secret(),
            "browser_hash": hashed(browser),
            "tenant": new.tenant,
            "iss": new.iss,
            "patient": new.patient,
            "encounter": new.encounter,
            "user_reference": new.user,
            "user_name": new.user_name,
            "role": new.role,
            "scopes": " ".join(sorted(new.scopes)),
            "need_patient_banner": new.need_patient_banner,
            "style": json.dumps(dict(new.style)),
            "tokens_sealed": seal_tokens(new.tokens, self.store.cipher),
            "came_from_sealed": seal_origin(new.came_from, self.store.cipher),
            "user_asked": new.user_asked,
            "version": 1,
            "opened_at": now,
            "seen_at": now,
            "expires_at": now + self.absolute_life,
        }
        with self.store.writing() as connection:
            connection.execute(insert(launches).values(row))
            stored = _find_launch(connection, str(row["id"]))
        return read_launch(stored, self.store.cipher)

    def get(self, launch_id: str, browser: str, now: datetime) -> Launch | None:
        """Return an open launch to the browser that made it; None when unknown, closed, expired or another's."""
        with self.store.reading() as connection:
            row = _find_launch(connection, launch_id)
        if row is None or not same(row.browser_hash, hashed(browser)) or not self._is_alive(row, now):
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
                .values(tokens_sealed=seal_tokens(tokens, self.store.cipher), version=launch.version + 1)
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
        return read_launch(row, self.store.cipher)

    def know_user(self, launch: Launch, name: str, role: str) -> Launch:
        """Keep what the EHR said of the user, who isn't asked about again; raises LaunchChanged."""
        this = (launches.c.id == launch.id, launches.c.closed_at.is_(None))
        with self.store.writing() as connection:
            known = update(launches).where(*this).values(user_name=name, role=role, user_asked=True)
            if connection.execute(known).rowcount != 1:
                raise LaunchChanged("the launch was closed in another window; open the app again")
            row = _find_launch(connection, launch.id)
        return read_launch(row, self.store.cipher)

    def close(self, launch_id: str) -> Tokens | None:
        """End a launch and wipe its tokens; the ones that were wiped, None where there were none to be had.

        Closing twice or an unknown one does nothing.
        """
        this = launches.c.id == launch_id, launches.c.closed_at.is_(None)
        with self.store.writing() as connection:
            row = connection.execute(select(launches).where(*this).with_for_update()).one_or_none()
            connection.execute(
                update(launches)
                .where(*this)
                .values(closed_at=launches.c.seen_at, tokens_sealed="", version=launches.c.version + 1)
            )
            forget_of_launch(connection, launch_id)
        found = self._read_or_none(row) if row is not None else None
        return found.tokens if found else None

    def close_all_with(self, launch: Launch, browser: str) -> tuple[Tokens, ...]:
        """End a launch and what this browser opened with the same token: logging out of one is logging out of all.

        Gives the tokens that were wiped, as they stood then: one may have been renewed a moment ago.
        """
        others = select(launches).where(
            launches.c.browser_hash == hashed(browser),
            launches.c.tenant == launch.tenant,
            launches.c.closed_at.is_(None),
        )
        with self.store.reading() as connection:
            found = [self._read_or_none(row) for row in connection.execute(others)]
        token = launch.tokens.access
        sharing = [each.id for each in found if each is not None and token and each.tokens.access == token]
        wiped = [self.close(id_) for id_ in dict.fromkeys([launch.id, *sharing])]
        return tuple({tokens.access: tokens for tokens in wiped if tokens is not None}.values())

    def purge(self, now: datetime) -> int:
        """Delete used and expired states and launches that are closed, idle or past their end; return how many."""
        gone = or_(
            launches.c.closed_at.is_not(None),
            launches.c.expires_at <= now,
            launches.c.seen_at <= now - self.idle_life,
        )
        with self.store.writing() as connection:
            ended = connection.execute(delete(launches).where(gone)).rowcount
            forget_readings(connection, now)
        return ended + self.pending.purge(now)

    def _is_alive(self, row: Row[Any], now: datetime) -> bool:
        return row.closed_at is None and now < row.expires_at and now < row.seen_at + self.idle_life

    def _read_or_none(self, row: Row[Any]) -> Launch | None:
        try:
            return read_launch(row, self.store.cipher)
        except CannotOpen:
            return None  # its key was retired: the person launches again from the chart

    def _touch(self, launch_id: str, now: datetime) -> None:
        with self.store.writing() as connection:
            connection.execute(
                update(launches).where(launches.c.id == launch_id, launches.c.seen_at < now).values(seen_at=now)
            )


def _find_launch(connection: Connection, launch_id: str) -> Any:
    return connection.execute(select(launches).where(launches.c.id == launch_id)).one_or_none()
