"""The worklist: what of an encounter is still to be done, by when, and what it should bring.

A summary holds counts, days and codes of places; nothing that was charted about the patient's care.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from plugin.domain import CodedEncounter, Patient
from plugin.domain.chart import Administration, Status
from plugin.domain.codes import Technique
from plugin.review.reasons import DISMISSAL_REASONS

OWN_WORDS = "Another reason"
# The column of the worklist that a line counts in, by where it stands.
_COLUMNS = {
    "undecided": "ready",
    "accepted": "accepted",
    "second": "accepted",
    "sending": "accepted",
    "sent": "posted",
    "unknown": "unknown",
    "failed": "failed",
    "changed": "stale",
    "dismissed": "dismissed",
}


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One line: code, units as accepted, else as suggested, where it stands, and why it was dismissed."""

    code: str
    units: int
    kind: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WorkSummary:
    """An encounter as a row of the worklist; the counts are of lines, `questions` of questions without an answer.

    `cents` is what the lines that are neither posted nor dismissed should bring, `unpriced` how many have no price.
    `infusions` were given and ended, `missing_stops` of them have no charted stop; `dismissed_by` counts by reason;
    `numbers` are what the facility calls the visit.
    """

    encounter: str
    patient: str
    person: Patient | None
    unit: str
    day: date | None
    due: date | None
    is_open: bool
    cents: int
    unpriced: int
    questions: int
    infusions: int
    missing_stops: int
    dismissed_by: Mapping[str, int]
    numbers: tuple[str, ...] = ()
    ready: int = 0
    accepted: int = 0
    posted: int = 0
    unknown: int = 0
    failed: int = 0
    stale: int = 0
    dismissed: int = 0


def summarise(
    coded: CodedEncounter,
    lines: Sequence[WorkLine],
    fees: Mapping[str, Decimal],
    hold_days: int,
    *,
    gone: int = 0,
    sends: bool = True,
) -> WorkSummary:
    """Sum an encounter up; `gone` are accepted lines that are suggested no longer, `hold_days` the site's bill hold.

    Where nothing is sent (`sends` False), an accepted line is done.
    """
    visit = coded.chart.encounter
    counts = Counter(_COLUMNS[line.kind] for line in lines if line.kind in _COLUMNS)
    counts["stale"] += gone
    day = day_of(coded)
    left = [line for line in lines if line.kind not in ("sent", "dismissed")]
    infusions = [each for each in coded.chart.administrations if _is_infusion(each)]
    to_do = ("ready", "unknown", "failed", "stale", *(("accepted",) if sends else ()))
    return WorkSummary(
        encounter=visit.id,
        patient=visit.patient,
        person=coded.chart.patient,
        unit=next(iter(visit.locations), ""),
        day=day,
        due=day + timedelta(days=hold_days) if day else None,
        is_open=bool(coded.asks) or any(counts[name] for name in to_do),
        cents=_cents(left, fees),
        unpriced=sum(line.code not in fees for line in left),
        questions=len(coded.asks),
        infusions=len(infusions),
        missing_stops=sum(_has_no_stop(each) for each in infusions),
        numbers=visit.numbers,
        dismissed_by=Counter(_listed(line.reason) for line in lines if line.kind == "dismissed"),
        **counts,
    )


def day_of(coded: CodedEncounter) -> date | None:
    """The day of the visit; None where nothing tells it."""
    start = coded.chart.encounter.start
    return coded.day or (start.date() if start else None)


def _cents(lines: Iterable[WorkLine], fees: Mapping[str, Decimal]) -> int:
    return round(sum((fees.get(line.code, Decimal(0)) * line.units * 100 for line in lines), Decimal(0)))


def _is_infusion(given: Administration) -> bool:
    """What is still running has no stop to be charted yet."""
    return given.status in (Status.COMPLETED, Status.STOPPED) and given.technique is Technique.INFUSION


def _has_no_stop(given: Administration) -> bool:
    """Whether it would change a charge or not; a stop that somebody attested is in the app, not in the chart."""
    return given.stop is None or given.instant or "stop" in given.attested


def _listed(reason: str) -> str:
    """The reason if it is of the list; a person's own words may tell of the patient and stay where they are."""
    return next((listed for listed in DISMISSAL_REASONS if reason.startswith(listed)), OWN_WORDS)
