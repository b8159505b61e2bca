"""The worklist in the database: rows kept, found a page at a time, claimed and held.

A page is one query for its rows and one for the counts beside its filters, however long the list is. Pages follow
each other by the sort values of the last row (keyset), so that a long list costs no more at its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from msgspec import json
from sqlalchemy import (
    Row,
    Select,
    and_,
    insert,
    select,
    update,
)

from plugin.review.dashboards import Figures
from plugin.review.ports import Person
from plugin.review.trail import Entry
from plugin.review.worklist import WorkSummary
from plugin.store.cipher import CannotOpen
from plugin.store.engine import Store
from plugin.store.sealing import SealedHold, SealedPerson, seal, unseal
from plugin.store.tables import worklist
from plugin.store.trail import add_entries
from plugin.store.turns import Place, lock_encounter
from plugin.store.worklist_search import UNKNOWN_DAY, Wanted, condition, count, cursor, in_order, searched
from plugin.store.worklist_words import keep_words

PAGE = 50
RENEW_AFTER = timedelta(minutes=10)
_C = worklist.c
LINE_COUNTS = ("ready", "accepted", "posted", "unknown", "failed", "stale", "dismissed")


class Taken(Exception):
    """Somebody else has claimed the encounter."""

    def __init__(self, by: str) -> None:
        super().__init__(f"{by} has claimed this encounter")
        self.by = by


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A row as the list shows it; `held_because` is empty where it isn't held, `claimed_by` where nobody has it.

    `number` is what the facility calls the visit, empty where that is not known.
    """

    id: int
    encounter: str
    patient: str
    name: str
    record_number: str
    number: str
    unit: str
    day: str
    due: str
    is_open: bool
    cents: int
    unpriced: int
    questions: int
    counts: Mapping[str, int]
    claimed_by: str
    claimed_name: str
    held_because: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class WorkPage:
    """One page; `next` is the cursor of the page after it, empty on the last."""

    rows: tuple[WorkRow, ...]
    counts: Mapping[str, int]
    next: str


