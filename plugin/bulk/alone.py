"""One run at a time in a work folder; the lock ends with its process, however that ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plugin.bulk.errors import BulkError

if sys.platform != "win32":
    import fcntl


@contextmanager
def alone_in(work: Path) -> Iterator[None]:
    """Hold the folder; BulkError where another run does. Windows and some network disks have no such lock."""
    if sys.platform == "win32":
        yield
        return
    folder = os.open(work, os.O_RDONLY)
    try:
        _lock(folder, work)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, work: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        remedy = "run the command again when that has ended, or name another --output and --work"
        raise BulkError(f"{work}: another audit works there; {remedy}") from None
    except OSError:
        return
