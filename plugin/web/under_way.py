"""Which charges are on their way at this moment: what this process sends, and what the store says of other ones."""

from concurrent.futures import Future
from datetime import datetime

from plugin.review.post import Posted
from plugin.store.records import EncounterRecords

Sending = Future[tuple[Posted, ...]]
# What this process sends or is about to, with its tenant and encounter.
_under_way: dict[Sending, tuple[str, str]] = {}


def keep_under_way(sending: Sending, records: EncounterRecords) -> None:
    """Remember it until it has ended."""
    _under_way[sending] = (records.tenant, records.encounter)
    sending.add_done_callback(_under_way.pop)


def is_being_sent(records: EncounterRecords, now: datetime) -> bool:
    """Whether charges of this encounter are on their way from this process or another one."""
    here = (records.tenant, records.encounter) in tuple(_under_way.values())
    return here or records.is_being_written(now)
