"""Names and numbers that find an encounter, and what of them stands in the database."""

from collections.abc import Callable

import pytest

from plugin.domain import Patient
from plugin.store.cipher import Cipher, make_key
from plugin.store.engine import Store
from plugin.store.retention import forget_encounters
from plugin.store.sealing import SealedPerson
from plugin.store.tables import worklist, worklist_words
from plugin.store.upkeep import reseal
from plugin.store.worklist import Worklist
from plugin.store.worklist_search import Wanted
from plugin.store.worklist_words import asked_words, hash_anew, words_of
from tests.unit.store.test_worklist import row_named

KEYS = ("kept", "person", "numbers")


@pytest.fixture
def rows(store, now) -> Worklist:
    """Two people on the list."""
    found = Worklist(store, "clinic")
    sean = Patient("Patient/p1", "Se\u00e1n O'Brien-Smith", record_number="MRN-0077")
    found.keep(row_named("one", person=sean, patient="Patient/p1", numbers=("880158810",)), now)
    mary = Patient("Patient/p2", "Mary Smithers", record_number="MRN-0078")
    found.keep(row_named("two", person=mary, patient="Patient/p2", numbers=("880158999",)), now)
    return found


def found(rows: Worklist, search: str) -> list[str]:
    """The encounters that a search finds."""
    page = rows.page(Wanted("all", search=search), "")
    return sorted(row.encounter.removeprefix("Encounter/") for row in page.rows)


def words_kept(store: Store) -> set[str]:
    """Every hash in the database."""
    with store.reading() as connection:
        return {row.word for row in connection.execute(worklist_words.select())}


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("Mary", ["two"]),
        ("smi", ["one", "two"]),
        ("SMITHERS, mary", ["two"]),
        ("sean", ["one"]),
        ("Se\u00e1n", ["one"]),
        ("o'brien", ["one"]),
        ("obrien-smith", ["one"]),
        ("brien", ["one"]),
        ("mrn-0077", ["one"]),
        ("mrn0078", ["two"]),
        ("0077", ["one"]),
        ("77", ["one"]),
        ("880158810", ["one"]),
        ("880158", ["one", "two"]),
        ("mary 880158810", []),
        ("mary 880158999", ["two"]),
        ("sm", []),
        ("miths", []),
        ("quill", []),
        ("%", []),
        ("", ["one", "two"]),
    ],
)
def test_a_search_finds_by_words_and_their_beginnings(rows, search, names):
    """Whatever the case, accents, marks and leading zeros; all words must fit; two letters begin too many names."""
    assert found(rows, search) == names


def test_nothing_of_a_name_can_be_read_in_the_database(rows, store):
    """Neither the words nor a plain hash of them; the same word of another tenant has another hash."""
    with store.reading() as connection:
        raw = str(connection.execute(worklist_words.select()).all()).lower()
    assert not [word for word in ("brien", "smith", "mary", "77", "880158810") if f"'{word}'" in raw]
    Worklist(store, "elsewhere").keep(row_named("three"), store_moment(store))
    with store.reading() as connection:
        there = connection.execute(worklist_words.select()).all()
    hashes = {tenant: {row.word for row in there if row.tenant == tenant} for tenant in ("clinic", "elsewhere")}
    assert hashes["elsewhere"]
    assert not hashes["elsewhere"] & hashes["clinic"]


def store_moment(store: Store):
    """When the rows were last seen."""
    with store.reading() as connection:
        return connection.execute(worklist.select()).first().seen_at


def test_a_changed_name_is_found_by_its_new_words_alone(rows, now):
    """People marry, and numbers are merged."""
    mary = Patient("Patient/p2", "Mary Quill", record_number="MRN-9000")
    rows.keep(row_named("two", person=mary, patient="Patient/p2", cents=1), now)
    assert found(rows, "quill") == ["two"]
    assert found(rows, "smithers") == []
    assert found(rows, "880158999") == []


def test_the_words_go_with_their_encounter(rows, store, now):
    """Forgetting leaves no hash behind."""
    assert words_kept(store)
    assert forget_encounters(store, now.replace(year=now.year + 1)).encounters == 2
    assert words_kept(store) == set()


@pytest.fixture
def with_keys(store) -> Callable[..., Worklist]:
    """The same database as an app with these keys sees it."""
    return lambda *keys: Worklist(Store(store.engine, Cipher.from_keys(keys)), "clinic")


def test_a_new_key_goes_on_finding_and_makes_all_hashes_anew(store, now, with_keys):
    """First by the earlier key's hashes; after `keys reseal` the earlier key is needed no more."""
    old, new = make_key(), make_key()
    with_keys(old).keep(row_named("one"), now)
    before = words_kept(store)
    both = with_keys(new, old)
    assert found(both, "quill") == ["one"]
    assert reseal(both.store) == (1, 0)
    assert not words_kept(store) & before
    assert found(with_keys(new), "quill") == ["one"]
    assert hash_anew(both.store) == 0


def test_a_row_of_an_earlier_version_gets_its_words_at_start_up(store, now, with_keys):
    """One without hashes, and not one that no key opens."""
    here = with_keys(make_key())
    here.keep(row_named("one"), now)
    with store.writing() as connection:
        connection.execute(worklist_words.delete())
        connection.execute(worklist.update().values(hashed_by=""))
    assert found(here, "quill") == []
    assert hash_anew(with_keys(make_key()).store) == 0
    assert hash_anew(here.store) == 1
    assert found(here, "quill") == ["one"]


def test_how_many_words_a_row_has():
    """Jane, Quill and MRN-77: whole, their parts, and what they begin with from three characters on."""
    words = words_of(SealedPerson("Jane Quill", "MRN-77"))
    assert words == {"jan", "jane", "qui", "quil", "quill", "mrn", "mrn7", "mrn77", "77"}


def test_an_endless_search_asks_for_a_few_words():
    """A pasted page costs no more than twelve conditions, of forty characters each at most."""
    asked = asked_words("word " * 500 + "x" * 500)
    assert (len(asked), max(len(word) for word in asked)) == (12, 4)
    assert asked_words("x" * 500) == ("x" * 40,)
