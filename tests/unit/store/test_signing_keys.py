"""Signing keys in the store: sealed, by tenant, forgotten when told."""

from datetime import timedelta

from plugin.ehr.signing import make_signing_key
from plugin.store.signing_keys import SigningKeys
from plugin.store.upkeep import reseal


def test_keys_come_back_as_they_went_in_oldest_first(store, now):
    """Each tenant its own."""
    keys = SigningKeys(store)
    newer, older = make_signing_key("a", "ES384", now), make_signing_key("a", "ES384", now - timedelta(days=9))
    other = make_signing_key("b", "ES384", now)
    for key in (newer, older, other):
        keys.add(key)

    assert keys.of("a") == (older, newer)
    assert keys.of("b") == (other,)


def test_a_private_key_is_sealed_and_is_sealed_anew(store, now):
    """Nothing of it stands readable in the table; a change of encryption keys takes it along."""
    keys = SigningKeys(store)
    key = make_signing_key("a", "ES384", now)
    keys.add(key)
    with store.reading() as connection:
        row = connection.exec_driver_sql("select * from signing_keys").one()

    assert key.private["d"] not in "".join(map(str, row))
    assert reseal(store) == (1, 0)
    assert keys.of("a") == (key,)


def test_a_forgotten_key_is_gone_alone(store, now):
    """The other one stays."""
    keys = SigningKeys(store)
    first, second = make_signing_key("a", "ES384", now), make_signing_key("a", "ES384", now + timedelta(days=1))
    keys.add(first)
    keys.add(second)
    keys.forget(first)

    assert keys.of("a") == (second,)
