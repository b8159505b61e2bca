"""What a run may use of the machine."""

from dataclasses import dataclass
from pathlib import Path

LEAST_MB = 128
"""For DuckDB and each of its threads, at least."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run may use: threads, and the memory DuckDB keeps to before it writes to `temp`."""

    threads: int
    memory_mb: int
    temp: Path

    @classmethod
    def of(cls, workers: int, memory_mb: int, temp: Path) -> "Machine":
        """As many threads as workers, but no more than the memory is enough for."""
        return cls(max(min(workers, memory_mb // LEAST_MB), 1), memory_mb, temp)
