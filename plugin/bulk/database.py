"""A DuckDB that keeps to what a run may use; only processes apart load it."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from plugin.bulk.errors import BulkError
from plugin.bulk.machine import Machine
from plugin.bulk.shortages import NO_MORE

LIMIT_REACHED = "out of memory: DuckDB needs more than its {} MB; allow more with --memory, then run it again"


def literal(text: str) -> str:
    """A SQL string."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def database(machine: Machine) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of this run alone; running out of disk or memory becomes a BulkError that says so."""
    machine.temp.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")  # to be asked for
        connection.execute(f"SET threads = {machine.threads}; SET memory_limit = '{machine.memory_mb}MB'")
        connection.execute(f"SET temp_directory = {literal(str(machine.temp))}")
        yield connection
    except duckdb.OutOfMemoryException as wrong:
        of_its_own = "used)" in str(wrong)  # so much of its limit; where the system refused, it says nothing of that
        raise BulkError(LIMIT_REACHED.format(machine.memory_mb) if of_its_own else NO_MORE) from None
    except duckdb.IOException as wrong:
        if "space" in str(wrong).lower():
            remedy = "free space or name another with --work, then run the same command again"
            raise BulkError(f"the disk is full, of the work in {machine.temp} or of the output; {remedy}") from None
        raise BulkError(f"a file could not be read or written: {str(wrong).splitlines()[0]}") from None
    finally:
        connection.close()
