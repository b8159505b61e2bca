"""The diagnoses and the day of a line as a person changed them: only what the chart holds can be linked."""

from datetime import date
from typing import Protocol

from plugin.domain.charge import CodedEncounter, SuggestedCharge
from plugin.review.ports import Decided, same_suggestion
from plugin.review.refusals import Invalid

MOST_DIAGNOSES = 12  # the institutional claim has room for more, the professional one for twelve
Links = tuple[tuple[str, ...] | None, date | None]


class Wanted(Protocol):
    """What a form says about a line's links; None where it says nothing."""

    @property
    def action(self) -> str: ...

    @property
    def diagnoses(self) -> tuple[str, ...] | None: ...

    @property
    def day(self) -> date | None: ...


def links_of(asked: Wanted, charge: SuggestedCharge, last: Decided | None, coded: CodedEncounter) -> Links:
    """Diagnoses in pointer order and the day, each None where it stays as suggested; raises Invalid."""
    if asked.action == "edit":
        return _diagnoses(asked, charge, coded), _day(asked, charge, coded)
    kept = last is not None and last.decision.action in {"accept", "edit"} and asked.action == "accept"
    if last is not None and kept and same_suggestion(last.backing.charge, charge):
        return last.decision.diagnoses, last.decision.day
    return None, None


def charted_codes(coded: CodedEncounter) -> frozenset[str]:
    """The ICD-10-CM codes that can be linked: charted on the encounter, or suggested on one of its lines."""
    charted = {d.icd10cm() for d in coded.chart.diagnoses} | {c for line in coded.charges for c in line.diagnoses}
    return frozenset(code for code in charted if code)


def _diagnoses(asked: Wanted, charge: SuggestedCharge, coded: CodedEncounter) -> tuple[str, ...] | None:
    wanted = asked.diagnoses
    if wanted is None or wanted == charge.diagnoses:
        return None
    if len(wanted) > MOST_DIAGNOSES or len(set(wanted)) != len(wanted):
        raise Invalid("diagnoses", f"At most {MOST_DIAGNOSES} diagnoses, each once, the first pointer first.")
    known = charted_codes(coded)
    for code in wanted:
        if code not in known:
            raise Invalid("diagnoses", f"{code[:12]} is not charted on this encounter; chart it first, then Refresh.")
    return wanted


def _day(asked: Wanted, charge: SuggestedCharge, coded: CodedEncounter) -> date | None:
    """A day of the visit, or of any of its lines."""
    if asked.day is None or asked.day == charge.day:
        return None
    visit = coded.chart.encounter
    days = [line.day for line in coded.charges]
    days += [moment.date() for moment in (visit.start, visit.stop) if moment]
    if not min(days) <= asked.day <= max(days):
        raise Invalid("day", f"{asked.day.isoformat()} is no day of this visit.")
    return asked.day
