"""Where each charge stands, from what the store knows: decided, sent, unknown, refused, changed since."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from plugin.domain import CodedEncounter, SuggestedCharge
from plugin.domain.charge import ChargeKey
from plugin.review.lines import identity_of
from plugin.review.ports import Decided, Intent, Policy, Recorded, amended, same_suggestion
from plugin.review.post import needs_second_person
from plugin.review.trail import TrailEntry, name_line, tell
from plugin.web.views.charges import State, token_of
from plugin.web.views.page import Record, TrailLine, Withdrawn
from plugin.web.views.times import WallClock

UNSETTLED = frozenset({"open", "unknown"})
IN_DOUBT = frozenset({"sending", "unknown"})  # whether it is in the EHR comes before whether it still holds
LONGEST_REFERENCE = 19
WAITING_WORDS = "Attested, waiting for the chart"
SAID = {"accept": "Accepted", "edit": "Changed and accepted", "dismiss": "Dismissed", "undo": "Taken back"}


class Known(Protocol):
    """What a page reads of `plugin.review.ports.ReviewRecords`."""

    @property
    def tenant(self) -> str: ...

    @property
    def encounter(self) -> str: ...

    def standing(self) -> Sequence[Decided]: ...

    def recorded(self) -> Mapping[str, Recorded]: ...

    def last_intents(self) -> Mapping[str, Intent]: ...

    def trail(self) -> Sequence[TrailEntry]: ...


@dataclass(frozen=True, slots=True)
class Telling:
    """How it is told: in which zone, whether this tenant sends at all, and by the chart's versions of now.

    `under_way`: charges of this encounter are being sent at this moment.
    """

    clock: WallClock
    sends: bool
    policy: Policy
    versions: Mapping[str, str]
    under_way: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The store's three answers about an encounter, by identity."""

    decided: Mapping[str, Decided]
    recorded: Mapping[str, Recorded]
    intents: Mapping[str, Intent]


def read_record(
    coded: CodedEncounter,
    records: Known,
    clock: WallClock,
    *,
    sends: bool,
    waiting: Collection[ChargeKey] = frozenset(),
    policy: Policy | None = None,
    under_way: bool = False,
) -> Record:
    """The state of every suggested charge, what was decided on charges no longer suggested, and the trail."""
    standing = Standing(
        {decided.identity: decided for decided in records.standing()}, records.recorded(), records.last_intents()
    )
    identities = {identity_of(records.tenant, records.encounter, charge.key): charge for charge in coded.charges}
    versions = {each.id: each.version for each in coded.chart.administrations}
    told = Telling(clock, sends, policy or Policy(records.tenant), versions, under_way)
    states = {
        token_of(charge): _waiting(_state(identity, charge, standing, told), charge.key in waiting)
        for identity, charge in identities.items()
    }
    gone = [d for identity, d in standing.decided.items() if identity not in identities and _still_matters(d, standing)]
    withdrawn = tuple(_withdrawn(decided, standing, told) for decided in gone)
    return Record(states, withdrawn, tuple(_trail_line(entry, clock) for entry in records.trail()))


def _waiting(state: State, waits: bool) -> State:
    """A line that nobody may accept before the late entry is charted."""
    return replace(state, kind="waiting", words=WAITING_WORDS) if waits and state.is_open else state


def _still_matters(decided: Decided, standing: Standing) -> bool:
    recorded = standing.recorded.get(decided.identity)
    in_ehr = recorded is not None and recorded.sent.status in {"planned", "billable", "billed"}
    return in_ehr or decided.decision.action in {"accept", "edit"}


def _state(identity: str, charge: SuggestedCharge, standing: Standing, told: Telling) -> State:
    decided = standing.decided.get(identity)
    if decided is None:
        return State()
    if decided.decision.action == "undo":
        return State(number=decided.number)
    state = _told(decided, standing, told)
    if state.kind in IN_DOUBT:
        return state
    if not same_suggestion(decided.backing.charge, charge):
        words = f"Changed since; it was: {state.words[:1].lower()}{state.words[1:]}"
        return State("changed", words, state.detail, state.reason, state.reference, number=decided.number)
    if decided.decision.action in {"accept", "edit"} and amended(decided.backing, told.versions):
        words = f"An administration behind it was amended since; it was: {state.words[:1].lower()}{state.words[1:]}"
        return replace(state, kind="changed", words=words, can_send=False)
    return state


def _told(decided: Decided, standing: Standing, told: Telling) -> State:
    """The decision, and what came of it in the EHR."""
    decision, recorded = decided.decision, standing.recorded.get(decided.identity)
    kind, words = _what_came_of_it(decided, recorded, standing.intents.get(decided.identity), told)
    accepted = decision.action != "dismiss"
    return State(
        kind=kind,
        words=words,
        detail=_who_and_when(decided, told.clock),
        reason=decision.reason,
        reference=recorded.sent.reference if recorded is not None else "",
        units=decision.units if accepted else None,
        modifiers=decision.modifiers if accepted else None,
        diagnoses=decision.diagnoses if accepted else None,
        day=decision.day if accepted else None,
        number=decided.number,
        by=decided.name,
        can_send=told.sends and kind in {"accepted", "failed", "unknown"},
    )


def _what_came_of_it(
    decided: Decided, recorded: Recorded | None, intent: Intent | None, told: Telling
) -> tuple[str, str]:
    if intent is not None and intent.state in UNSETTLED:
        on_its_way = intent.state == "open" and told.under_way
        return ("sending", "Being sent") if on_its_way else ("unknown", "Unknown, check in the EHR")
    if intent is not None and intent.state != "done" and intent.decision_number == decided.number:
        what = "Stands differently in the EHR" if intent.state == "conflict" else "Refused"
        return "failed", f"{what}: {intent.message}"
    if needs_second_person(decided, told.policy) and (
        recorded is None or recorded.draft.units != decided.decision.units
    ):
        return "second", "Raised above the suggestion: a second person has to accept it"
    status = f" ({recorded.sent.status})" if recorded is not None else ""
    if decided.decision.action == "dismiss":
        return "dismissed", f"Dismissed{status}"
    if recorded is not None:
        return "sent", f"Sent as {shortened(recorded.sent.reference)}{status}"
    return "accepted", "Accepted, not sent yet" if told.sends else "Accepted; nothing is sent (shadow mode)"


def shortened(reference: str) -> str:
    """A reference whose id is a long hash, short enough for a table; the whole of it stands elsewhere on the page."""
    return (
        f"{reference[:LONGEST_REFERENCE]}\N{HORIZONTAL ELLIPSIS}"
        if len(reference) > LONGEST_REFERENCE + 4
        else reference
    )


def _who_and_when(decided: Decided, clock: WallClock) -> str:
    decision = decided.decision
    unverified = "" if decided.verified else " (unverified)"
    return f"{SAID[decision.action]} by {decided.name}{unverified} at {clock.when(decision.decided_at)}"


def _withdrawn(decided: Decided, standing: Standing, told: Telling) -> Withdrawn:
    decision = decided.decision
    line = name_line(decision.key[1], decision.modifiers, decision.units, decision.key[3])
    return Withdrawn(token_of(decided.backing.charge), line, _told(decided, standing, told))


def _trail_line(entry: TrailEntry, clock: WallClock) -> TrailLine:
    return TrailLine(clock.day_and_time(entry.entry.at), tell(entry.entry))
