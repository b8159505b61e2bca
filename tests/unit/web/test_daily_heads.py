"""The ends of the trails in the log: once a day, by one process, naming nobody."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from plugin.review.trail import Entry
from plugin.store.cipher import make_key
from plugin.store.engine import Store, open_store
from plugin.store.records import EncounterRecords
from plugin.store.trail_check import Head, heads_in, heads_since
from plugin.web.daily_heads import tell_heads

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@dataclass
class Process:
    """What telling needs of the services."""

    store: Store
    times: list[datetime] = field(default_factory=lambda: [NOW + timedelta(minutes=1)])

    def clock(self) -> datetime:
        return self.times[-1]


def test_each_day_tells_what_grew(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The first of two processes writes them; the next day only the trail that grew."""
    process = Process(open_store(sqlite_url, [make_key()]))
    for encounter in ("Encounter/e1", "Encounter/e2"):
        EncounterRecords(process.store, "clinic", encounter).note([Entry(NOW, "accept", "id", "96365", "p", "Carl")])
    with caplog.at_level(logging.INFO, "plugin.web.daily_heads"):
        assert (tell_heads(process), tell_heads(process)) == (2, 0)
        assert len(list(heads_in(caplog.messages))) == 2
        assert not any(word in caplog.text for word in ("Encounter/", "Carl", "clinic"))
        process.times.append(NOW + timedelta(days=1))
        grown = Entry(process.clock(), "dismiss", "id", "96365", "p", "Carl")
        EncounterRecords(process.store, "clinic", "Encounter/e2").note([grown])
        assert tell_heads(process) == 1
    assert [head.count for head in heads_in(caplog.messages)] == [1, 1, 2]
    process.store.close()


def test_what_a_dead_process_left_out_comes_with_the_next_day(
    sqlite_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had claimed its day and written one line of two; the day after both are there, and then no more."""
    process = Process(open_store(sqlite_url, [make_key()]))
    for encounter in ("Encounter/e1", "Encounter/e2"):
        EncounterRecords(process.store, "clinic", encounter).note([Entry(NOW, "accept", "id", "96365", "p", "Carl")])

    def die(store: Store, since: datetime) -> Iterator[Head]:
        yield next(heads_since(store, since))
        raise SystemExit("killed")

    with caplog.at_level(logging.INFO, "plugin.web.daily_heads"):
        with monkeypatch.context() as patch:
            patch.setattr("plugin.web.daily_heads.heads_since", die)
            with pytest.raises(SystemExit):
                tell_heads(process)
        process.times.append(NOW + timedelta(days=1))
        assert tell_heads(process) == 2
        process.times.append(NOW + timedelta(days=2))
        assert tell_heads(process) == 0
    process.store.close()
