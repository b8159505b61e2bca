"""What people stated about one encounter: `plugin.review.attest.AttestationRecords` in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from plugin.domain.attested import Attested
from plugin.review.overlay import last_of_each
from plugin.review.ports import Person
from plugin.review.trail import Entry
from plugin.store import turns
from plugin.store.engine import Store
from plugin.store.sealing import SealedAttested, seal, unseal
from plugin.store.tables import attestations
from plugin.store.trail import add_entries
from plugin.store.turns import Place

ATTEST, TAKE_BACK = "attest", "take-back"


@dataclass(frozen=True, slots=True)
class EncounterAttestations:
    """The attestations of one encounter of one tenant; each is told in the trail by the transaction that records it."""

    store: Store
    tenant: str
    encounter: str

    @property
    def place(self) -> Place:
        """The columns that pick this encounter's rows."""
        return Place(self.tenant, self.encounter)

    def attested(self) -> tuple[Attested, ...]:
        """What stands, oldest first."""
        with self.store.reading() as connection:
            return self._standing(connection)

    def attest(self, new: Sequence[Attested], now: datetime) -> tuple[Attested, ...]:
        """Record all or none, each with the next number; what stands already on the same facts is not said twice."""
        with self.store.writing() as connection:
            turns.lock_encounter(connection, self.place)
            counting = set(last_of_each(fact for each in self._standing(connection) for fact in each.facts))
            last = self._last_number(connection)
            fresh = [each for each in new if not counting.issuperset(each.facts)]
            numbered = tuple(replace(each, number=last + i) for i, each in enumerate(fresh, start=1))
            for each in numbered:
                self._add(connection, each.number, ATTEST, each, now)
            entries = [_entry(ATTEST, each, now) for each in numbered]
            add_entries(connection, self.place, entries, self.store.cipher)
        return numbered

    def take_back(self, number: int, person: Person, now: datetime) -> bool:
        """Take one back; False when it no longer stands."""
        with self.store.writing() as connection:
            turns.lock_encounter(connection, self.place)
            standing = next((each for each in self._standing(connection) if each.number == number), None)
            if standing is None:
                return False
            self._add(connection, number, TAKE_BACK, None, now)
            by = replace(standing, by=person.reference, name=person.name, role=person.role, verified=person.verified)
            entry = _entry(TAKE_BACK, replace(by, reason=""), now)
            add_entries(connection, self.place, [entry], self.store.cipher)
        return True

    def _standing(self, connection: Connection) -> tuple[Attested, ...]:
        query = select(attestations).where(self.place.of(attestations)).order_by(attestations.c.id)
        rows = connection.execute(query).all()
        gone = {row.number for row in rows if row.action == TAKE_BACK}
        kept = [row for row in rows if row.action == ATTEST and row.number not in gone]
        found = (unseal(SealedAttested, row.content_sealed, self.store.cipher).attested for row in kept)
        return tuple(each for each in found if each is not None)

    def _last_number(self, connection: Connection) -> int:
        query = select(func.max(attestations.c.number)).where(self.place.of(attestations))
        return connection.execute(query).scalar_one() or 0

    def _add(self, connection: Connection, number: int, action: str, said: Attested | None, now: datetime) -> None:
        row: dict[str, Any] = {
            **self.place.columns(),
            "number": number,
            "action": action,
            "content_sealed": seal(SealedAttested(said), self.store.cipher),
            "at": now,
        }
        connection.execute(insert(attestations).values(row))


def _entry(kind: str, attested: Attested, now: datetime) -> Entry:
    return Entry(
        at=now,
        kind=kind,
        identity="",
        line=attested.answer,
        person=attested.by,
        name=attested.name,
        role=attested.role,
        verified=attested.verified,
        details=(("reason", attested.reason),) if attested.reason else (),
    )
