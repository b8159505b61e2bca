"""A file that is there whole or not at all."""

import os
from pathlib import Path
from typing import Any


class whole_file:  # noqa: N801 - used as a statement, as open is
    """A file that only its owner reads; it is in its place when all of it is written."""

    def __init__(self, path: Path) -> None:
        self._path, self._beside = path, path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> Any:
        self._file = os.fdopen(os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        return self._file

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            with self._file:
                if kind is None:
                    self._file.flush()
                    os.fsync(self._file.fileno())
            if kind is None:
                self._beside.replace(self._path)
        finally:
            self._beside.unlink(missing_ok=True)
