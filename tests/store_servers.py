"""Databases for the store tests: SQLite in a folder, PostgreSQL as a temporary cluster that the tests start themselves.

The cluster listens on a Unix socket in its own folder and nowhere else, keeps nothing, and needs no rights but the
server binaries: Debian's live in /usr/lib/postgresql/VERSION/bin and refuse to run as root, so root steps down to the
package's own user.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

MISSING = "PostgreSQL server binaries are not installed; apt-get install postgresql"
_SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running PostgreSQL cluster; `url_of` gives the SQLAlchemy address of one of its databases."""

    binaries: Path
    folder: Path

    def url_of(self, database: str) -> str:
        """Return the SQLAlchemy address of a database in this cluster."""
        return f"postgresql+psycopg://{_SUPERUSER}@/{database}?host={quote(str(self.folder), safe='')}"

    def create(self, database: str) -> None:
        """Make an empty database."""
        self._run("createdb", database)

    def drop(self, database: str) -> None:
        """Remove a database, closing whatever is still connected to it."""
        self._run("dropdb", "--force", database)

    def _run(self, program: str, *arguments: str) -> None:
        connection = ["--host", str(self.folder), "--username", _SUPERUSER]
        _call([str(self.binaries / program), *connection, *arguments], as_user=None)


def find_binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL server binaries, or None where there are none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if debian:
        return debian[-1].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None


@contextmanager
def running_cluster(binaries: Path) -> Iterator[Cluster]:
    """Start a throw-away cluster and stop it again; raises RuntimeError with the server's words if it can't start."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path holds 107 bytes at most
    user = _unprivileged_user()
    if user:
        shutil.chown(folder, user)
    control = [str(binaries / "pg_ctl"), "--pgdata", str(folder / "data"), "--silent", "--wait"]
    settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c full_page_writes=off"
    try:
        initialise = ["--auth", "trust", "--username", _SUPERUSER, "--encoding", "UTF8", "--no-sync"]
        _call([str(binaries / "initdb"), "--pgdata", str(folder / "data"), *initialise], as_user=user)
        _call([*control, "--log", str(folder / "log"), "--options", settings, "start"], as_user=user)
        try:
            yield Cluster(binaries, folder)
        finally:
            _call([*control, "--mode", "immediate", "stop"], as_user=user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """Return the account to step down to: none unless we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _call(command: list[str], as_user: str | None) -> None:
    # Output goes to a file: a server started by pg_ctl inherits a pipe and would keep it open for ever.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command,
            user=as_user,
            group=pwd.getpwnam(as_user).pw_gid if as_user else None,
            extra_groups=[] if as_user else None,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=60,
        )
        output.seek(0)
        if done.returncode:
            raise RuntimeError(f"{Path(command[0]).name} failed: {output.read().decode(errors='replace').strip()}")
