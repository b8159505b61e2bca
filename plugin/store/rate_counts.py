"""How often something was done in a stretch of time, counted in the database for every process and machine."""

from datetime import datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from plugin.store.engine import Store
from plugin.store.tables import rate_counts


def count_up(store: Store, key: str, life: timedelta, now: datetime, amount: int = 1) -> int:
    """Count `amount` more under the key and return the count; a count whose life is over begins again."""
    over = rate_counts.c.expires_at <= now
    with store.writing() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        row = {"key": key, "count": amount, "expires_at": now + life}
        again = {
            "count": case((over, amount), else_=rate_counts.c.count + amount),
            "expires_at": case((over, now + life), else_=rate_counts.c.expires_at),
        }
        found = dialect.insert(rate_counts).values(row).on_conflict_do_update(index_elements=["key"], set_=again)
        return int(connection.execute(found.returning(rate_counts.c.count)).scalar_one())


def count_of(store: Store, key: str, now: datetime) -> tuple[int, datetime | None]:
    """The count under a key and when it begins again; (0, None) when there is none."""
    alive = (rate_counts.c.key == key, rate_counts.c.expires_at > now)
    query = select(rate_counts.c.count, rate_counts.c.expires_at).where(*alive)
    with store.reading() as connection:
        row = connection.execute(query).one_or_none()
    return (row[0], row[1]) if row else (0, None)


def forget_counts(store: Store, now: datetime) -> int:
    """Delete the counts whose life is over; return how many."""
    with store.writing() as connection:
        return connection.execute(delete(rate_counts).where(rate_counts.c.expires_at <= now)).rowcount


def clear_count(store: Store, key: str) -> None:
    """Begin again under this key."""
    with store.writing() as connection:
        connection.execute(delete(rate_counts).where(rate_counts.c.key == key))
