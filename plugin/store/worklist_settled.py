"""The row of the worklist when charges of unknown arrival were found out about and nobody has looked at the chart."""

from datetime import datetime

from sqlalchemy import select, update

from plugin.store.engine import Store
from plugin.store.tables import worklist
from plugin.store.turns import Place, lock_encounter


def count_settled(store: Store, place: Place, arrived: int, never: int, now: datetime) -> None:
    """Count so many unknown lines as posted, and so many as failed; nothing where the row doesn't hold as many."""
    with store.writing() as connection:
        lock_encounter(connection, place)
        row = connection.execute(select(worklist).where(place.of(worklist))).first()
        if row is None or not 0 < arrived + never <= row.unknown:
            return
        counts = {
            "unknown": row.unknown - arrived - never,
            "posted": row.posted + arrived,
            "failed": row.failed + never,
        }
        left = (row.questions, row.ready, row.accepted, row.stale, counts["unknown"], counts["failed"])
        first = row.posted_at or (now if counts["posted"] else None)
        values = {**counts, "is_open": any(left), "posted_at": first}
        connection.execute(update(worklist).where(worklist.c.id == row.id).values(values))
