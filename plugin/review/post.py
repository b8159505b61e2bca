"""From an accepted decision to exactly one charge in the EHR, whatever fails in between.

`post_accepted` brings the EHR in line with the decisions that stand: it may be called again at any time, after any
failure, and does only what is still missing. Before anything is sent its intent is stored; an intent that is found
open belongs to a process that died, and is settled by looking into the EHR before anything else is sent.
One writer at a time works on an encounter, in whichever process.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from plugin.domain.charge import ChargeDraft, ChargeKey, Decision, SuggestedCharge
from plugin.review.ports import (
    Conflict,
    Decided,
    Intent,
    Keys,
    NewIntent,
    Policy,
    Recorded,
    Refused,
    SentCharge,
    SinkFailure,
    TurnLost,
    Unknown,
)
from plugin.review.sending import (
    UNKNOWN_TEXT,
    UNSETTLED,
    Difference,
    Posting,
    carry_out,
    differences,
    is_given_up,
    leave_unknown,
    look_and_record,
    may_repeat,
    name_failure,
)
from plugin.review.trail import Entry, name_line

__all__ = [
    "UNSETTLED",
    "Difference",
    "Posted",
    "Posting",
    "differences",
    "look_for_unsettled",
    "make_draft",
    "needs_second_person",
    "post_accepted",
]

_BUSY = "Somebody else is writing charges for this encounter; try again in a moment."
_NO_PLANNED = "This EHR takes no planned charges; it is sent when a coder accepts it."
_SECOND_PERSON = "Units were raised above the suggestion; it is sent when a second person accepts it."
_NEVER_ARRIVED = "It never arrived in the EHR. Send it again."
_NEVER_CAME = "It never arrived in the EHR, and is not wanted there any more."


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one line.

    `outcome`: sent; already (in the EHR as decided); altered (the EHR stored it differently); local (nothing to send:
    dismissed or undone before it was sent); waiting (somebody else has to accept it first); shadow (writing is off);
    unknown; refused; conflict; busy.
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
        charge=_as_decided(backing.charge, decision),
        units=decision.units,
        modifiers=decision.modifiers,
        status="not-billable" if dismissed else policy.status_for(decision.role) or "planned",
        entered_by=decision.decided_by,
        entered_at=decision.decided_at,
        start=None if decision.day else backing.start,
        stop=None if decision.day else backing.stop,
        note=backing.note,
        verified=decided.verified,
        reason=decision.reason,
        performers=backing.performers,
        organization=backing.organization,
        person=backing.person,
        visit_class=backing.visit_class,
    )


def _as_decided(charge: SuggestedCharge, decision: Decision) -> SuggestedCharge:
    """The charge with a person's diagnoses and day; which Conditions they came from is then no longer told.

    How much of the package was used belongs to the units that were suggested: for others nobody has said it.
    """
    if decision.units != charge.units and charge.ndc_quantity is not None:
        charge = replace(charge, ndc_quantity=None)
    if decision.diagnoses is not None:
        charge = replace(charge, diagnoses=decision.diagnoses, diagnosis_references=())
    return replace(charge, day=decision.day) if decision.day else charge


def needs_second_person(decided: Decided, policy: Policy) -> bool:
    """Whether the one who raised the units is the only one who has accepted them."""
    decision = decided.decision
    raised = decision.action in {"accept", "edit"} and decision.raised_by == decision.decided_by
    return policy.second_person and raised


def post_accepted(posting: Posting, keys: Keys | None = None) -> tuple[Posted, ...]:
    """Bring the EHR in line with the decisions on these lines, or on all lines of the encounter.

    A failure of the sink is not raised: each line's `Posted` says what came of it.
    """
    if not posting.policy.write:
        return tuple(_shadow(posting, decided) for decided in _wanted(posting, keys))
    if not _take_turn(posting):
        return tuple(_posted(decided, "busy", message=_BUSY) for decided in _wanted(posting, keys))
    try:
        return tuple(posting.each(lambda decided: _bring_in_line(posting, decided), _wanted(posting, keys)))
    finally:
        posting.records.end_turn(posting.writer)


def look_for_unsettled(posting: Posting) -> tuple[Posted, ...]:
    """Settle what is unknown by one look, sending nothing: from time to time, and at a launch on the encounter.

    What isn't there after a long while, and could be no second charge, is told as never arrived: then it may be sent
    again by whoever sees it.
    """
    unsettled = {identity for identity, intent in posting.records.last_intents().items() if intent.state in UNSETTLED}
    waiting = [decided for decided in posting.records.standing() if decided.identity in unsettled]
    once = posting.looking_once()
    if not waiting or not _take_turn(once):
        return ()
    try:
        return tuple(posting.each(lambda decided: _look_only(once, decided), waiting))
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
    if draft.status == "planned" and not posting.sink.takes_planned:
        return _posted(decided, "waiting", known.sent if known else None, message=_NO_PLANNED)
    if needs_second_person(decided, posting.policy):
        return _posted(decided, "waiting", known.sent if known else None, message=_SECOND_PERSON)
    intent = posting.records.intend(_intent(posting, decided, draft, known), posting.writer, posting.clock())
    if intent is None:
        return _posted(decided, "busy", message="The decision changed while it was being sent; look again.")
    sent = carry_out(posting, intent)
    unlike = differences(draft, sent)
    return _posted(decided, "altered" if unlike else "sent", sent, unlike)


def _intent(posting: Posting, decided: Decided, draft: ChargeDraft, known: Recorded | None) -> NewIntent:
    return NewIntent(draft, decided.number, posting.sink.name, known.sent if known else None)


def _settle(posting: Posting, intent: Intent, decided: Decided) -> None:
    """Find out what became of an intent: afterwards it is done or given up, or a SinkFailure says why neither."""
    if look_and_record(posting, intent) is not None:
        return
    if not may_repeat(posting, intent):
        raise leave_unknown(posting, intent)
    if decided.number != intent.decision_number:
        # Not there, and our key keeps a late arrival from becoming a second charge: what stands now goes instead.
        posting.records.fail(intent, "refused", _NEVER_CAME, None, posting.clock())
    else:
        carry_out(posting, posting.records.try_again(intent, posting.writer, posting.clock()))


def _look_only(posting: Posting, decided: Decided) -> Posted:
    intent = posting.records.last_intents()[decided.identity]
    try:
        found = look_and_record(posting, intent)
    except SinkFailure as failure:
        return _failed(posting, decided, failure)
    if found is not None:
        return _posted(decided, "sent", found)
    if is_given_up(posting, intent):
        posting.records.fail(intent, "refused", _NEVER_ARRIVED, None, posting.clock())
        return _failed(posting, decided, Refused(_NEVER_ARRIVED))
    if intent.state == "unknown":
        return _failed(posting, decided, Unknown(UNKNOWN_TEXT))
    return _failed(posting, decided, leave_unknown(posting, intent))


def _content(draft: ChargeDraft) -> tuple[object, ...]:
    """Everything that makes it worth writing again; not who entered it and when."""
    charge = draft.charge
    return (
        *(draft.status, draft.units, draft.modifiers, draft.reason, draft.start, draft.stop),
        *(charge.administrations, charge.diagnoses, charge.diagnosis_references, charge.day),
        *(charge.ndc, charge.ndc_quantity),
    )


def _failed(posting: Posting, decided: Decided, failure: SinkFailure) -> Posted:
    found = failure.found if isinstance(failure, Conflict) else None
    unlike: tuple[Difference, ...] = ()
    if found is not None and decided.decision.action != "undo":
        unlike = differences(make_draft(decided, posting.policy, posting.records.encounter), found)
    return _posted(decided, name_failure(failure), found, unlike, str(failure))


def _posted(
    decided: Decided,
    outcome: str,
    sent: SentCharge | None = None,
    unlike: tuple[Difference, ...] = (),
    message: str = "",
) -> Posted:
    return Posted(decided.decision.key, decided.identity, outcome, sent, unlike, message)
