"""Where an import works: alone in its overlay, and beside it until everything is written.

What an import leaves behind that was killed is never taken for a table, and goes when the next one begins.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plugin.codebook.alone import alone_in
from plugin.codebook.errors import CodeBookError

BUSY = "another import into it is running; nothing was imported, import the file when that has ended"


@contextmanager
def overlay_for_import(overlay: Path) -> Iterator[None]:
    """The overlay's folder, made when it is missing and taken away again when the import is refused."""
    made = not overlay.exists()
    try:
        overlay.mkdir(parents=True, exist_ok=True)
        with alone_in(overlay, CodeBookError(f"{overlay}: {BUSY}")):
            yield
    except OSError as wrong:
        place = wrong.filename or overlay
        raise CodeBookError(f"{place}: {wrong.strerror}; nothing was imported, mend that and import again") from None
    finally:
        if made and overlay.is_dir() and not any(overlay.iterdir()):
            overlay.rmdir()


@contextmanager
def staging_for(overlay: Path) -> Iterator[Path]:
    """A folder on the same disk as the overlay and, where possible, beside it: nobody reads half a table."""
    whole = overlay.resolve()
    beside = whole.parent
    same_disk = beside.stat().st_dev == whole.stat().st_dev
    folder = beside if same_disk and os.access(beside, os.W_OK) else whole
    staging = folder / f".importing-{whole.name}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
