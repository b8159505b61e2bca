"""The trail in the database: entries are chained, added together with what they tell, and never changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, Row, insert, select

from plugin.domain.charge import ChargeDraft
from plugin.review.ports import NewDecision
from plugin.review.trail import Entry, TrailEntry, name_line
from plugin.store.cipher import Cipher
from plugin.store.engine import Store
from plugin.store.sealing import SealedEntry, seal, unseal
from plugin.store.tables import trail
from plugin.store.trail_chain import keep_end, trail_key
from plugin.store.turns import Place


def add_entries(connection: Connection, place: Place, entries: Iterable[Entry], cipher: Cipher) -> None:
    """Add entries in order; the encounter's row must be locked, so that numbers have no gaps and no doubles."""
    key = trail_key(connection, cipher)
    number, digest = _last(connection, place)
    for entry in entries:
        number, digest = number + 1, key.link(digest, place, number + 1, entry)
        words = SealedEntry(entry.line, entry.person, entry.name, entry.role, entry.verified, entry.details)
        connection.execute(
            insert(trail).values(
                **place.columns(),
                number=number,
                at=entry.at,
                kind=entry.kind,
                identity=entry.identity,
                content_sealed=seal(words, cipher),
                digest=digest,
                person_hash=cipher.hashes(f"{place.tenant}\n{entry.person}")[0] if entry.person else "",
            )
        )
    keep_end(connection, place, key, number, digest)


def _last(connection: Connection, place: Place) -> tuple[int, str]:
    """Number and digest of the last entry, 0 and nothing before the first."""
    query = select(trail.c.number, trail.c.digest).where(place.of(trail)).order_by(trail.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return (row.number, row.digest) if row else (0, "")


def read_trail(connection: Connection, place: Place, cipher: Cipher) -> tuple[TrailEntry, ...]:
    """Return an encounter's entries, oldest first."""
    rows = connection.execute(select(trail).where(place.of(trail)).order_by(trail.c.number))
    return tuple(read_entry(row, cipher) for row in rows)


def read_entry(row: Row[Any], cipher: Cipher) -> TrailEntry:
    """One row as an entry; raises CannotOpen."""
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
    chosen = name_line(code, decision.modifiers, decision.units, decision.day or day)
    details = (
        ("suggested", suggested if suggested != chosen else ""),
        ("diagnoses", ", ".join(decision.diagnoses or ("none",)) if decision.diagnoses is not None else ""),
        ("reason", decision.reason),
    )
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


@dataclass(frozen=True, slots=True)
class TrailRow:
    """An entry with its place, for writing out."""

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("tenant", "encounter", "number", "at", "kind", "line", "person", "name", "role", "verified", "details"),
        *("identity", "digest"),
    )

    place: Place
    entry: TrailEntry

    def columns(self) -> dict[str, str | int | bool]:
        """The columns in the order of COLUMNS."""
        said = self.entry.entry
        details = "; ".join(f"{name}: {value}" for name, value in said.details)
        cells = (
            *(self.place.tenant, self.place.encounter, self.entry.number, said.at.isoformat(), said.kind, said.line),
            *(said.person, said.name, said.role, said.verified, details, said.identity, self.entry.digest),
        )
        return dict(zip(self.COLUMNS, cells, strict=True))


def trail_rows(store: Store, tenant: str | None, encounter: str | None, since: datetime) -> Iterator[TrailRow]:
    """Every entry since a moment, by encounter and number; None takes all tenants or encounters. Raises CannotOpen."""
    wanted = select(trail).where(trail.c.at >= since)
    if tenant is not None:
        wanted = wanted.where(trail.c.tenant == tenant)
    if encounter is not None:
        wanted = wanted.where(trail.c.encounter == encounter)
    with store.reading() as connection:
        for row in connection.execute(wanted.order_by(trail.c.tenant, trail.c.encounter, trail.c.number)):
            yield TrailRow(Place(row.tenant, row.encounter), read_entry(row, store.cipher))
