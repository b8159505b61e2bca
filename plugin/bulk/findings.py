"""A finding as a row, and what an audit counts."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plugin.bulk.settings import AuditSettings
from plugin.review.audit import Difference, Supported, money


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
    """What was counted on the way, for the summary; `missing` counts infusions without a stop by unit and hour."""

    encounters: int = 0
    complete: int = 0
    failed: int = 0
    lines: int = 0
    unplaced: int = 0
    unmatched: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take another's counts in."""
        for name in ("encounters", "complete", "failed", "lines", "unplaced", "unmatched"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for where, count in other.missing.items():
            self.missing[where] = self.missing.get(where, 0) + count
        self.problems += other.problems
