"""From an accepted decision to exactly one charge in the EHR, whatever fails in between.

`post_accepted` brings the EHR in line with the decisions that stand: it may be called again at any time, after any
failure, and does only what is still missing. Before anything is sent its intent is stored; an intent that is found
open belongs to a process that died, and is settled by looking into the EHR before anything else is sent.
One writer at a time works on an encounter, in whichever process.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from plugin.domain.charge import ChargeDraft, ChargeKey
from plugin.review.ports import (
    ChargeSink,
    Clock,
    Conflict,
    Decided,
    Intent,
    Keys,
    NewIntent,
    Policy,
    Recorded,
    ReviewRecords,
    SentCharge,
    SinkFailure,
    TurnLost,
    Unknown,
)
from plugin.review.trail import Entry, name_line

_T = TypeVar("_T")

MOST_ATTEMPTS = 2
UNSETTLED = frozenset({"open", "unknown"})
_BUSY = "Somebody else is writing charges for this encounter; try again in a moment."
_UNKNOWN = "Whether this charge arrived is unknown. Check in the EHR, or post again to look once more."
_NEVER_CAME = "It never arrived in the EHR, and is not wanted there any more."


@dataclass(frozen=True, slots=True)
class Posting:
    """What posting needs; `writer` is a name of this call and no other.

    `waits` are the seconds before each look for a charge whose arrival is unknown, `turn_waits` those before each
    try to become the encounter's writer.
    """

    records: ReviewRecords
    sink: ChargeSink
    policy: Policy
    clock: Clock
    pause: Callable[[float], None]
    writer: str
    waits: tuple[float, ...] = (0.0, 0.5, 1.5)
    turn_waits: tuple[float, ...] = (0.0, 0.2, 0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class Difference:
    """One element of a charge as wanted and as found in the EHR."""

    element: str
    wanted: str
    found: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one line.

    `outcome`: sent; already (in the EHR as decided); altered (the EHR stored it differently); local (nothing to send:
    dismissed or undone before it was sent); shadow (writing is off); unknown; refused; conflict; busy.
    """

    key: ChargeKey
    identity: str
    outcome: str
    sent: SentCharge | None = None
    differences: tuple[Difference, ...] = ()
    message: str = ""


def make_draft(decided: Decided, policy: Policy, encounter: str) -> ChargeDraft:
    """Turn a decision into what is written; an acceptance gets the status of the role that gave it."""
    decision, backing = decided.decision, decided.backing
    dismissed = decision.action == "dismiss"
    return ChargeDraft(
        identity=decided.identity,
        encounter=encounter,
        patient=backing.patient,
        charge=backing.charge,
        units=decision.units,
        modifiers=decision.modifiers,
        status="not-billable" if dismissed else policy.accepts_as.get(decision.role, "planned"),
        entered_by=decision.decided_by,
        entered_at=decision.decided_at,
        start=backing.start,
        stop=backing.stop,
        note=backing.note,
        verified=decided.verified,
        reason=decision.reason,
    )


def differences(draft: ChargeDraft, found: SentCharge) -> tuple[Difference, ...]:
    """Say in what a charge in the EHR differs from what was to be written."""
    pairs = (
        ("status", draft.status, found.status),
        ("units", str(draft.units), f"{found.units.normalize():f}"),
        ("modifiers", " ".join(draft.modifiers), " ".join(found.modifiers)),
    )
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def post_accepted(posting: Posting, keys: Keys | None = None) -> tuple[Posted, ...]:
    """Bring the EHR in line with the decisions on these lines, or on all lines of the encounter.

    A failure of the sink is not raised: each line's `Posted` says what came of it.
    """
    if not posting.policy.write:
        return tuple(_shadow(posting, decided) for decided in _wanted(posting, keys))
    if not _take_turn(posting):
        return tuple(_posted(decided, "busy", message=_BUSY) for decided in _wanted(posting, keys))
    try:
        return tuple(_bring_in_line(posting, decided) for decided in _wanted(posting, keys))
    finally:
        posting.records.end_turn(posting.writer)


