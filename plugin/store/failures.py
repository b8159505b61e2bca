"""What failed lately at an EHR, in technical words, under the reference that a page showed to somebody."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from plugin.store.cipher import CannotOpen, Cipher
from plugin.store.engine import Store
from plugin.store.tables import failures

KEEP_FAILURES = timedelta(days=14)
MOST_KEPT = 1000
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Failure:
    """One page that could not be shown: when, what its reader was told, and what happened; never whose chart it was."""

    at: datetime
    reference: str
    told: str
    happened: str


def note_failure(store: Store, tenant: str, failure: Failure) -> None:
    """Keep it, and forget the oldest of everybody's."""
    sealed = store.cipher.seal(json.dumps([failure.told, failure.happened]))
    row = {"tenant": tenant, "at": failure.at, "reference": failure.reference, "content_sealed": sealed}
    with store.writing() as connection:
        last = connection.execute(insert(failures).values(row)).inserted_primary_key
        number = last[0] if last else 0
        old = (failures.c.at <= failure.at - KEEP_FAILURES) | (failures.c.id <= number - MOST_KEPT)
        connection.execute(delete(failures).where(old))


def last_failures(store: Store, tenant: str) -> tuple[Failure, ...]:
    """The newest ones of a tenant, newest first."""
    newest = select(failures).where(failures.c.tenant == tenant).order_by(failures.c.id.desc()).limit(MOST_SHOWN)
    with store.reading() as connection:
        rows = connection.execute(newest).all()
    return tuple(Failure(row.at, row.reference, *_open(row.content_sealed, store.cipher)) for row in rows)


def _open(sealed: str, cipher: Cipher) -> tuple[str, str]:
    try:
        told, happened = json.loads(cipher.open(sealed))
    except CannotOpen:
        return "", "sealed with a key that was retired; the log has it"
    return told, happened
