"""What a person states in the app: kept apart, laid over the chart for coding, and never a chart fact."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AttestedFact:
    """One element of the chart as somebody says it was.

    `kind` is the query it answers; `about` an administration, another encounter, or empty for the encounter itself.
    `element` is one of `plugin.review.overlay.ELEMENTS`; `value` its text, a moment as ISO 8601 in UTC.
    `was` is what the chart said then: once the chart says something else, the chart speaks for itself.
    """

    kind: str
    about: str
    element: str
    value: str
    was: str = ""


@dataclass(frozen=True, slots=True)
class Attested:
    """What one person stated in one answer; `number` counts the answers of an encounter from 1.

    `question` is what was asked and `answer` what was said, both in words; `late_entry` the text to chart.
    `by` is the verified fhirUser, `role` theirs at that time.
    """

    number: int
    facts: tuple[AttestedFact, ...]
    question: str
    answer: str
    reason: str
    late_entry: str
    by: str
    name: str
    role: str
    verified: bool
    at: datetime
