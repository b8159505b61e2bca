"""Is every trail as it was written? Checked by its chain, its end, and the ends that earlier logs hold."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, union, update
from sqlalchemy.dialects import postgresql, sqlite

from plugin.store.cipher import CannotOpen
from plugin.store.engine import Store
from plugin.store.tables import review_encounters, trail, trail_days
from plugin.store.trail import read_entry
from plugin.store.trail_chain import TrailKey, existing_key
from plugin.store.turns import Place

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_HEAD = re.compile(r"trail head ([0-9a-f]{24}) ([0-9]{1,9}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of an encounter's chain; `place` is a keyed hash, so that it can stand in a log."""

    place: str
    count: int
    digest: str

    def line(self) -> str:
        """As it is written to the log."""
        return f"trail head {self.place} {self.count} {self.digest}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a trail; `number` is the entry, 0 for the trail as a whole."""

    tenant: str
    encounter: str
    number: int
    what: str

    def text(self) -> str:
        """In one line."""
        place = f"{self.tenant} {self.encounter}: " if self.encounter else ""
        return f"{place}{f'entry {self.number} ' if self.number else ''}{self.what}"


def heads_in(lines: Iterable[str]) -> Iterator[Head]:
    """The ends that a log holds; other lines are passed over."""
    for line in lines:
        for place, count, digest in _HEAD.findall(line):
            yield Head(place, int(count), digest)


def verify(store: Store, logged: Iterable[Head] = ()) -> Iterator[Finding]:
    """Everything that is wrong with the trails of a store; `logged` are ends from earlier logs."""
    with store.reading() as connection:
        places = [Place(*row) for row in connection.execute(_PLACES)]
    wanted: dict[str, list[Head]] = {}
    for head in logged:
        wanted.setdefault(head.place, []).append(head)
    for place in places:
        yield from _verify_one(store, place, wanted)
    yield from (Finding("", "", 0, f"the trail that the log names {name} is gone") for name in wanted)


def _verify_one(store: Store, place: Place, wanted: dict[str, list[Head]]) -> list[Finding]:
    with store.reading() as connection:
        try:
            key = existing_key(connection, store.cipher)
        except CannotOpen:
            key = None
        if key is None:
            return [Finding(place.tenant, place.encounter, 0, "can't be checked: the key of the chain is gone")]
        return list(_Check(connection, store, place, key).findings(wanted.pop(key.name(place), [])))


def count_entries(store: Store) -> tuple[int, int]:
    """How many encounters have a trail, and how many entries there are."""
    with store.reading() as connection:
        numbers = [row.number for row in connection.execute(select(trail.c.number))]
    return sum(number == 1 for number in numbers), len(numbers)


_PLACES = union(
    select(trail.c.tenant, trail.c.encounter),
    select(review_encounters.c.tenant, review_encounters.c.encounter).where(review_encounters.c.trail_count > 0),
).order_by("tenant", "encounter")


@dataclass(frozen=True, slots=True)
class _Check:
    connection: Connection
    store: Store
    place: Place
    key: TrailKey

    def findings(self, logged: Iterable[Head]) -> Iterator[Finding]:
        digests: dict[int, str] = {}
        before = ""
        rows = self.connection.execute(select(trail).where(self.place.of(trail)).order_by(trail.c.number))
        for expected, row in enumerate(rows, start=1):
            if row.number != expected:
                yield self._found(expected, "is missing")
                return
            what = self._wrong_with(row, before)
            if what:
                yield self._found(expected, what)
                return
            before = digests[expected] = row.digest
        yield from self._end(len(digests), before)
        yield from self._against_log(logged, digests)

    def _wrong_with(self, row: Row[Any], before: str) -> str:
        try:
            entry = read_entry(row, self.store.cipher).entry
        except (CannotOpen, ValueError):
            return "can't be opened: it was changed, or its encryption key is no longer given"
        if row.digest == self.key.link(before, self.place, row.number, entry):
            return ""
        return "is not the one that was written here" if row.digest else "has no digest: it is older than the chain"

    def _end(self, count: int, digest: str) -> Iterator[Finding]:
        """Entries cut off at the end leave an end that vouches for more."""
        columns = select(review_encounters.c.trail_count, review_encounters.c.trail_end)
        row = self.connection.execute(columns.where(self.place.of(review_encounters))).first()
        if row is None or row.trail_count != count:
            yield self._found(0, f"has {count} entries, and its end vouches for {row.trail_count if row else 0}")
        elif row.trail_end != self.key.end(self.place, count, digest):
            yield self._found(0, "has an end that was not written with it")

    def _against_log(self, logged: Iterable[Head], digests: Mapping[int, str]) -> Iterator[Finding]:
        for head in logged:
            if digests.get(head.count) != head.digest:
                yield self._found(head.count, "is not the one that the log names, or is gone")

    def _found(self, number: int, what: str) -> Finding:
        return Finding(self.place.tenant, self.place.encounter, number, what)


# --- the ends, for the log -----------------------------------------------------------------------


def claim_day(store: Store, now: datetime) -> datetime | None:
    """Become the one process that writes this day's ends to the log; the moment of the last time, None when taken.

    A log that was never written begins with the first entry. Until `finish_day` the day counts as not written: what a
    process that died had left out is written with the next day's.
    """
    with store.writing() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        last = connection.execute(select(func.max(trail_days.c.told_at))).scalar_one()
        row = {"day": _name(now), "told_at": last or _BEGINNING}
        claim = dialect.insert(trail_days).values(row).on_conflict_do_nothing().returning(trail_days.c.day)
        taken = connection.execute(claim).first()
        return (last or _BEGINNING) if taken else None


def finish_day(store: Store, claimed: datetime) -> None:
    """This day's ends stand in the log, as they were when it was claimed."""
    with store.writing() as connection:
        connection.execute(update(trail_days).where(trail_days.c.day == _name(claimed)).values(told_at=claimed))


def _name(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def heads_since(store: Store, since: datetime) -> Iterator[Head]:
    """The end of each trail that grew since then; raises CannotOpen."""
    grown = select(trail.c.tenant, trail.c.encounter, func.max(trail.c.number).label("last"))
    grown = grown.where(trail.c.at >= since).group_by(trail.c.tenant, trail.c.encounter)
    with store.reading() as connection:
        key = existing_key(connection, store.cipher)
        rows = connection.execute(grown.order_by(trail.c.tenant, trail.c.encounter)).all() if key else []
        for row in rows:
            place = Place(row.tenant, row.encounter)
            last = select(trail.c.digest).where(place.of(trail), trail.c.number == row.last)
            if key:
                yield Head(key.name(place), row.last, connection.execute(last).scalar_one())
