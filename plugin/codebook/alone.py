"""A folder for one process at a time; the lock ends with its process, however that ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def alone_in(folder: Path, refusal: Exception) -> Iterator[None]:
    """Hold the folder; raises `refusal` where another process does. Windows and some network disks have no lock."""
    if sys.platform == "win32":
        yield
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        _lock(held, refusal)
        yield
    finally:
        os.close(held)


def _lock(folder: int, refusal: Exception) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise refusal from None
    except OSError:
        return
