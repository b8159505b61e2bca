"""`infusion-charges keys`: made, changed, resealed, and refused with one line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugin.cli import main
from plugin.ehr.signing import make_signing_key
from plugin.store.cipher import Cipher, make_key
from plugin.store.engine import open_store
from plugin.store.signing_keys import SigningKeys

TENANTS = """
[tenants.epic]
preset = "epic-sandbox"
client_id = "x"
signing = "ES384"
[tenants.plain]
iss = "https://plain.example/fhir"
client_id = "x"
"""
OLD, NEW = make_key(), make_key()
Keys = Callable[..., int]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The address of the store."""
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture
def keys(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Keys:
    """Run the command with these settings."""
    tenants = tmp_path / "tenants.toml"
    tenants.write_text(TENANTS, encoding="utf-8")
    settings = {"TENANTS": str(tenants), "DATABASE_URL": database, "ENCRYPTION_KEYS": OLD}
    for name, value in {**settings, "PUBLIC_URL": "https://app.example.org"}.items():
        monkeypatch.setenv(f"INFUSION_CHARGES_{name}", value)
    return lambda *arguments: main(["keys", *arguments])


def shown(keys: Keys, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The kids that `show` prints."""
    capsys.readouterr()
    assert keys("show", "epic") == 0
    return [key["kid"] for key in json.loads(capsys.readouterr().out)["keys"]]


def test_a_new_encryption_key_is_printed_and_usable(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    """A different one each time."""
    assert (keys("new"), keys("new")) == (0, 0)
    first, second = capsys.readouterr().out.split()
    assert first != second
    assert Cipher.from_keys([first]).open(Cipher.from_keys([first]).seal("x")) == "x"


def test_rotating_keeps_two_and_no_third(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    """The first signs at once, the second a day later; a third has to wait for that day."""
    assert keys("rotate", "epic") == 0
    told = capsys.readouterr().out
    assert "https://app.example.org/jwks/epic.json" in told
    (first,) = shown(keys, capsys)
    assert f"key {first} (ES384)" in told
    assert keys("rotate", "epic") == 0
    both = shown(keys, capsys)
    assert (both[0], len(set(both))) == (first, 2)
    assert keys("rotate", "epic") == 2
    assert "waits for its time" in capsys.readouterr().err
    assert shown(keys, capsys) == both


def test_a_key_that_may_be_known_is_replaced_at_once(keys: Keys, database: str) -> None:
    """With --after 0 the next signature is the new key's."""
    keys("rotate", "epic")
    keys("rotate", "epic", "--after", "0")
    store = open_store(database, [OLD])
    found = SigningKeys(store).of("epic")
    store.close()
    assert [key.signs_from <= datetime.now(UTC) for key in found] == [True, True]
    assert found[0].signs_from < found[1].signs_from


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("rotate", "nobody"), "no tenant nobody; the file has epic, plain"),
        (("rotate", "plain"), "tenant plain proves itself by no key"),
        (("show", "plain"), "tenant plain proves itself by no key"),
        (("rotate", "epic", "--after", "-1"), "--after: give 0 to 8760 hours"),
        (("rotate", "epic", "--after", "99999999999"), "--after: give 0 to 8760 hours"),
    ],
)
def test_what_can_not_be_done_is_one_line(
    keys: Keys, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    """Status 2 and the remedy."""
    assert keys(*arguments) == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert errors.count("\n") == 1


def test_resealing_leaves_the_old_key_unneeded(
    keys: Keys, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The new key writes, the old one still reads; afterwards the new one alone opens everything."""
    keys("rotate", "epic")
    before = shown(keys, capsys)
    monkeypatch.setenv("INFUSION_CHARGES_ENCRYPTION_KEYS", f"{NEW},{OLD}")
    assert shown(keys, capsys) == before
    assert keys("reseal") == 0
    assert "1 values are under the first key now" in capsys.readouterr().out
    monkeypatch.setenv("INFUSION_CHARGES_ENCRYPTION_KEYS", NEW)
    assert shown(keys, capsys) == before


def test_resealing_without_the_old_key_says_what_is_lost(
    keys: Keys, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, with the number."""
    store = open_store(database, [OLD])
    SigningKeys(store).add(make_signing_key("epic", "ES384", datetime.now(UTC)))
    store.close()
    monkeypatch.setenv("INFUSION_CHARGES_ENCRYPTION_KEYS", NEW)
    assert keys("reseal") == 1
    assert "1 values open with no key" in capsys.readouterr().err
