"""A finding as a row, and what an audit counts."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plugin.bulk.settings import AuditSettings
from plugin.review.audit import OVER, UNDER, UNDOCUMENTED, Difference, Supported, money

DIRECTIONS = (UNDER, OVER, UNDOCUMENTED)
"""What is owed to the house first."""


def row_of(difference: Difference, found: Supported, settings: AuditSettings) -> dict[str, Any]:
    """One finding in the shared columns."""
    system, code, modifiers, day = difference.key
    encounter = found.chart.encounter
    amount = money(difference, settings.fees.of(code, day))
    return {
        "encounter": encounter.id,
        "date": day.isoformat(),
        "system": system,
        "code": code,
        "modifiers": list(modifiers),
        "units_charged": _number(difference.charged),
        "units_supported": difference.supported,
        "direction": difference.direction,
        "rule": difference.rule,
        "evidence": "; ".join(dict.fromkeys(fact.text() for fact in difference.evidence)),
        "query": difference.query,
        "question": difference.asked,
        "administrations": list(difference.administrations),
        "amount": None if amount is None else str(amount),
        "group": f"{encounter.id}#{difference.group}" if difference.group else "",
        "unit": unit_of(found),
    }


def _number(units: int | Decimal) -> int | float:
    return int(units) if units == int(units) else float(units)


def unit_of(found: Supported) -> str:
    """Where in the house: the first location that is named, else the class."""
    encounter = found.chart.encounter
    return next(iter(encounter.locations), "") or encounter.encounter_class or "unknown"


@dataclass(slots=True)
class Tally:
    """What was counted on the way, for the summary.

    `lines` are those the charts support and an audit compares; `utc` the encounters charted in UTC where no zone is
    known; `first` and `last` the days of service (YYYY-MM-DD); `found` counts findings by direction, `missing`
    infusions without a stop by unit and hour.
    """

    encounters: int = 0
    complete: int = 0
    failed: int = 0
    lines: int = 0
    unplaced: int = 0
    unmatched: int = 0
    utc: int = 0
    first: str = ""
    last: str = ""
    found: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take another's counts in."""
        for name in ("encounters", "complete", "failed", "lines", "unplaced", "unmatched", "utc"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for ours, theirs in ((self.found, other.found), (self.missing, other.missing)):
            for where, count in theirs.items():
                ours[where] = ours.get(where, 0) + count
        self.spans(other.first, other.last)
        self.problems += other.problems

    def spans(self, first: str, last: str) -> None:
        """Widen the days of service by these; empty for none."""
        self.first = min(filter(None, (self.first, first)), default="")
        self.last = max(self.last, last)
