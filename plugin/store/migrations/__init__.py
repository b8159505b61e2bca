"""Alembic migrations, run from code: no alembic.ini, from a checkout or the installed wheel alike."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

# Any fixed number: processes that start together upgrade one after the other.
_ADVISORY_LOCK = 7_402_360
# Alembic keeps its context in module globals: one migration at a time in a process.
_one_at_a_time = threading.Lock()


def upgrade_engine(engine: Engine, revision: str = "head") -> None:
    """Run all missing migrations in one transaction; a failure leaves the database as it was."""
    with _one_at_a_time, engine.execution_options(writing=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        command.upgrade(make_config(connection), revision)


def current_revision(engine: Engine) -> str | None:
    """Return the revision the database stands at, None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    """Whether the tables are those of this version."""
    with engine.connect() as connection:
        newest = ScriptDirectory.from_config(make_config(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == newest


def make_config(connection: Connection) -> Config:
    """Return Alembic's settings for an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
