"""What a serving process does from time to time."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from plugin.store.launch_rows import NewLaunch, Tokens
from plugin.store.launches import LaunchStore
from plugin.store.tables import launches
from plugin.store.turns import TURN_LIFE
from plugin.web import sweeping
from plugin.web.sweeping import EVERY_SECONDS, keep_sweeping, sweep
from tests.verifies import verifies

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class App:
    """A serving process whose clock the test turns; it knows no EHR."""

    store: object
    now: datetime = NOON
    tenants: tuple = ()
    told: list[str] = field(default_factory=list)

    @property
    def launches(self) -> LaunchStore:
        return LaunchStore(self.store)

    def clock(self) -> datetime:
        return self.now


@pytest.fixture
def app(sqlite_url):
    """One with an empty store."""
    store = open_store(sqlite_url, [make_key()])
    yield App(store)
    store.close()


def kept(app) -> int:
    """How many launches' rows, and so how many sealed tokens, the database holds."""
    with app.store.reading() as connection:
        return connection.execute(select(func.count()).select_from(launches)).scalar_one()


@verifies("SEC-16")
@pytest.mark.parametrize(("later", "left"), [(timedelta(minutes=29), 1), (timedelta(minutes=31), 0)])
def test_the_tokens_of_a_session_that_ran_out_are_wiped_without_a_launch(app, later, left):
    """Half an hour without anybody, and the row is gone with its tokens, whoever comes next or doesn't."""
    tokens = Tokens("an access token", "a refresh token", NOON + timedelta(days=1))
    app.launches.open(NewLaunch("clinic", "https://ehr.test/r4", "p1", tokens), "browser", NOON)
    app.now = NOON + later
    assert sweep(app) is False
    assert kept(app) == left


def test_it_sweeps_at_once_after_a_dead_turn_and_every_few_minutes(monkeypatch):
    """A second look comes when the turn of a process that was killed has run out; then it goes on."""
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 3:
            raise KeyboardInterrupt

    swept: list[object] = []

    def look(services: object, pause: object) -> bool:
        swept.append(services)
        return True

    monkeypatch.setattr(sweeping, "sweep", look)
    with pytest.raises(KeyboardInterrupt):
        keep_sweeping("app", rest)  # type: ignore[arg-type]
    assert rests == [TURN_LIFE.total_seconds(), EVERY_SECONDS, EVERY_SECONDS]
    assert swept == ["app"] * 3


def test_a_sweep_that_fails_is_told_and_the_next_one_comes(app, caplog):
    """A database that is away for a while ends nothing."""
    app.store.close()
    app.store = None
    with caplog.at_level(logging.WARNING, "plugin.web.sweeping"):
        assert sweep(app) is True
    assert [record.getMessage() for record in caplog.records] == ["sweeping ended early: AttributeError"]
