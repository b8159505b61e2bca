"""The trail in the database: entries are added in the same transaction as what they tell, and never changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from plugin.domain.charge import ChargeDraft
from plugin.review.ports import NewDecision
from plugin.review.trail import Entry, TrailEntry, name_line
from plugin.store.cipher import Cipher
from plugin.store.sealing import SealedEntry, seal, unseal
from plugin.store.tables import trail
from plugin.store.turns import Place


def add_entries(connection: Connection, place: Place, entries: Iterable[Entry], cipher: Cipher) -> None:
    """Add entries in order; the encounter's row must be locked, so that numbers have no gaps and no doubles."""
    last = connection.execute(select(func.max(trail.c.number)).where(place.of(trail))).scalar_one() or 0
    for number, entry in enumerate(entries, start=last + 1):
        words = SealedEntry(entry.line, entry.person, entry.name, entry.role, entry.verified, entry.details)
        connection.execute(
            insert(trail).values(
                **place.columns(),
                number=number,
                at=entry.at,
                kind=entry.kind,
                identity=entry.identity,
                content_sealed=seal(words, cipher),
                digest="",
            )
        )


def read_trail(connection: Connection, place: Place, cipher: Cipher) -> tuple[TrailEntry, ...]:
    """Return an encounter's entries, oldest first."""
    rows = connection.execute(select(trail).where(place.of(trail)).order_by(trail.c.number))
    return tuple(_read_entry(row, cipher) for row in rows)


def _read_entry(row: Row[Any], cipher: Cipher) -> TrailEntry:
    words = unseal(SealedEntry, row.content_sealed, cipher)
    entry = Entry(
        at=row.at,
        kind=row.kind,
        identity=row.identity,
        line=words.line,
        person=words.person,
        name=words.name,
        role=words.role,
        verified=words.verified,
        details=words.details,
    )
    return TrailEntry(row.number, entry, row.digest)


def decision_entry(new: NewDecision, now: datetime) -> Entry:
    """Tell a decision: what was chosen, beside what was suggested where they differ."""
    decision = new.decision
    _, code, modifiers, day = decision.key
    suggested = name_line(code, modifiers, new.backing.charge.units, day)
    chosen = name_line(code, decision.modifiers, decision.units, day)
    details = (("suggested", suggested if suggested != chosen else ""), ("reason", decision.reason))
    return Entry(
        at=now,
        kind=decision.action,
        identity=new.identity,
        line=chosen,
        person=decision.decided_by,
        name=new.name,
        role=decision.role,
        verified=new.verified,
        details=tuple(pair for pair in details if pair[1]),
    )


def sending_entry(draft: ChargeDraft, sink: str, now: datetime, again: bool = False) -> Entry:
    return charge_entry(
        "sending", draft, now, (("by", sink), ("status", draft.status), *((("again", "yes"),) if again else ()))
    )


def charge_entry(kind: str, draft: ChargeDraft, now: datetime, details: tuple[tuple[str, str], ...]) -> Entry:
    line = name_line(draft.charge.code, draft.modifiers, draft.units, draft.charge.day)
    return Entry(now, kind, draft.identity, line, details=details)
