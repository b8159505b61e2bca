"""What the use cases need from outside, as small protocols, and the values that cross them.

Nothing here knows a database, HTTP or FHIR; the store and the sinks satisfy these from outside.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from plugin.domain.charge import ChargeDraft, ChargeKey, Decision, SuggestedCharge
from plugin.domain.chart import Chart, Patient
from plugin.review.trail import Entry, TrailEntry


class ChartSource(Protocol):
    """Where the chart comes from: an EHR, a file, a test."""

    def read_chart(self) -> Chart:
        """Read the encounter anew."""


# --- people --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Who is at the keyboard: fhirUser (empty when there is none), name, role, and whether the EHR vouched for them."""

    reference: str
    name: str
    role: str
    verified: bool


ACCEPTS_AS: Mapping[str, str] = {"clinician": "planned", "coder": "billable", "lead": "billable"}


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's settings for deciding and writing.

    `accepts_as` says where the tenant departs from ACCEPTS_AS: role to status, empty for a role that can't accept.
    `write` False is shadow mode: everything but sending. `open`: no authentication, names are recorded as unverified.
    `second_person`: units raised above the suggestion are sent once another person has accepted them.
    """

    tenant: str
    accepts_as: Mapping[str, str] = field(default_factory=dict)
    write: bool = True
    open: bool = False
    second_person: bool = False

    def status_for(self, role: str) -> str:
        """The status an acceptance by this role is sent with; empty when the role can't accept."""
        return self.accepts_as.get(role, ACCEPTS_AS.get(role, ""))


# --- decisions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Backing:
    """What a decision was made on, kept so that it can be sent later as it was seen.

    `versions` are those of the administrations behind it, by their ids.
    `visit_class` is the encounter's, as charted. `note` is the one-line why; `start` and `stop` the time the charge
    covers, None where the chart has none.
    """

    charge: SuggestedCharge
    patient: str
    note: str
    start: datetime | None = None
    stop: datetime | None = None
    performers: tuple[str, ...] = ()
    organization: str = ""
    person: Patient | None = None
    versions: tuple[tuple[str, str], ...] = ()
    visit_class: str = ""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision about to be recorded; `seen` is the number of the last decision the page showed on this line, or 0."""

    identity: str
    decision: Decision
    backing: Backing
    name: str
    verified: bool
    seen: int


@dataclass(frozen=True, slots=True)
class Decided:
    """A recorded decision; `number` counts the decisions on this line from 1."""

    identity: str
    number: int
    decision: Decision
    backing: Backing
    name: str
    verified: bool


def same_suggestion(before: SuggestedCharge, after: SuggestedCharge) -> bool:
    """Whether two suggestions of one line come to the same; how their reasons are worded is no difference."""
    return (before.key, before.units, before.administrations, before.diagnoses, before.minutes) == (
        (after.key, after.units, after.administrations, after.diagnoses, after.minutes)
    ) and (before.ndc, before.ndc_quantity) == (after.ndc, after.ndc_quantity)


def amended(backing: Backing, versions: Mapping[str, str]) -> tuple[str, ...]:
    """The administrations of which another version stands now than a decision rested on, or none at all."""
    return tuple(id for id, version in backing.versions if versions.get(id) != version)


def repeats(standing: Decided, new: NewDecision) -> bool:
    """Whether a decision says what the same person said last: a second click, which records nothing."""
    before, after = standing.decision, new.decision
    if amended(standing.backing, dict(new.backing.versions)):
        return False
    return same_suggestion(standing.backing.charge, new.backing.charge) and (
        (before.decided_by, before.role, before.action, before.units, before.modifiers, before.reason)
        == (after.decided_by, after.role, after.action, after.units, after.modifiers, after.reason)
        and (before.diagnoses, before.day) == (after.diagnoses, after.day)
    )


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One suggested line as a page showed it; kept to say what changed since."""

    key: ChargeKey
    units: int
    administrations: tuple[str, ...]


# --- writing to the EHR --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SentCharge:
    """A charge as it stands in the EHR; `version` is the resource version, `author` who entered it."""

    identity: str
    reference: str
    version: str
    status: str
    units: Decimal
    modifiers: tuple[str, ...]
    author: str

    def moved_from(self, before: "SentCharge | None") -> bool:
        """Whether this is no longer what stood there; some EHRs answer a change with another charge."""
        return before is None or (self.reference, self.version) != (before.reference, before.version)


class SinkFailure(Exception):
    """A charge could not be written; the text is fit for a page and names the remedy."""


class Unknown(SinkFailure):
    """No answer, or one that leaves open whether the charge was written."""


class Refused(SinkFailure):
    """The EHR said no, or we did before sending: nothing was written."""


class NothingSent(Refused):
    """Nothing was sent this time: the EHR could not be asked first, or wants to be left alone."""


