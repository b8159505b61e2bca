"""Questions sent about one encounter: `plugin.review.ask_someone.QuestionRecords` in the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from plugin.domain import Reply, SentQuestion, TrackedQuestion
from plugin.review.trail import Entry
from plugin.store import turns
from plugin.store.engine import Store
from plugin.store.sealing import SealedQuestion, SealedReply, seal, unseal
from plugin.store.tables import sent_questions
from plugin.store.trail import add_entries
from plugin.store.turns import Place


@dataclass(frozen=True, slots=True)
class EncounterQuestions:
    """The sent questions of one encounter of one tenant; sending and replies are told in the trail."""

    store: Store
    tenant: str
    encounter: str

    @property
    def place(self) -> Place:
        """The columns that pick this encounter's rows."""
        return Place(self.tenant, self.encounter)

    def sent_questions(self) -> tuple[TrackedQuestion, ...]:
        """Every question that was sent, oldest first, with the last reply that was seen."""
        query = select(sent_questions).where(self.place.of(sent_questions)).order_by(sent_questions.c.number)
        with self.store.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(self._read(row) for row in rows)

    def keep_sent(self, question: SentQuestion, reference: str, now: datetime) -> None:
        """Remember a question that was sent; of two people who sent the same one, the first is remembered."""
        row: dict[str, Any] = {
            **self.place.columns(),
            "number": question.number,
            "reference": reference,
            "state": "open",
            "content_sealed": seal(SealedQuestion(question), self.store.cipher),
            "reply_sealed": seal(SealedReply(Reply("open")), self.store.cipher),
            "sent_at": now,
            "changed_at": now,
        }
        with self.store.writing() as connection:
            turns.lock_encounter(connection, self.place)
            here = select(sent_questions.c.id).where(
                self.place.of(sent_questions), sent_questions.c.number == question.number
            )
            if connection.execute(here).first() is not None:
                return
            connection.execute(insert(sent_questions).values(row))
            details = (("to", question.recipient_name or question.recipient), ("as", reference))
            entry = Entry(
                at=now,
                kind="ask",
                identity="",
                line=question.text.partition("\n")[0],
                person=question.by,
                name=question.name,
                role=question.role,
                verified=question.verified,
                details=tuple(pair for pair in details if pair[1]),
            )
            add_entries(connection, self.place, [entry], self.store.cipher)

    def keep_reply(self, question: SentQuestion, reply: Reply, now: datetime) -> None:
        """Remember where a question stands now."""
        changed = {
            "state": reply.state,
            "reply_sealed": seal(SealedReply(reply), self.store.cipher),
            "changed_at": now,
        }
        with self.store.writing() as connection:
            turns.lock_encounter(connection, self.place)
            connection.execute(
                update(sent_questions)
                .where(self.place.of(sent_questions), sent_questions.c.number == question.number)
                .values(changed)
            )
            if reply.state != "open":
                line = question.text.partition("\n")[0]
                said = ((reply.state, reply.text or "without a word"),)
                entry = Entry(at=now, kind="reply", identity="", line=line, details=said)
                add_entries(connection, self.place, [entry], self.store.cipher)

    def _read(self, row: Row[Any]) -> TrackedQuestion:
        question = unseal(SealedQuestion, row.content_sealed, self.store.cipher).question
        return TrackedQuestion(question, row.reference, unseal(SealedReply, row.reply_sealed, self.store.cipher).reply)
