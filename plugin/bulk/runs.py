"""An audit as values: what was asked for, what its assembly found, and what came of it."""

from dataclasses import dataclass, field
from pathlib import Path

from plugin.bulk.files import Problem
from plugin.bulk.findings import Tally
from plugin.bulk.machine import Machine
from plugin.bulk.settings import AuditSettings, ChargeSource


@dataclass(frozen=True, slots=True)
class Run:
    """Where to read and work, with what, and how many processes; `charges` is a site's own file of charges."""

    export: Path
    work: Path
    settings: AuditSettings
    workers: int = 1
    memory_mb: int = 512
    charges: Path | None = None

    @property
    def parts(self) -> Path:
        """Where the partitions stand."""
        return self.work / "parts"

    @property
    def machine(self) -> Machine:
        """What DuckDB may use; what finds no room in memory it writes below the work folder."""
        return Machine.of(self.workers, self.memory_mb, self.work / "spill")


@dataclass(frozen=True, slots=True)
class Begun:
    """What an assembled export holds, by how many partitions, where its charges come from, and what was not read."""

    counts: dict[str, int] = field(default_factory=dict)
    partitions: int = 0
    source: str = ChargeSource.NONE.value
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run counted, where its findings stand by partition, and what was not read."""

    tally: Tally
    findings: list[Path]
    counts: dict[str, int]
    source: ChargeSource
    problems: list[Problem]
    resumed: int
