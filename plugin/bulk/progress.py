"""What a long run tells of how far it has come."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import duckdb

READING, PARTING, AUDITING = "reading", "parting", "auditing"
"""The stages of an audit; of the first the hundredths are told, of the others lines and encounters."""
Report = Callable[[str, int, int], object]
"""Told (stage, how much of it is done, how much there is) now and then."""
POLL_SECONDS = 0.5
ROWS_BETWEEN = 8192
Row = TypeVar("Row")


def untold(stage: str, done: int, total: int) -> None:
    """For runs that nobody watches."""


@contextmanager
def watched(connection: "duckdb.DuckDBPyConnection", told: Report) -> Iterator[None]:
    """Tell of a long statement of this connection, by DuckDB's own measure, until it has ended."""
    over = threading.Event()

    def poll() -> None:
        most = 0
        while not over.wait(POLL_SECONDS):
            most = max(most, min(int(connection.query_progress()), 100))  # -1 before it knows
            told(READING, most, 100)

    watch = threading.Thread(target=poll, name="progress", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()
    told(READING, 100, 100)


def counted(rows: Iterable[Row], total: int, told: Report) -> Iterator[Row]:
    """The rows, told of as they go by."""
    for number, row in enumerate(rows, 1):
        if number % ROWS_BETWEEN == 0:
            told(PARTING, number, total)
        yield row
    told(PARTING, total, total)
