"""Decisions, write intents and sent charges of one encounter: `plugin.review.ports.ReviewRecords` in the database.

Each method is one short transaction that locks the encounter's row first; whatever a method records and the trail
entry that tells it are committed together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from plugin.domain.charge import ChargeDraft
from plugin.review.ports import (
    AlreadyDecided,
    AlreadySent,
    Decided,
    Intent,
    NewDecision,
    NewIntent,
    Recorded,
    SentCharge,
    ShownLine,
    repeats,
)
from plugin.review.trail import Entry, TrailEntry
from plugin.store import turns
from plugin.store.engine import Store
from plugin.store.sealing import (
    SealedCharge,
    SealedDecision,
    SealedIntent,
    SealedLines,
    SealedResult,
    seal,
    unseal,
)
from plugin.store.tables import decisions, intents, sent_charges, shown_lines
from plugin.store.trail import add_entries, charge_entry, decision_entry, read_trail, sending_entry
from plugin.store.turns import Place

UNSETTLED = ("open", "unknown")


@dataclass(frozen=True, slots=True)
class EncounterRecords:
    """Everything kept about one encounter of one tenant."""

    store: Store
    tenant: str
    encounter: str

    @property
    def place(self) -> Place:
        """The columns that pick this encounter's rows."""
        return Place(self.tenant, self.encounter)

    # --- what a page showed ----------------------------------------------------------------------

    def keep_shown(self, basis: str, lines: Sequence[ShownLine], now: datetime) -> None:
        """Remember the lines a page showed under its basis; showing the same page again writes nothing."""
        if self.shown(basis) is not None:
            return
        content = seal(SealedLines(tuple(lines)), self.store.cipher)
        row = {**self.place.columns(), "basis": basis, "content_sealed": content, "shown_at": now}
        with self.store.writing() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(dialect.insert(shown_lines).values(**row).on_conflict_do_nothing())

    def shown(self, basis: str) -> tuple[ShownLine, ...] | None:
        """The lines shown under a basis; None when unknown or purged."""
        query = select(shown_lines.c.content_sealed).where(self.place.of(shown_lines), shown_lines.c.basis == basis)
        with self.store.reading() as connection:
            sealed = connection.execute(query).scalar_one_or_none()
        return None if sealed is None else unseal(SealedLines, sealed, self.store.cipher).lines

    # --- decisions -------------------------------------------------------------------------------

    def standing(self) -> tuple[Decided, ...]:
        """The last decision on each line, an `undo` included, in order of the lines' first decision."""
        with self.store.reading() as connection:
            return tuple(self._standing(connection).values())

    def decide(self, new: Sequence[NewDecision], now: datetime) -> tuple[Decided, ...]:
        """Record all or none; raises AlreadyDecided, and AlreadySent for an undo that comes too late."""
        with self.store.writing() as connection:
            turns.lock_encounter(connection, self.place)
            standing = self._standing(connection)
            return tuple(self._decide_one(connection, each, standing.get(each.identity), now) for each in new)

    def _decide_one(self, connection: Connection, new: NewDecision, last: Decided | None, now: datetime) -> Decided:
        if last is not None and repeats(last, new):
            return last
        if last is not None and last.number != new.seen:
            raise AlreadyDecided(last)
        if new.decision.action == "undo" and self._went_out(connection, new.identity):
            raise AlreadySent("This charge is in the EHR, or on its way; dismiss it with a reason instead.")
        number = last.number + 1 if last else 1
        content = SealedDecision(new.decision, new.backing, new.name, new.verified)
        connection.execute(
            insert(decisions).values(
                **self.place.columns(),
                identity=new.identity,
                number=number,
                action=new.decision.action,
                content_sealed=seal(content, self.store.cipher),
                decided_at=new.decision.decided_at,
            )
        )
        add_entries(connection, self.place, [decision_entry(new, now)], self.store.cipher)
        return Decided(new.identity, number, new.decision, new.backing, new.name, new.verified)

    def _went_out(self, connection: Connection, identity: str) -> bool:
        sent = select(sent_charges.c.identity).where(sent_charges.c.identity == identity)
        moving = select(intents.c.id).where(intents.c.identity == identity, intents.c.state.in_(UNSETTLED))
        return connection.execute(sent).first() is not None or connection.execute(moving).first() is not None

    def _standing(self, connection: Connection) -> dict[str, Decided]:
        rows = connection.execute(select(decisions).where(self.place.of(decisions)).order_by(decisions.c.id))
        return {row.identity: self._read_decision(row) for row in rows}

    def _read_decision(self, row: Row[Any]) -> Decided:
        content = unseal(SealedDecision, row.content_sealed, self.store.cipher)
        return Decided(row.identity, row.number, content.decision, content.backing, content.name, content.verified)

    # --- the turn to write -----------------------------------------------------------------------

    def take_turn(self, writer: str, now: datetime) -> bool:
        """Become the one writer for this encounter, or go on being it; False while somebody else is."""
        with self.store.writing() as connection:
            return turns.take_turn(connection, self.place, writer, now)

    def end_turn(self, writer: str) -> None:
        """Let the next writer in."""
        with self.store.writing() as connection:
            turns.end_turn(connection, self.place, writer)

    def is_being_written(self, now: datetime) -> bool:
        """Whether some process writes charges for this encounter at this moment, or died at it just before."""
        with self.store.reading() as connection:
            return turns.is_taken(connection, self.place, now)

    # --- intents and what came of them -----------------------------------------------------------

    def recorded(self) -> Mapping[str, Recorded]:
        """Charges in the EHR as we last wrote them, by identity."""
        with self.store.reading() as connection:
            rows = connection.execute(select(sent_charges).where(self.place.of(sent_charges))).all()
        contents = (unseal(SealedCharge, row.content_sealed, self.store.cipher) for row in rows)
        return {content.sent.identity: Recorded(content.sent, content.draft) for content in contents}

    def last_intents(self) -> Mapping[str, Intent]:
        """The latest intent for each identity."""
        with self.store.reading() as connection:
            rows = connection.execute(select(intents).where(self.place.of(intents)).order_by(intents.c.id)).all()
        return {row.identity: self._read_intent(row) for row in {row.identity: row for row in rows}.values()}

    def intend(self, new: NewIntent, writer: str, now: datetime) -> Intent | None:
        """Store what is about to be sent; None when the decision no longer stands. Raises TurnLost."""
        with self.store.writing() as connection:
            turns.keep_turn(connection, self.place, writer, now)
            if self._last_number(connection, new.draft.identity) != new.decision_number:
                return None
            row = {
                **self.place.columns(),
                "identity": new.draft.identity,
                "decision_number": new.decision_number,
                "sink": new.sink,
                "state": "open",
                "attempts": 1,
                "content_sealed": seal(SealedIntent(new.draft, new.base), self.store.cipher),
                "result_sealed": seal(SealedResult(), self.store.cipher),
                "stored_at": now,
                "changed_at": now,
            }
            key = connection.execute(insert(intents).values(row)).inserted_primary_key
            add_entries(connection, self.place, [sending_entry(new.draft, new.sink, now)], self.store.cipher)
        number = int(key[0] if key else 0)
        return Intent(number, new.draft, new.decision_number, new.sink, new.base, "open", 1, since=now)

    def try_again(self, intent: Intent, writer: str, now: datetime) -> Intent:
        """Count another attempt at an intent with an unknown outcome. Raises TurnLost."""
        with self.store.writing() as connection:
            turns.keep_turn(connection, self.place, writer, now)
            connection.execute(
                update(intents)
                .where(intents.c.id == intent.id)
                .values(state="open", attempts=intents.c.attempts + 1, changed_at=now)
            )
            entry = sending_entry(intent.draft, intent.sink, now, again=True)
            add_entries(connection, self.place, [entry], self.store.cipher)
            row = connection.execute(select(intents).where(intents.c.id == intent.id)).one()
        return self._read_intent(row)

    def succeed(self, intent: Intent, sent: SentCharge, now: datetime) -> None:
        """The charge is in the EHR as intended."""
        with self.store.writing() as connection:
            turns.lock_encounter(connection, self.place)
            if self._settle(connection, intent, "done", SealedResult(found=sent), now):
                self._keep_charge(connection, sent, intent.draft, now)
                details = (("as", sent.reference), ("status", sent.status))
                add_entries(
                    connection, self.place, [charge_entry("sent", intent.draft, now, details)], self.store.cipher
                )

    def fail(self, intent: Intent, state: str, message: str, found: SentCharge | None, now: datetime) -> None:
        """It isn't, or we can't tell: state unknown, refused or conflict."""
        with self.store.writing() as connection:
            turns.lock_encounter(connection, self.place)
            if self._settle(connection, intent, state, SealedResult(message, found), now):
                entry = charge_entry(state, intent.draft, now, (("because", message),))
                add_entries(connection, self.place, [entry], self.store.cipher)

    def note(self, entries: Sequence[Entry]) -> None:
        """Add to the trail what changes nothing else."""
        with self.store.writing() as connection:
            turns.lock_encounter(connection, self.place)
            add_entries(connection, self.place, entries, self.store.cipher)

    def trail(self) -> tuple[TrailEntry, ...]:
        """Everything that happened, oldest first."""
        with self.store.reading() as connection:
            return read_trail(connection, self.place, self.store.cipher)

    def _settle(self, connection: Connection, intent: Intent, state: str, result: SealedResult, now: datetime) -> bool:
        """Change an unsettled intent's state; False when another process settled it first, whose word stands."""
        changed = connection.execute(
            update(intents)
            .where(intents.c.id == intent.id, intents.c.state.in_(UNSETTLED))
            .values(state=state, result_sealed=seal(result, self.store.cipher), changed_at=now)
        )
        return changed.rowcount == 1

    def _keep_charge(self, connection: Connection, sent: SentCharge, draft: ChargeDraft, now: datetime) -> None:
        values = {
            "reference": sent.reference,
            "resource_version": sent.version,
            "status": sent.status,
            "content_sealed": seal(SealedCharge(sent, draft), self.store.cipher),
            "changed_at": now,
        }
        changed = connection.execute(
            update(sent_charges)
            .where(sent_charges.c.identity == sent.identity)
            .values(**values, version=sent_charges.c.version + 1)
        )
        if changed.rowcount == 0:
            connection.execute(
                insert(sent_charges).values(**self.place.columns(), identity=sent.identity, version=1, **values)
            )

    def _last_number(self, connection: Connection, identity: str) -> int:
        query = select(func.max(decisions.c.number)).where(decisions.c.identity == identity)
        return connection.execute(query).scalar_one() or 0

    def _read_intent(self, row: Row[Any]) -> Intent:
        content = unseal(SealedIntent, row.content_sealed, self.store.cipher)
        result = unseal(SealedResult, row.result_sealed, self.store.cipher)
        return Intent(
            id=row.id,
            draft=content.draft,
            decision_number=row.decision_number,
            sink=row.sink,
            base=content.base,
            state=row.state,
            attempts=row.attempts,
            message=result.message,
            found=result.found,
            since=row.changed_at,
        )


def encounters_with_unsettled(store: Store) -> tuple[Place, ...]:
    """Return the encounters that have intents whose outcome is unknown; for start-up and the worklist."""
    query = select(intents.c.tenant, intents.c.encounter).where(intents.c.state.in_(UNSETTLED)).distinct()
    with store.reading() as connection:
        return tuple(Place(row.tenant, row.encounter) for row in connection.execute(query))