def look_for_unsettled(posting: Posting) -> tuple[Posted, ...]:
    """Settle what is unknown by looking alone, sending nothing: at start-up and at the next launch on the encounter."""
    unsettled = {identity for identity, intent in posting.records.last_intents().items() if intent.state in UNSETTLED}
    waiting = [decided for decided in posting.records.standing() if decided.identity in unsettled]
    if not waiting or not _take_turn(posting):
        return ()
    try:
        return tuple(_look_only(posting, decided) for decided in waiting)
    finally:
        posting.records.end_turn(posting.writer)


def _wanted(posting: Posting, keys: Keys | None) -> list[Decided]:
    return [decided for decided in posting.records.standing() if keys is None or decided.decision.key in keys]


def _take_turn(posting: Posting) -> bool:
    for wait in posting.turn_waits:
        if wait:
            posting.pause(wait)
        if posting.records.take_turn(posting.writer, posting.clock()):
            return True
    return False


def _shadow(posting: Posting, decided: Decided) -> Posted:
    decision = decided.decision
    if decision.action not in {"accept", "edit"}:
        return _posted(decided, "local")
    line = name_line(decision.key[1], decision.modifiers, decision.units, decision.key[3])
    posting.records.note([Entry(posting.clock(), "shadow", decided.identity, line)])
    return _posted(decided, "shadow", message="Writing is off for this tenant; nothing was sent.")


def _bring_in_line(posting: Posting, decided: Decided) -> Posted:
    intent = posting.records.last_intents().get(decided.identity)
    try:
        if intent is not None and intent.state in UNSETTLED:
            _settle(posting, intent, decided)
        return _write_what_is_missing(posting, decided)
    except TurnLost:
        return _posted(decided, "busy", message=_BUSY)
    except SinkFailure as failure:
        return _failed(posting, decided, failure)


def _write_what_is_missing(posting: Posting, decided: Decided) -> Posted:
    known = posting.records.recorded().get(decided.identity)
    action = decided.decision.action
    if action == "undo" or (action == "dismiss" and known is None):
        return _posted(decided, "local", known.sent if known else None)
    draft = make_draft(decided, posting.policy, posting.records.encounter)
    if known is not None and _content(known.draft) == _content(draft):
        return _posted(decided, "already", known.sent, differences(draft, known.sent))
    intent = posting.records.intend(_intent(posting, decided, draft, known), posting.writer, posting.clock())
    if intent is None:
        return _posted(decided, "busy", message="The decision changed while it was being sent; look again.")
    sent = _carry_out(posting, intent)
    unlike = differences(draft, sent)
    return _posted(decided, "altered" if unlike else "sent", sent, unlike)


def _intent(posting: Posting, decided: Decided, draft: ChargeDraft, known: Recorded | None) -> NewIntent:
    return NewIntent(draft, decided.number, posting.sink.name, known.sent if known else None)


def _settle(posting: Posting, intent: Intent, decided: Decided) -> None:
    """Find out what became of an intent: afterwards it is done or given up, or a SinkFailure says why neither."""
    found = _record_failure(posting, intent, lambda: _look(posting, intent))
    if found is not None:
        posting.records.succeed(intent, found, posting.clock())
    elif not _may_repeat(posting, intent):
        posting.records.fail(intent, "unknown", _UNKNOWN, None, posting.clock())
        raise Unknown(_UNKNOWN)
    elif decided.number != intent.decision_number:
        # Not there, and our key keeps a late arrival from becoming a second charge: what stands now goes instead.
        posting.records.fail(intent, "refused", _NEVER_CAME, None, posting.clock())
    else:
        _carry_out(posting, posting.records.try_again(intent, posting.writer, posting.clock()))


def _look_only(posting: Posting, decided: Decided) -> Posted:
    intent = posting.records.last_intents()[decided.identity]
    try:
        found = _record_failure(posting, intent, lambda: _look(posting, intent))
    except SinkFailure as failure:
        return _failed(posting, decided, failure)
    if found is None:
        posting.records.fail(intent, "unknown", _UNKNOWN, None, posting.clock())
        return _posted(decided, "unknown", message=_UNKNOWN)
    posting.records.succeed(intent, found, posting.clock())
    return _posted(decided, "sent", found)


