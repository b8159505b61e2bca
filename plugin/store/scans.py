"""The scan of a tenant: how far it is, for the worklist to say, and what it has still to read, for it to go on.

Of each tenant the last scan is kept, and of the encounters only those that it has not read yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, insert, select, update

from plugin.store.engine import Store
from plugin.store.tables import scan_places, scans

# A scan that says nothing for so long has died: longer than the longest pause and the slowest chart.
SILENCE = timedelta(minutes=5)
# What a scan of last night listed is not today's list.
GOES_ON_FOR = timedelta(hours=12)
_AT_ONCE = 500
_C = scans.c
_COUNTS = {"found": _C.found, "nothing": _C.uncharged, "unread": _C.unread}


@dataclass(frozen=True, slots=True)
class ScanState:
    """The last scan; `state` is running, done, or broken where it ended before its end. `whole`: all were listed."""

    asked: str
    state: str
    whole: bool
    total: int
    found: int
    uncharged: int
    unread: int
    started_at: datetime
    moved_at: datetime

    @property
    def read(self) -> int:
        """How many encounters it has been through."""
        return self.found + self.uncharged + self.unread


@dataclass(frozen=True, slots=True)
class Scans:
    """The scans of one tenant."""

    store: Store
    tenant: str

    def last(self, now: datetime) -> ScanState | None:
        """The last scan as it stands; None where there was none."""
        with self.store.reading() as connection:
            row = connection.execute(select(scans).where(_C.tenant == self.tenant)).first()
        if row is None:
            return None
        state = "broken" if row.state == "running" and now - row.moved_at >= SILENCE else row.state
        return ScanState(
            asked=row.asked,
            state=state,
            whole=row.whole,
            total=row.total,
            found=row.found,
            uncharged=row.uncharged,
            unread=row.unread,
            started_at=row.started_at,
            moved_at=row.moved_at,
        )

    def begin(self, asked: str, places: Sequence[tuple[str, str]], now: datetime, *, whole: bool) -> None:
        """Begin anew with these encounters, each as patient and encounter; `asked` says what was to be scanned."""
        counts = dict.fromkeys(("found", "uncharged", "unread"), 0)
        row = {"asked": asked, "state": "running", "whole": whole, "total": len(places), **counts}
        each = [{"tenant": self.tenant, "patient": patient, "encounter": visit} for patient, visit in places]
        with self.store.writing() as connection:
            for table in (scans, scan_places):
                connection.execute(delete(table).where(table.c.tenant == self.tenant))
            connection.execute(insert(scans).values(tenant=self.tenant, started_at=now, moved_at=now, **row))
            for first in range(0, len(each), _AT_ONCE):
                connection.execute(insert(scan_places), each[first : first + _AT_ONCE])

    def left(self, asked: str, now: datetime) -> list[tuple[str, str]]:
        """What a scan of the same that broke lately has still to read; empty where there is nothing to go on with."""
        last = self.last(now)
        if last is None or last.state != "broken" or last.asked != asked or now - last.started_at >= GOES_ON_FOR:
            return []
        here = scan_places.c.tenant == self.tenant
        with self.store.writing() as connection:
            connection.execute(update(scans).where(_C.tenant == self.tenant).values(state="running", moved_at=now))
            query = select(scan_places.c.patient, scan_places.c.encounter).where(here)
            return [(row.patient, row.encounter) for row in connection.execute(query.order_by(scan_places.c.encounter))]

    def went_through(self, encounter: str, outcome: str, now: datetime) -> None:
        """One encounter was read, or could not be: found, nothing or unread."""
        count = _COUNTS[outcome]
        gone = and_(scan_places.c.tenant == self.tenant, scan_places.c.encounter == encounter)
        with self.store.writing() as connection:
            connection.execute(delete(scan_places).where(gone))
            values = {count.name: count + 1, "moved_at": now}
            connection.execute(update(scans).where(_C.tenant == self.tenant).values(values))

    def end(self, state: str, now: datetime) -> None:
        """It is done, or broken off."""
        with self.store.writing() as connection:
            running = and_(_C.tenant == self.tenant, _C.state == "running")
            connection.execute(update(scans).where(running).values(state=state, moved_at=now))
