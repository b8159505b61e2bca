"""Commands on a database that this version can't work on: one line with the remedy, status 2, no traceback."""

from pathlib import Path

import pytest
from sqlalchemy import text

from plugin.cli import main
from plugin.store.cipher import make_key
from plugin.store.engine import make_engine, upgrade

COMMANDS = (
    ("serve", "--port", "15987", "--workers", "1"),
    ("purge", "--older-than", "400"),
    ("audit-trail", "verify"),
    ("keys", "reseal"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("broken", ["newer", "no database"])
def test_an_unusable_store_is_one_line(
    command: tuple[str, ...],
    broken: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The line names the store and says what to do."""
    file, tenants = tmp_path / "store.sqlite3", tmp_path / "tenants.toml"
    tenants.write_text('[tenants.local]\npreset = "local"\niss = "http://127.0.0.1:15988/fhir"\nclient_id = "x"\n')
    _break(file, broken)
    monkeypatch.setenv("INFUSION_CHARGES_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("INFUSION_CHARGES_ENCRYPTION_KEYS", make_key())
    monkeypatch.setenv("INFUSION_CHARGES_TENANTS", str(tenants))

    assert main(list(command)) == 2

    errors = capfd.readouterr().err
    remedy = "start the newer version" if broken == "newer" else "check the address"
    assert len(errors.splitlines()) == 1
    assert remedy in errors
    assert "store.sqlite3" in errors


def _break(file: Path, broken: str) -> None:
    if broken == "no database":
        file.write_bytes(b"anything but a database" * 100)
        return
    upgrade(f"sqlite:///{file}")
    engine = make_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    engine.dispose()
