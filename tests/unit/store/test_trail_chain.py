"""Tampering with the trail is found: any column of any row, rows cut off, taken out, put elsewhere or put back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from plugin.review.trail import Entry
from plugin.store.cipher import Cipher, make_key
from plugin.store.engine import Store
from plugin.store.records import EncounterRecords
from plugin.store.tables import review_encounters, trail, trail_keys
from plugin.store.trail import trail_rows
from plugin.store.trail_check import claim_day, finish_day, heads_in, heads_since, verify
from plugin.store.upkeep import reseal
from tests.verifies import verifies

ENCOUNTER = "Encounter/e1"
LATER = timedelta(days=1)


@pytest.fixture
def records(store: Store, now: datetime) -> EncounterRecords:
    """An encounter with four entries, and another with one."""
    kept = EncounterRecords(store, "clinic", ENCOUNTER)
    kept.note([entry(now, number) for number in range(1, 4)])
    kept.note([entry(now + LATER, 4)])
    EncounterRecords(store, "clinic", "Encounter/e2").note([entry(now, 1)])
    return kept


def entry(at: datetime, number: int) -> Entry:
    """Somebody accepted something."""
    return Entry(
        at, "accept", f"id-{number}", f"96365 x {number}", "Practitioner/c1", "Carl", "coder", True, (("a", "b"),)
    )


def found(store: Store, *logged: str) -> list[str]:
    """What verifying says."""
    return [finding.text() for finding in verify(store, heads_in(logged))]


def row_of(store: Store, number: int) -> Any:
    with store.reading() as connection:
        return connection.execute(select(trail).where(trail.c.encounter == ENCOUNTER, trail.c.number == number)).one()


def change(store: Store, which: int, **values: Any) -> None:
    """What somebody with the database's password can do."""
    with store.writing() as connection:
        connection.execute(update(trail).where(trail.c.id == row_id(connection, which)).values(**values))


def row_id(connection: Any, number: int) -> int:
    query = select(trail.c.id).where(trail.c.encounter == ENCOUNTER, trail.c.number == number)
    return int(connection.execute(query).scalar_one())


@verifies("WR-11")
def test_an_untouched_trail_is_as_it_was_written(records: EncounterRecords, store: Store) -> None:
    """Nothing is found, also after new encryption keys."""
    assert found(store) == []
    again = Store(store.engine, Cipher.from_keys([make_key()]))
    both = type(store.cipher.fernet)([*again.cipher.fernet._fernets, *store.cipher.fernet._fernets])
    rotated = Store(store.engine, Cipher(both, again.cipher.hashing))
    assert reseal(rotated)[1] == 0
    assert found(again) == []


@verifies("WR-11")
@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize(
    "tamper",
    [
        lambda store, now: {"at": now + timedelta(hours=1)},
        lambda store, now: {"kind": "dismiss"},
        lambda store, now: {"identity": "id-9"},
        lambda store, now: {"digest": "0" * 64},
        lambda store, now: {"digest": ""},
        lambda store, now: {"content_sealed": row_of(store, 3).content_sealed},
        lambda store, now: {"content_sealed": "gAAAAA"},
    ],
    ids=["at", "kind", "identity", "digest", "no digest", "another's content", "content"],
)
def test_any_change_to_any_row_is_found(
    records: EncounterRecords, store: Store, now: datetime, number: int, tamper: Callable[..., dict[str, Any]]
) -> None:
    """The first entry that is not as it was written is named."""
    change(store, number, **tamper(store, now))
    (told,) = found(store)
    assert told.startswith(f"clinic {ENCOUNTER}: entry {number} ")


@verifies("WR-11")
@pytest.mark.parametrize(("gone", "told"), [(4, "has 3 entries, and its end vouches for 4"), (2, "entry 2 is missing")])
def test_a_row_that_is_gone_is_found(records: EncounterRecords, store: Store, gone: int, told: str) -> None:
    """The last one by the end, another by its number."""
    with store.writing() as connection:
        connection.execute(delete(trail).where(trail.c.id == row_id(connection, gone)))
    assert found(store) == [f"clinic {ENCOUNTER}: {told}"]


@verifies("WR-11")
def test_an_end_that_was_made_to_fit_is_found(records: EncounterRecords, store: Store) -> None:
    """Without the key nobody can vouch for fewer entries."""
    with store.writing() as connection:
        connection.execute(delete(trail).where(trail.c.id == row_id(connection, 4)))
        here = review_encounters.c.encounter == ENCOUNTER
        connection.execute(update(review_encounters).where(here).values(trail_count=3))
    assert found(store) == [f"clinic {ENCOUNTER}: has an end that was not written with it"]


