"""Which encounters of some days the app knows of, from the worklist's rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from plugin.store.engine import Store
from plugin.store.tables import decisions, worklist
from plugin.store.turns import Place


@dataclass(frozen=True, slots=True)
class VisitOfDay:
    """An encounter with its patient and the day of the visit; `decided` says that somebody decided something on it."""

    place: Place
    patient: str
    day: str
    decided: bool


def visits_between(store: Store, tenant: str, first: date, last: date) -> Sequence[VisitOfDay]:
    """Those of these days, both included, by day and id."""
    here = worklist.c.tenant == tenant, worklist.c.day >= first.isoformat(), worklist.c.day <= last.isoformat()
    known = select(worklist.c.encounter, worklist.c.patient, worklist.c.day).where(*here)
    touched = select(decisions.c.encounter).where(decisions.c.tenant == tenant).distinct()
    with store.reading() as connection:
        decided = set(connection.execute(touched).scalars())
        rows = connection.execute(known.order_by(worklist.c.day, worklist.c.encounter)).all()
    return [VisitOfDay(Place(tenant, row.encounter), row.patient, row.day, row.encounter in decided) for row in rows]
