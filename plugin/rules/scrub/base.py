"""What an edit is: a pure function over a set of charges, with an id, a title, its sources and the days it holds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugin.domain import ClaimLine, Fact, Severity, TableRow
from plugin.rules.base import Days

if TYPE_CHECKING:
    from plugin.rules.scrub.claim import Claim


@dataclass(frozen=True, slots=True)
class Found:
    """Something an edit has against these lines, how to mend it, and the table rows it read."""

    lines: tuple[ClaimLine, ...]
    text: Fact
    mend: Fact
    severity: Severity = Severity.HARD
    rows: tuple[TableRow, ...] = ()


Look = Callable[["Claim"], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class ClaimEdit:
    """An edit; it keeps silent about lines that an edit it `yields_to` has spoken of."""

    id: str
    title: str
    cites: tuple[str, ...]
    in_force: Days
    look: Look
    yields_to: tuple[str, ...] = ()


def edit(
    id: str, *, title: str, cites: tuple[str, ...], in_force: Days, yields_to: tuple[str, ...] = ()
) -> Callable[[Look], ClaimEdit]:
    """Make a function an edit; their order stands in `plugin.rules.scrub`, nowhere else."""

    def made(function: Look) -> ClaimEdit:
        return ClaimEdit(id, title, cites, in_force, function, yields_to)

    return made


def hard_if(known: bool) -> Severity:
    """Hard where what it rests on has been read and holds on that day, else a warning."""
    return Severity.HARD if known else Severity.WARN


def shown(line: ClaimLine) -> str:
    """A line in a sentence: its code with its modifiers."""
    return "-".join((line.code, *line.modifiers))
