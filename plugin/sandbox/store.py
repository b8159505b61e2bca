"""One SQLite file for everything the sandbox keeps.

One connection behind one lock: a pretend EHR needs no parallel writers, and so every read-then-write is safe.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE resources (
    number INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    updated TEXT NOT NULL, patient TEXT, body TEXT NOT NULL, UNIQUE (type, id));
CREATE INDEX resources_by_patient ON resources (type, patient);
CREATE TABLE terms (number INTEGER NOT NULL, param TEXT NOT NULL, system TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX terms_by_value ON terms (param, value, system);
CREATE INDEX terms_by_number ON terms (number);
CREATE TABLE spans (number INTEGER NOT NULL, param TEXT NOT NULL, low REAL NOT NULL, high REAL NOT NULL);
CREATE INDEX spans_by_number ON spans (number);
CREATE TABLE versions (
    type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, updated TEXT NOT NULL, patient TEXT,
    body TEXT NOT NULL, UNIQUE (type, id, version));
CREATE TABLE transactions (id TEXT PRIMARY KEY);
CREATE TABLE searches (key TEXT PRIMARY KEY, type TEXT NOT NULL, numbers TEXT NOT NULL);

CREATE TABLE clients (
    client_id TEXT PRIMARY KEY, auth_method TEXT NOT NULL, jwks TEXT, secret TEXT NOT NULL, launch_url TEXT,
    service INTEGER NOT NULL);
CREATE TABLE redirects (client_id TEXT NOT NULL, uri TEXT NOT NULL, UNIQUE (client_id, uri));
CREATE TABLE launches (
    value TEXT PRIMARY KEY, patient TEXT, encounter TEXT, user TEXT NOT NULL, expires REAL NOT NULL);
CREATE TABLE tickets (ticket TEXT PRIMARY KEY, request TEXT NOT NULL, expires REAL NOT NULL);
CREATE TABLE grants (
    family INTEGER PRIMARY KEY, client_id TEXT NOT NULL, user TEXT NOT NULL, patient TEXT, encounter TEXT,
    scope TEXT NOT NULL, redirect_uri TEXT NOT NULL, nonce TEXT, challenge TEXT NOT NULL, auth_time INTEGER NOT NULL,
    code TEXT NOT NULL UNIQUE, code_expires REAL NOT NULL, code_used INTEGER NOT NULL DEFAULT 0,
    revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE tokens (
    access TEXT PRIMARY KEY, refresh TEXT UNIQUE, family INTEGER NOT NULL, scope TEXT NOT NULL,
    expires REAL NOT NULL, refresh_used INTEGER NOT NULL DEFAULT 0, revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE exports (
    key TEXT PRIMARY KEY, client_id TEXT NOT NULL, request TEXT NOT NULL, files TEXT NOT NULL, began REAL NOT NULL,
    ready REAL NOT NULL);
CREATE TABLE assertion_ids (client_id TEXT NOT NULL, jti TEXT NOT NULL, UNIQUE (client_id, jti));
"""


class Database:
    """Small rows in, small rows out; every call is atomic, `writing()` makes several calls atomic together."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction; nests, and the outermost one commits or rolls back."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Every row of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def first(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        rows = self.all(sql, values)
        return rows[0] if rows else None

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it changed."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, **columns: Any) -> int:
        """Insert one row; its row number.  `table` and the column names come from code, never from a request."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        with self._lock:
            sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  names come from code
            cursor = self._connection.execute(sql, tuple(columns.values()))
            return int(cursor.lastrowid or 0)

    def insert_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one insert for many rows."""
        with self._lock:
            self._connection.executemany(sql, rows)

    def close(self) -> None:
        """Close the file; later calls fail."""
        with self._lock:
            self._connection.close()
