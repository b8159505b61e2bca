"""A question that was sent to whoever knows, and what became of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SentQuestion:
    """A question as it was sent; `number` counts those of an encounter from 1, `identity` keeps a second send from
    making a second task.

    `kind` and `administrations` are the question's key; `recipient` a reference, empty where the chart names nobody,
    and `recipient_name` what the EHR calls them, empty where it didn't say.
    """

    number: int
    identity: str
    kind: str
    administrations: tuple[str, ...]
    text: str
    patient: str
    encounter: str
    recipient: str
    by: str
    name: str
    role: str
    verified: bool
    at: datetime
    recipient_name: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """Where a sent question stands: `state` is open, answered or declined; `text` what was said, `at` when."""

    state: str
    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrackedQuestion:
    """A sent question, its task in the EHR, and the last reply that was seen."""

    question: SentQuestion
    reference: str
    reply: Reply
