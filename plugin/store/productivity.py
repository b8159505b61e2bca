"""What each person did in a stretch of time, counted from the trail: no line, no patient and no encounter is named."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, distinct, func, select

from plugin.store.engine import Store
from plugin.store.tables import trail
from plugin.store.trail import read_entry

_C = trail.c
# What a person does to lines and questions; claims, holds and downloads are no work on a chart.
COUNTED = ("accept", "edit", "dismiss", "attest")


@dataclass(frozen=True, slots=True)
class PersonsWork:
    """One person between two moments: encounters worked on, and what was done by kind, in the order of COUNTED."""

    name: str
    encounters: int
    done: tuple[int, ...]


def work_between(store: Store, tenant: str, first: datetime, end: datetime) -> Sequence[PersonsWork]:
    """Everybody who worked from `first` until before `end`, by name; raises CannotOpen.

    People are told apart by keyed hashes; of each the last entry is opened for the name. Somebody who worked on both
    sides of a change of the encryption key has two hashes, and their encounters are added up.
    """
    kinds = [func.sum(case((_C.kind == kind, 1), else_=0)) for kind in COUNTED]
    when = and_(_C.tenant == tenant, _C.at >= first, _C.at < end)
    query = select(func.max(_C.id), func.count(distinct(_C.encounter)), *kinds)
    query = query.where(when, _C.person_hash != "", _C.kind.in_(COUNTED)).group_by(_C.person_hash)
    with store.reading() as connection:
        counts = connection.execute(query).all()
        last = connection.execute(select(trail).where(_C.id.in_([each[0] for each in counts]))).all()
    people = {row.id: read_entry(row, store.cipher).entry for row in last}
    sums: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for each in counts:
        sums[people[each[0]].person].update(dict(enumerate(each[1:])))
    names = {entry.person: entry.name for entry in people.values()}
    work = [
        PersonsWork(names[who], some[0], tuple(some[at + 1] for at in range(len(COUNTED))))
        for who, some in sums.items()
    ]
    return sorted(work, key=lambda person: person.name)