class Conflict(SinkFailure):
    """The charge in the EHR isn't as we wrote it: billed, changed by somebody else, deleted (`found` None), double."""

    def __init__(self, text: str, found: SentCharge | None) -> None:
        super().__init__(text)
        self.found = found


class ChargeSink(Protocol):
    """One way of writing charges into one EHR for one launch.

    `repeatable`: a create may be sent again after an unknown outcome, since the EHR takes our key for it.
    `takes_planned`: the EHR can hold a charge that a coder hasn't accepted yet.
    """

    @property
    def name(self) -> str: ...

    @property
    def repeatable(self) -> bool: ...

    @property
    def takes_planned(self) -> bool: ...

    def find(self, draft: ChargeDraft, known: SentCharge | None = None) -> SentCharge | None:
        """Look the charge up; None when the EHR has none. Raises Unknown, Refused, Conflict (several).

        `known` is the charge as we last wrote it, for an EHR that keeps no identity of ours.
        """

    def create(self, draft: ChargeDraft) -> SentCharge:
        """Create it once and read it back; raises Unknown, Refused, Conflict."""

    def change(self, draft: ChargeDraft, sent: SentCharge) -> SentCharge:
        """Change the version we wrote and read it back; raises Unknown, Refused, Conflict."""


@dataclass(frozen=True, slots=True)
class NewIntent:
    """What is about to be sent, stored first; `base` is the version to change, None for a create."""

    draft: ChargeDraft
    decision_number: int
    sink: str
    base: SentCharge | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A stored intent; `state` is open (sending, or the process died), unknown, done, refused or conflict.

    `since` is when it came to be so, None where nobody asks.
    """

    id: int
    draft: ChargeDraft
    decision_number: int
    sink: str
    base: SentCharge | None
    state: str
    attempts: int
    message: str = ""
    found: SentCharge | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A charge as we last wrote it, with the draft it was written from."""

    sent: SentCharge
    draft: ChargeDraft


# --- records -------------------------------------------------------------------------------------


class AlreadyDecided(Exception):
    """Somebody decided on this line since the page was shown; `standing` is what they decided."""

    def __init__(self, standing: Decided) -> None:
        super().__init__(f"{standing.name} has decided on this line meanwhile; look again before you decide")
        self.standing = standing


class AlreadySent(Exception):
    """A decision that was sent, or is being sent, can't be undone; dismiss the charge with a reason instead."""


class TurnLost(Exception):
    """Another process took the turn to write for this encounter; nothing more may be sent from here."""


class ReviewRecords(Protocol):
    """Decisions, intents, sent charges and the trail of one encounter; each call is one short transaction."""

    @property
    def tenant(self) -> str: ...

    @property
    def encounter(self) -> str: ...

    def keep_shown(self, basis: str, lines: Sequence[ShownLine], now: datetime) -> None:
        """Remember the lines a page showed under its basis."""

    def shown(self, basis: str) -> tuple[ShownLine, ...] | None:
        """The lines shown under a basis; None when unknown or purged."""

    def standing(self) -> tuple[Decided, ...]:
        """The last decision on each line, an `undo` included, in order of the lines' first decision."""

    def decide(self, decisions: Sequence[NewDecision], now: datetime) -> tuple[Decided, ...]:
        """Record all or none; raises AlreadyDecided, and AlreadySent for an undo that comes too late."""

    def recorded(self) -> Mapping[str, Recorded]:
        """Charges in the EHR as we last wrote them, by identity."""

    def last_intents(self) -> Mapping[str, Intent]:
        """The latest intent for each identity."""

    def take_turn(self, writer: str, now: datetime) -> bool:
        """Become the one writer for this encounter, or go on being it; False while somebody else is."""

    def end_turn(self, writer: str) -> None:
        """Let the next writer in."""

    def intend(self, new: NewIntent, writer: str, now: datetime) -> Intent | None:
        """Store what is about to be sent; None when the decision no longer stands. Raises TurnLost."""

    def try_again(self, intent: Intent, writer: str, now: datetime) -> Intent:
        """Count another attempt at an intent with an unknown outcome. Raises TurnLost."""

    def succeed(self, intent: Intent, sent: SentCharge, now: datetime) -> None:
        """The charge is in the EHR as intended."""

    def fail(self, intent: Intent, state: str, message: str, found: SentCharge | None, now: datetime) -> None:
        """It isn't, or we can't tell: state unknown, refused or conflict."""

    def note(self, entries: Sequence[Entry]) -> None:
        """Add to the trail what changes nothing else."""

    def trail(self) -> tuple[TrailEntry, ...]:
        """Everything that happened, oldest first."""


Clock = Callable[[], datetime]
Keys = Collection[ChargeKey]
