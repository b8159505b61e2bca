"""The export to billing: a ledger of charges and credits, and the files that took lines of it.

A line is never changed: a correction is a credit of what stood there and a charge of what stands now.
A file takes every line that none has taken; the same file can be written again at any time, and is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from plugin.domain.charge import ChargeDraft
from plugin.review.trail import Entry
from plugin.store.engine import Store
from plugin.store.sealing import SealedExport, seal, unseal
from plugin.store.tables import export_batches, export_lines
from plugin.store.trail import add_entries, charge_entry
from plugin.store.turns import Place, lock_encounter

CHARGE, CREDIT = "charge", "credit"


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One line: `id` counts all lines of the store, `number` those of one charge; `batch` is None in no file yet."""

    id: int
    place: Place
    number: int
    kind: str
    draft: ChargeDraft
    written_at: datetime
    batch: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """One file: its number, when it was made, and how many lines it has."""

    id: int
    tenant: str
    made_at: datetime
    lines: int


class Overtaken(Exception):
    """Another line was written for this charge meanwhile; `last` is the newest."""

    def __init__(self, last: ExportLine | None) -> None:
        super().__init__("another line was written for this charge meanwhile")
        self.last = last


@dataclass(frozen=True, slots=True)
class ExportLedger:
    """The lines of one tenant."""

    store: Store
    tenant: str

    def last(self, identity: str) -> ExportLine | None:
        """The newest line of a charge, None when it was never exported."""
        with self.store.reading() as connection:
            return self._last(connection, identity)

    def write(self, draft: ChargeDraft, after: int, kinds: Sequence[str], now: datetime) -> ExportLine:
        """Add lines to a charge whose newest line is number `after`, 0 for none; return the newest. Raises Overtaken.

        A credit takes back what the newest line charged; a charge is made from the draft.
        """
        place = Place(self.tenant, draft.encounter)
        with self.store.writing() as connection:
            lock_encounter(connection, place)
            last = self._last(connection, draft.identity)
            if (last.number if last else 0) != after:
                raise Overtaken(last)
            for number, kind in enumerate(kinds, start=after + 1):
                content = last.draft if kind == CREDIT and last else draft
                row = {**place.columns(), "identity": draft.identity, "number": number, "kind": kind}
                sealed = seal(SealedExport(content), self.store.cipher)
                connection.execute(insert(export_lines).values(**row, content_sealed=sealed, written_at=now))
            written = self._last(connection, draft.identity)
        if written is None:
            raise Overtaken(None)
        return written

    def make_batch(self, now: datetime) -> Batch | None:
        """Take every line that no file has, in one transaction that the trails tell of; None when there is none."""
        with self.store.writing() as connection:
            waiting = export_lines.c.tenant == self.tenant, export_lines.c.batch.is_(None)
            query = select(export_lines).where(*waiting).order_by(export_lines.c.encounter, export_lines.c.id)
            lines = [self._read(row) for row in connection.execute(query)]
            if not lines:
                return None
            made = connection.execute(insert(export_batches).values(tenant=self.tenant, made_at=now))
            number = int((made.inserted_primary_key or [0])[0])
            taken = export_lines.c.id.in_([line.id for line in lines])
            connection.execute(update(export_lines).where(taken, *waiting).values(batch=number))
            for place, group in groupby(lines, key=lambda line: line.place):
                lock_encounter(connection, place)
                add_entries(connection, place, [_told(line, number, now) for line in group], self.store.cipher)
        return Batch(number, self.tenant, now, len(lines))

    def batches(self) -> tuple[Batch, ...]:
        """Every file of this tenant, oldest first."""
        with self.store.reading() as connection:
            rows = connection.execute(
                select(export_batches).where(export_batches.c.tenant == self.tenant).order_by(export_batches.c.id)
            ).all()
            counts = [len(connection.execute(_of_batch(self.tenant, row.id)).all()) for row in rows]
        return tuple(Batch(row.id, row.tenant, row.made_at, count) for row, count in zip(rows, counts, strict=True))

    def lines_of(self, batch: int) -> tuple[ExportLine, ...]:
        """The lines of a file, by encounter and number; raises CannotOpen."""
        with self.store.reading() as connection:
            return tuple(self._read(row) for row in connection.execute(_of_batch(self.tenant, batch)))

    def _last(self, connection: Connection, identity: str) -> ExportLine | None:
        mine = select(export_lines).where(export_lines.c.identity == identity, export_lines.c.tenant == self.tenant)
        row = connection.execute(mine.order_by(export_lines.c.number.desc()).limit(1)).first()
        return self._read(row) if row else None

    def _read(self, row: Row[Any]) -> ExportLine:
        draft = unseal(SealedExport, row.content_sealed, self.store.cipher).draft
        place = Place(row.tenant, row.encounter)
        return ExportLine(row.id, place, row.number, row.kind, draft, row.written_at, row.batch)


def _of_batch(tenant: str, batch: int) -> Any:
    mine = select(export_lines).where(export_lines.c.tenant == tenant, export_lines.c.batch == batch)
    return mine.order_by(export_lines.c.encounter, export_lines.c.id)


def _told(line: ExportLine, batch: int, now: datetime) -> Entry:
    return charge_entry("exported", line.draft, now, (("as", line.kind), ("file", str(batch))))