@dataclass(frozen=True, slots=True)
class Worklist:
    """The rows of one tenant."""

    store: Store
    tenant: str

    # --- keeping ---------------------------------------------------------------------------------

    def renew(self, summary: WorkSummary, now: datetime) -> None:
        """As `keep`, for an encounter that is on the list already, and nothing for another."""
        known = select(_C.id).where(Place(self.tenant, summary.encounter).of(worklist))
        with self.store.reading() as connection:
            is_known = connection.execute(known).first() is not None
        if is_known:
            self.keep(summary, now)

    def keep(self, summary: WorkSummary, now: datetime) -> None:
        """Make or renew an encounter's row; who claimed or held it stays as it is."""
        place = Place(self.tenant, summary.encounter)
        if self._says_so_already(place, summary, now):
            return
        with self.store.writing() as connection:
            lock_encounter(connection, place)
            before = connection.execute(select(worklist).where(place.of(worklist))).first()
            values = {**self._values(summary, before, now), "seen_at": now}
            if before is None:
                nobody = {"claimed_by": "", "claimed_name": "", "held_by": "", "held_sealed": "", "first_seen_at": now}
                connection.execute(insert(worklist).values(**place.columns(), **nobody, **values))
            else:
                connection.execute(update(worklist).where(_C.id == before.id).values(values))
            if before is None or not self._has_words(before, _person(summary)):
                keep_words(connection, place, _person(summary), self.store.cipher)

    def _says_so_already(self, place: Place, summary: WorkSummary, now: datetime) -> bool:
        """Whether a row of a few minutes ago says the same: looking at a page again then costs no writing."""
        with self.store.reading() as connection:
            row = connection.execute(select(worklist).where(place.of(worklist))).first()
        if row is None or not timedelta(0) <= now - row.seen_at < RENEW_AFTER:
            return False
        values = self._values(summary, row, now)
        return all(getattr(row, name) == value for name, value in values.items() if name != "person_sealed")

    def _has_words(self, row: Row[Any], person: SealedPerson) -> bool:
        """Whether the row is found by this person's words already."""
        if row.hashed_by != self.store.cipher.hashing_name:
            return False
        try:
            return unseal(SealedPerson, row.person_sealed, self.store.cipher) == person
        except CannotOpen:
            return False

    def _values(self, summary: WorkSummary, before: Row[Any] | None, now: datetime) -> dict[str, Any]:
        plain = ("patient", "is_open", "cents", "unpriced", "questions", "infusions", "missing_stops", *LINE_COUNTS)
        posted_at = before.posted_at if before else None
        return {
            **{name: getattr(summary, name) for name in plain},
            "person_sealed": seal(_person(summary), self.store.cipher),
            "hashed_by": self.store.cipher.hashing_name,
            "unit": summary.unit[:200],
            "day": summary.day.isoformat() if summary.day else UNKNOWN_DAY,
            "due": summary.due.isoformat() if summary.due else UNKNOWN_DAY,
            "missing_ever": max(summary.missing_stops, before.missing_ever if before else 0),
            "questions_ever": max(summary.questions, before.questions_ever if before else 0),
            "dismissed_by": json.encode(dict(summary.dismissed_by)).decode(),
            "posted_at": posted_at or (now if summary.posted else None),
        }

    # --- looking ---------------------------------------------------------------------------------

    def page(self, wanted: Wanted, person: str, size: int = PAGE) -> WorkPage:
        """The rows somebody looks for; `person` is whose rows are `mine`."""
        found = and_(_C.tenant == self.tenant, searched(self.tenant, wanted.search, self.store.cipher))
        query = select(worklist).where(found, condition(wanted.filter, person))
        with self.store.reading() as connection:
            rows = connection.execute(in_order(query, wanted).limit(size + 1)).all()
            counts = count(connection, found, person)
        more = cursor(rows[size - 1], wanted.order) if len(rows) > size else ""
        return WorkPage(tuple(self._read(row) for row in rows[:size]), counts, more)

    def following(self, wanted: Wanted, id: int, person: str) -> WorkRow | None:
        """The first row after the cursor that nobody else has claimed and that isn't this one; None at the end."""
        found = and_(_C.tenant == self.tenant, searched(self.tenant, wanted.search, self.store.cipher))
        query = select(worklist).where(found, condition(wanted.filter, person), _C.id != id)
        query = query.where(_C.claimed_by.in_(("", person)))
        with self.store.reading() as connection:
            row = connection.execute(in_order(query, wanted).limit(1)).first()
        return self._read(row) if row else None

    def row(self, id: int) -> WorkRow | None:
        """One row; None where this tenant has none of that number."""
        with self.store.reading() as connection:
            row = connection.execute(self._one(id)).first()
        return self._read(row) if row else None

    def _one(self, id: int) -> Select[Any]:
        return select(worklist).where(_C.tenant == self.tenant, _C.id == id)

    def _read(self, row: Row[Any]) -> WorkRow:
        person = unseal(SealedPerson, row.person_sealed, self.store.cipher)
        held = unseal(SealedHold, row.held_sealed, self.store.cipher).reason if row.held_sealed else ""
        return WorkRow(
            id=row.id,
            encounter=row.encounter,
            patient=row.patient,
            name=person.name,
            record_number=person.record_number,
            number=next(iter(person.numbers), ""),
            unit=row.unit,
            day=_day(row.day),
            due=_day(row.due),
            is_open=row.is_open,
            cents=row.cents,
            unpriced=row.unpriced,
            questions=row.questions,
            counts={name: getattr(row, name) for name in LINE_COUNTS},
            claimed_by=row.claimed_by,
            claimed_name=row.claimed_name,
            held_because=held,
            seen_at=row.seen_at,
        )

    def figures(self, since: date, zone: tzinfo | None) -> tuple[Figures, ...]:
        """What the dashboards count: visits of this day and later, without anybody's name; days are of this zone."""
        query = select(_C.unit, _C.day, _C.infusions, _C.missing_ever, _C.questions_ever, _C.questions, _C.posted_at)
        found = and_(_C.tenant == self.tenant, _C.day >= since.isoformat(), _C.day != UNKNOWN_DAY)
        with self.store.reading() as connection:
            rows = connection.execute(query.add_columns(_C.dismissed_by).where(found)).all()
        return tuple(_figures(row, zone) for row in rows)

    # --- claiming and holding --------------------------------------------------------------------

    def claim(self, id: int, person: Person, now: datetime) -> None:
        """Take an encounter on; raises Taken when another person was first, LookupError for no such row."""
        self._change(id, person, "claim", {"claimed_by": person.reference, "claimed_name": person.name}, now)

    def release(self, id: int, person: Person, now: datetime) -> None:
        """Give it back; a lead may give back another person's. Raises Taken, LookupError."""
        self._change(id, person, "release", {"claimed_by": "", "claimed_name": ""}, now)

    def hold(self, id: int, person: Person, reason: str, now: datetime) -> None:
        """Put it aside with a reason. Raises Taken, LookupError."""
        sealed = seal(SealedHold(reason), self.store.cipher)
        self._change(id, person, "hold", {"held_by": person.reference, "held_sealed": sealed}, now, reason)

    def resume(self, id: int, person: Person, now: datetime) -> None:
        """Take it off hold. Raises Taken, LookupError."""
        self._change(id, person, "resume", {"held_by": "", "held_sealed": ""}, now)

    def _change(
        self, id: int, person: Person, kind: str, values: Mapping[str, str], now: datetime, reason: str = ""
    ) -> None:
        with self.store.writing() as connection:
            encounter = connection.execute(self._one(id)).first()
            if encounter is None:
                raise LookupError(id)
            place = Place(self.tenant, encounter.encounter)
            lock_encounter(connection, place)
            row = connection.execute(self._one(id)).one()
            if row.claimed_by not in ("", person.reference) and not (kind == "release" and person.role == "lead"):
                raise Taken(row.claimed_name or row.claimed_by)
            if all(getattr(row, name) == value for name, value in values.items()):
                return  # a second click
            connection.execute(update(worklist).where(_C.id == id).values(dict(values)))
            add_entries(connection, place, [_told(kind, person, now, reason)], self.store.cipher)


def _person(summary: WorkSummary) -> SealedPerson:
    person = summary.person
    return SealedPerson(person.name if person else "", person.record_number if person else "", tuple(summary.numbers))


def _figures(row: Row[Any], zone: tzinfo | None) -> Figures:
    return Figures(
        unit=row.unit,
        day=date.fromisoformat(row.day),
        infusions=row.infusions,
        missing_stops=row.missing_ever,
        asked=row.questions_ever,
        answered=max(0, row.questions_ever - row.questions),
        posted=row.posted_at.astimezone(zone).date() if row.posted_at else None,
        dismissed_by=json.decode(row.dismissed_by, type=dict[str, int]),
    )


def _told(kind: str, person: Person, now: datetime, reason: str) -> Entry:
    return Entry(
        at=now,
        kind=kind,
        identity="",
        line="the encounter",
        person=person.reference,
        name=person.name,
        role=person.role,
        verified=person.verified,
        details=(("reason", reason),),
    )


def _day(iso: str) -> str:
    return "" if iso == UNKNOWN_DAY else iso
