"""The trail's chain: each entry carries a keyed hash of itself and of the entry before it, each encounter of its end.

The key lies sealed in the store, so that whoever can write to the database alone can't make a chain that verifies.
What is left is to put an older copy of an encounter's rows and of its end in place, or to delete both; the ends that
are written to the log every day show that (`plugin.store.trail_check`).
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from plugin.review.trail import Entry
from plugin.store.cipher import CannotOpen, Cipher
from plugin.store.tables import review_encounters, trail_keys
from plugin.store.turns import Place

_ONLY = 1  # the one row of trail_keys


@dataclass(frozen=True, slots=True)
class TrailKey:
    """The key of all chains of one store."""

    secret: bytes

    def link(self, before: str, place: Place, number: int, entry: Entry) -> str:
        """The digest of an entry that follows the one with the digest `before`."""
        said = [
            *(before, place.tenant, place.encounter, number, entry.at.astimezone(UTC).isoformat(), entry.kind),
            *(entry.identity, entry.line, entry.person, entry.name, entry.role, entry.verified),
            [list(pair) for pair in entry.details],
        ]
        return self._digest("entry", said)

    def end(self, place: Place, count: int, digest: str) -> str:
        """The digest that vouches for the number of entries and the last of them."""
        return self._digest("end", [place.tenant, place.encounter, count, digest])

    def name(self, place: Place) -> str:
        """The encounter's name in the log."""
        return self._digest("place", [place.tenant, place.encounter])[:24]

    def _digest(self, kind: str, said: list[Any]) -> str:
        content = json.dumps([kind, *said], separators=(",", ":"), ensure_ascii=True)
        return hmac.new(self.secret, content.encode(), hashlib.sha256).hexdigest()


def trail_key(connection: Connection, cipher: Cipher) -> TrailKey:
    """The store's key, made at its first use; needs a writing transaction. Raises CannotOpen."""
    key = existing_key(connection, cipher)
    if key is not None:
        return key
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    fresh = {"id": _ONLY, "key_sealed": cipher.seal(secrets.token_hex(32))}
    connection.execute(dialect.insert(trail_keys).values(fresh).on_conflict_do_nothing())
    made = existing_key(connection, cipher)
    if made is None:
        raise CannotOpen("the trail's key could not be stored")
    return made


def existing_key(connection: Connection, cipher: Cipher) -> TrailKey | None:
    """The store's key, None where nothing was ever recorded; raises CannotOpen."""
    sealed = connection.execute(select(trail_keys.c.key_sealed)).scalar_one_or_none()
    return None if sealed is None else TrailKey(bytes.fromhex(cipher.open(sealed)))


def keep_end(connection: Connection, place: Place, key: TrailKey, count: int, digest: str) -> None:
    """Write the end of the chain into the encounter's row, which the caller holds locked."""
    values = {"trail_count": count, "trail_end": key.end(place, count, digest)}
    connection.execute(update(review_encounters).where(place.of(review_encounters)).values(values))
