"""Findings of an audit against the truth of a generated export."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Line = tuple[str, str, str, str]
"""Encounter, code, modifiers, day."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Seeded differences, those not found with their units and direction, and findings nothing was seeded for."""

    seeded: Mapping[Line, tuple[int, int, str]]
    missed: Mapping[Line, tuple[int, int, str]]
    invented: Mapping[Line, tuple[int, int, str]]

    @property
    def share_found(self) -> float:
        """Of the seeded under- and over-coding."""
        return 1 - len(self.missed) / len(self.seeded) if self.seeded else 1.0


def read_findings(path: Path) -> list[dict[str, Any]]:
    """The findings of a JSON Lines report."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def judge(findings: Iterable[Mapping[str, Any]], truth: Path) -> Verdict:
    """Compare by encounter, code, modifiers and day: units charged, units supported and direction must all agree."""
    found = {
        (f["encounter"], f["code"], "-".join(f["modifiers"]), str(f["date"])): (
            int(f["units_charged"]),
            int(f["units_supported"]),
            f["direction"],
        )
        for f in findings
    }
    with truth.open(encoding="utf-8", newline="") as lines:
        seeded = {
            (row["encounter"], row["code"], row["modifiers"], row["date"]): (
                int(row["units_charged"]),
                int(row["units_supported"]),
                row["direction"],
            )
            for row in csv.DictReader(lines)
            if row["direction"]
        }
    missed = {line: said for line, said in seeded.items() if found.get(line) != said}
    invented = {line: said for line, said in found.items() if seeded.get(line) != said}
    return Verdict(seeded, missed, invented)
