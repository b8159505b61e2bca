"""The app's signing keys, one or two for a tenant: a private key is sealed, and never leaves the store unsealed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from plugin.store.engine import Store
from plugin.store.tables import signing_keys


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private JSON Web Key; it is published at once and signs from `signs_from` on."""

    tenant: str
    kid: str
    algorithm: str
    private: Mapping[str, Any] = field(repr=False, hash=False)
    signs_from: datetime


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys of every tenant."""

    store: Store

    def of(self, tenant: str) -> tuple[SigningKey, ...]:
        """The tenant's keys, oldest first; raises CannotOpen."""
        query = select(signing_keys).where(signing_keys.c.tenant == tenant).order_by(signing_keys.c.signs_from)
        with self.store.reading() as connection:
            rows = connection.execute(query).all()
        cipher = self.store.cipher
        return tuple(
            SigningKey(row.tenant, row.kid, row.algorithm, json.loads(cipher.open(row.private_sealed)), row.signs_from)
            for row in rows
        )

    def add(self, key: SigningKey) -> None:
        """Keep one more key."""
        row = {
            "tenant": key.tenant,
            "kid": key.kid,
            "algorithm": key.algorithm,
            "private_sealed": self.store.cipher.seal(json.dumps(dict(key.private))),
            "signs_from": key.signs_from,
        }
        with self.store.writing() as connection:
            connection.execute(insert(signing_keys).values(row))

    def forget(self, key: SigningKey) -> None:
        """Delete a key that no longer signs."""
        place = (signing_keys.c.tenant == key.tenant, signing_keys.c.kid == key.kid)
        with self.store.writing() as connection:
            connection.execute(delete(signing_keys).where(*place))