def _carry_out(posting: Posting, intent: Intent) -> SentCharge:
    sent = _record_failure(posting, intent, lambda: _send_until_known(posting, intent))
    posting.records.succeed(intent, sent, posting.clock())
    return sent


def _record_failure(posting: Posting, intent: Intent, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except SinkFailure as failure:
        found = failure.found if isinstance(failure, Conflict) else None
        posting.records.fail(intent, _outcome_of(failure), str(failure), found, posting.clock())
        raise


def _send_until_known(posting: Posting, intent: Intent) -> SentCharge:
    """Send; after an unknown outcome look, and send again only where that can't make a second charge."""
    for _ in range(MOST_ATTEMPTS):
        try:
            return _send(posting.sink, intent)
        except Unknown:
            found = _look(posting, intent)
        if found is not None:
            return found
        if not _may_repeat(posting, intent):
            break
        intent = posting.records.try_again(intent, posting.writer, posting.clock())
    raise Unknown(_UNKNOWN)


def _send(sink: ChargeSink, intent: Intent) -> SentCharge:
    try:
        if intent.base is not None:
            return sink.change(intent.draft, intent.base)
        found = sink.find(intent.draft)
        return sink.create(intent.draft) if found is None else _as_intended(intent, found)
    except Conflict as conflict:
        if conflict.found is None or differences(intent.draft, conflict.found):
            raise
        return conflict.found  # what stands there is what we were about to write: an earlier attempt arrived


def _look(posting: Posting, intent: Intent) -> SentCharge | None:
    """Look for what an intent should have written: the charge, or None where it certainly isn't there yet.

    Raises Unknown where the EHR can't be asked, Conflict where something else stands there.
    """
    failure: Unknown | None = None
    for wait in posting.waits:
        if wait:
            posting.pause(wait)
        try:
            found, failure = posting.sink.find(intent.draft), None
        except Unknown as unknown:
            failure = unknown
            continue
        if found is None and intent.base is not None:
            raise Conflict("The charge is no longer in the EHR.", None)
        if found is not None and (intent.base is None or found.version != intent.base.version):
            return _as_intended(intent, found)
    if failure is not None:
        raise failure
    return None


def _as_intended(intent: Intent, found: SentCharge) -> SentCharge:
    if differences(intent.draft, found):
        raise Conflict("The charge stands differently in the EHR; it was left as it is.", found)
    return found


def _may_repeat(posting: Posting, intent: Intent) -> bool:
    """A change carries the version it changes, so the EHR takes it once; a create needs an EHR that takes our key."""
    return intent.base is not None or posting.sink.repeatable


def _content(draft: ChargeDraft) -> tuple[object, ...]:
    """Everything that makes it worth writing again; not who entered it and when."""
    charge = draft.charge
    return (
        *(draft.status, draft.units, draft.modifiers, draft.reason, draft.start, draft.stop),
        *(charge.administrations, charge.diagnoses, charge.diagnosis_references),
    )


def _failed(posting: Posting, decided: Decided, failure: SinkFailure) -> Posted:
    found = failure.found if isinstance(failure, Conflict) else None
    unlike: tuple[Difference, ...] = ()
    if found is not None and decided.decision.action != "undo":
        unlike = differences(make_draft(decided, posting.policy, posting.records.encounter), found)
    return _posted(decided, _outcome_of(failure), found, unlike, str(failure))


def _outcome_of(failure: SinkFailure) -> str:
    if isinstance(failure, Unknown):
        return "unknown"
    return "conflict" if isinstance(failure, Conflict) else "refused"


def _posted(
    decided: Decided,
    outcome: str,
    sent: SentCharge | None = None,
    unlike: tuple[Difference, ...] = (),
    message: str = "",
) -> Posted:
    return Posted(decided.decision.key, decided.identity, outcome, sent, unlike, message)
