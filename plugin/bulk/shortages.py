"""What a run met where the machine has no more to give, said with the remedy."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plugin.bulk.apart import LostError
from plugin.bulk.errors import BulkError

ALLOW_MORE = (
    "(a limit by ulimit -v, or of a container); allow more, or use fewer --workers and less --memory, then run the "
    "same command again: partitions that were audited are kept"
)
NO_MORE = f"out of memory: the system gives no more {ALLOW_MORE}"
LOST = f"a process of this run was ended by {{}}, most likely for want of memory {ALLOW_MORE}"
REFUSED = (errno.ENOMEM, errno.EAGAIN)
"""The system gives no memory, or no further process."""
NO_PLACE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
)
"""Nothing can be written there, however much room there is."""
ELSEWHERE = "name a place that can be written to"


@contextmanager
def shortages_said(where: Path, remedy: str) -> Iterator[None]:
    """Running out of memory, processes or disk becomes a BulkError; `where` is what was being written."""
    try:
        yield
    except LostError as lost:
        raise BulkError(LOST.format(lost)) from None
    except MemoryError:
        raise BulkError(NO_MORE) from None
    except (ModuleNotFoundError, BrokenPipeError):
        raise
    except ImportError:  # a library is there and could not be mapped
        raise BulkError(NO_MORE) from None
    except RuntimeError as wrong:
        if "start new thread" not in str(wrong):
            raise
        raise BulkError(NO_MORE) from None
    except OSError as wrong:
        if wrong.errno in REFUSED:
            raise BulkError(NO_MORE) from None
        told = ELSEWHERE if wrong.errno in NO_PLACE else remedy
        raise BulkError(f"{where}: {wrong.strerror or 'cannot be written'}; {told}") from None