@verifies("WR-11")
def test_rows_in_another_order_are_found(records: EncounterRecords, store: Store) -> None:
    """Two entries change places, with their content and digests."""
    change(store, 2, number=99)
    change(store, 3, number=2)
    change(store, 99, number=3)
    (told,) = found(store)
    assert told.startswith(f"clinic {ENCOUNTER}: entry 2 ")


@verifies("WR-11")
def test_rows_of_another_encounter_are_found(records: EncounterRecords, store: Store) -> None:
    """A true entry of e2 put at the end of e1's trail."""
    with store.writing() as connection:
        values = {"encounter": ENCOUNTER, "number": 5}
        connection.execute(update(trail).where(trail.c.encounter == "Encounter/e2").values(**values))
    assert [told.split(": ")[1] for told in found(store)] == [
        "entry 5 is not the one that was written here",
        "has 0 entries, and its end vouches for 1",
    ]


def test_an_older_copy_put_back_is_found_by_the_log(records: EncounterRecords, store: Store, now: datetime) -> None:
    """Rows and end as they once were verify by themselves; the day's ends in the log don't agree."""
    with store.reading() as connection:
        end = connection.execute(select(review_encounters).where(review_encounters.c.encounter == ENCOUNTER)).one()
    records.note([entry(now + LATER, 5)])
    logged = [f"2026-03-03 INFO x {head.line()}" for head in heads_since(store, now)]
    with store.writing() as connection:
        connection.execute(delete(trail).where(trail.c.id == row_id(connection, 5)))
        older = {"trail_count": end.trail_count, "trail_end": end.trail_end}
        connection.execute(update(review_encounters).where(review_encounters.c.encounter == ENCOUNTER).values(older))
    assert found(store) == []
    assert found(store, *logged) == [f"clinic {ENCOUNTER}: entry 5 is not the one that the log names, or is gone"]


def test_a_trail_that_is_wholly_gone_is_found_by_the_log(
    records: EncounterRecords, store: Store, now: datetime
) -> None:
    """Its rows and its encounter deleted: only the log still names it."""
    logged = [head.line() for head in heads_since(store, now)]
    with store.writing() as connection:
        for table in (trail, review_encounters):
            connection.execute(delete(table).where(table.c.encounter == ENCOUNTER))
    assert found(store) == []
    (told,) = found(store, *logged)
    assert told.startswith("the trail that the log names ")


def test_without_the_chains_key_nothing_verifies(records: EncounterRecords, store: Store) -> None:
    """Taken away, or replaced by one of somebody's own."""
    with store.writing() as connection:
        connection.execute(delete(trail_keys))
    assert [told.split(": ")[1] for told in found(store)] == ["can't be checked"] * 2
    with store.writing() as connection:
        connection.execute(insert(trail_keys).values(id=1, key_sealed=store.cipher.seal("00" * 32)))
    assert len(found(store)) == 2


def test_the_log_names_no_encounter_and_each_day_once(records: EncounterRecords, store: Store, now: datetime) -> None:
    """One process a day tells, of what grew since the last time."""
    since = claim_day(store, now)
    assert since is not None
    lines = [head.line() for head in heads_since(store, since)]
    assert len(lines) == 2
    assert not any("Encounter" in line for line in lines)
    finish_day(store, now)
    assert claim_day(store, now + timedelta(hours=3)) is None
    again = claim_day(store, now + LATER)
    assert again == now
    assert len(list(heads_in(head.line() for head in heads_since(store, now + timedelta(hours=1))))) == 1


def test_the_trail_is_written_out_with_its_digests(records: EncounterRecords, store: Store, now: datetime) -> None:
    """By encounter and number; one encounter or one day alone."""
    rows = list(trail_rows(store, None, None, now))
    assert [(row.place.encounter, row.entry.number) for row in rows] == [
        *((ENCOUNTER, number) for number in range(1, 5)),
        ("Encounter/e2", 1),
    ]
    assert rows[0].columns()["details"] == "a: b"
    assert len(str(rows[0].columns()["digest"])) == 64
    assert len(list(trail_rows(store, "clinic", ENCOUNTER, now + LATER))) == 1
