"""The words an encounter is found by: names and numbers, of which the database has keyed hashes alone.

A word is also kept by its beginnings, so that a part of a name finds it. The key is made of the app's first encryption
key. Hashes of an earlier key go on finding while that key is in the list, and are made anew by `hash_anew`.
"""

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, select, true, update

from plugin.store.cipher import CannotOpen, Cipher
from plugin.store.engine import Store
from plugin.store.sealing import SealedPerson, unseal
from plugin.store.tables import worklist, worklist_words
from plugin.store.turns import Place

SHORTEST_PART = 3
_LONGEST_WORD = 40
_MOST_WORDS = 12
_AT_ONCE = 100
_SPACES = re.compile(r"[\s,;]+")


def words_of(person: SealedPerson) -> frozenset[str]:
    """Every word that finds this person's visit."""
    words: set[str] = set()
    for text in (person.name, person.record_number, *person.numbers):
        for word in _whole_words(text):
            words |= {word, word.lstrip("0"), *_beginnings(word)}
    return frozenset(filter(None, words))


def asked_words(search: str) -> tuple[str, ...]:
    """The words somebody looks for."""
    return tuple(filter(None, (_plain(word) for word in _SPACES.split(search))))[:_MOST_WORDS]


def keep_words(connection: Connection, place: Place, person: SealedPerson, cipher: Cipher) -> None:
    """Put these words in the place of those that were kept."""
    connection.execute(delete(worklist_words).where(place.of(worklist_words)))
    hashed = {_hashes(place.tenant, word, cipher)[0] for word in words_of(person)}
    if hashed:
        connection.execute(insert(worklist_words), [{**place.columns(), "word": word} for word in sorted(hashed)])


def found_by(tenant: str, search: str, cipher: Cipher) -> ColumnElement[bool]:
    """Rows that have each of the words; every row where none was given."""
    conditions = [_has(tenant, _hashes(tenant, word, cipher)) for word in asked_words(search)]
    return and_(true(), *conditions)


def hash_anew(store: Store) -> int:
    """Make the words of all rows whose hashes are of no key or of an earlier one; return of how many rows.

    A row that no key opens keeps what it has.
    """
    done, last = 0, 0
    while rows := _of_other_keys(store, last):
        last = rows[-1].id
        with store.writing() as connection:
            done += sum(_hash_row(connection, row, store.cipher) for row in rows)
    return done


def _of_other_keys(store: Store, after: int) -> list[Row[Any]]:
    others = and_(worklist.c.hashed_by != store.cipher.hashing_name, worklist.c.id > after)
    columns = (worklist.c.id, worklist.c.tenant, worklist.c.encounter, worklist.c.person_sealed)
    with store.reading() as connection:
        return list(connection.execute(select(*columns).where(others).order_by(worklist.c.id).limit(_AT_ONCE)))


def _hash_row(connection: Connection, row: Row[Any], cipher: Cipher) -> int:
    """0 where the row can't be read, or was renewed meanwhile with words of its own."""
    try:
        person = unseal(SealedPerson, row.person_sealed, cipher)
    except CannotOpen:
        return 0
    same = and_(
        worklist.c.id == row.id,
        worklist.c.person_sealed == row.person_sealed,
        worklist.c.hashed_by != cipher.hashing_name,
    )
    if connection.execute(update(worklist).where(same).values(hashed_by=cipher.hashing_name)).rowcount != 1:
        return 0
    keep_words(connection, Place(row.tenant, row.encounter), person, cipher)
    return 1


def _has(tenant: str, hashes: tuple[str, ...]) -> ColumnElement[bool]:
    found = and_(worklist_words.c.tenant == tenant, worklist_words.c.word.in_(hashes))
    return worklist.c.encounter.in_(select(worklist_words.c.encounter).where(found))


def _hashes(tenant: str, word: str, cipher: Cipher) -> tuple[str, ...]:
    return cipher.hashes(f"{tenant}\n{word}")


def _whole_words(text: str) -> set[str]:
    """As it stands without its marks, and its parts: of O'Brien-Smith both obriensmith and smith."""
    written = _SPACES.split(text)
    parts = [part for word in written for part in re.split(r"[\W_]+", word)]
    return {_plain(each) for each in (*written, *parts)}


def _plain(word: str) -> str:
    """Letters and digits without accents and case."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(each for each in decomposed if each.isalnum())[:_LONGEST_WORD]


def _beginnings(word: str) -> list[str]:
    return [word[:length] for length in range(SHORTEST_PART, len(word))]
