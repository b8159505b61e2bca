"""What people stated on this encounter, as the page lists it, with the late entry to copy."""

from collections.abc import Sequence
from dataclasses import dataclass

from plugin.review.attested_standing import Standing
from plugin.review.overlay import CHARTED_APART, needs_addendum
from plugin.web.views.times import WallClock

WORDS = {
    "charted": "The chart says so now; it counts as charted.",
    "answered": "The chart answers this itself now; it counts as charted.",
    "overtaken": "The chart says something else now, and the chart stands.",
    "replaced": "A later answer stands instead; this one counts for nothing.",
    "gone": "What it was about is no longer in the chart; it counts for nothing.",
}
STATED = "Stated here; the chart has no place for it."
FOR_ITS_DAY = "Stated here; it holds for the doses of that day alone, until the chart says it."
BILLS = "Attested; at this site it bills before it is charted."
WAITS = "Attested, waiting for the chart."


@dataclass(frozen=True, slots=True)
class AttestedRow:
    """One answer that was attested; `late_entry` is empty once there is nothing left to chart."""

    number: int
    answer: str
    question: str
    who: str
    reason: str
    state: str
    words: str
    late_entry: str


def attested_rows(standings: Sequence[Standing], clock: WallClock, *, bills: bool) -> tuple[AttestedRow, ...]:
    """One row for each attestation that was not taken back, oldest first."""
    return tuple(_row(each, clock, bills=bills) for each in standings)


def _row(standing: Standing, clock: WallClock, *, bills: bool) -> AttestedRow:
    said = standing.attested
    apart = any(fact.kind in CHARTED_APART for fact in said.facts)
    charts = apart or any(needs_addendum(fact) for fact in said.facts)
    waiting = FOR_ITS_DAY if apart else (BILLS if bills else WAITS) if charts else STATED
    unverified = "" if said.verified else ", unverified"
    return AttestedRow(
        number=said.number,
        answer=said.answer,
        question=said.question,
        who=f"{said.name} ({said.role}{unverified}), {clock.day_and_time(said.at)}",
        reason=said.reason,
        state=standing.state,
        words=WORDS.get(standing.state, waiting),
        late_entry=said.late_entry if charts and standing.state == "waiting" else "",
    )
