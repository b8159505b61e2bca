"""One intent at a time: send it, and find out what became of it when no clear answer came.

Sending again is only done where it can't make a second charge; everything else is left unknown and said so.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol, TypeVar

from plugin.domain.charge import ChargeDraft
from plugin.review.ports import (
    ChargeSink,
    Clock,
    Conflict,
    Intent,
    NothingSent,
    Policy,
    Refused,
    ReviewRecords,
    SentCharge,
    SinkFailure,
    Unknown,
)

_T = TypeVar("_T")
_A = TypeVar("_A")
_B = TypeVar("_B")

MOST_ATTEMPTS = 2
UNSETTLED = frozenset({"open", "unknown"})
# Longer than any gateway keeps a request.
GIVEN_UP_AFTER = timedelta(minutes=15)
UNKNOWN_TEXT = "Whether this charge arrived is unknown. Check in the EHR, or post again to look once more."


class Each(Protocol):
    """Applies a function to each item and gives the results in order, like `map` or a thread pool's `map`."""

    def __call__(self, function: Callable[[_A], _B], items: Iterable[_A], /) -> Iterable[_B]: ...


def one_after_the_other(function: Callable[[_A], _B], items: Iterable[_A], /) -> Iterable[_B]:
    """The `Each` without threads."""
    return map(function, items)


@dataclass(frozen=True, slots=True)
class Posting:
    """What posting needs; `writer` is a name of this call and no other.

    `waits` are the seconds before each look for a charge whose arrival is unknown, `turn_waits` those before each
    try to become the encounter's writer. `each` may work on several lines at once: lines don't depend on each other.
    """

    records: ReviewRecords
    sink: ChargeSink
    policy: Policy
    clock: Clock
    pause: Callable[[float], None]
    writer: str
    waits: tuple[float, ...] = (0.0, 0.5, 1.5)
    turn_waits: tuple[float, ...] = (0.0, 0.2, 0.5, 1.0, 2.0, 3.0)
    each: Each = one_after_the_other

    def looking_once(self) -> "Posting":
        """The same without waiting between looks, for a page that somebody is waiting for."""
        return replace(self, waits=(0.0,), turn_waits=(0.0,))


@dataclass(frozen=True, slots=True)
class Difference:
    """One element of a charge as wanted and as found in the EHR."""

    element: str
    wanted: str
    found: str


def differences(draft: ChargeDraft, found: SentCharge) -> tuple[Difference, ...]:
    """Say in what a charge in the EHR differs from what was to be written."""
    pairs = (
        ("status", draft.status, found.status),
        ("units", str(draft.units), f"{found.units.normalize():f}"),
        ("modifiers", " ".join(draft.modifiers), " ".join(found.modifiers)),
    )
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def carry_out(posting: Posting, intent: Intent) -> SentCharge:
    """Send what is intended and record what came of it; raises SinkFailure, recorded too, and TurnLost."""
    sent = _record_failure(posting, intent, lambda: _send_until_known(posting, intent))
    posting.records.succeed(intent, sent, posting.clock())
    return sent


def look_and_record(posting: Posting, intent: Intent) -> SentCharge | None:
    """Look for what an unsettled intent should have written and record it; None where it isn't there."""
    found = _record_failure(posting, intent, lambda: _look(posting, intent))
    if found is not None:
        posting.records.succeed(intent, found, posting.clock())
    return found


def leave_unknown(posting: Posting, intent: Intent) -> Unknown:
    """Record that nobody can tell, and return the failure to raise or show."""
    posting.records.fail(intent, "unknown", UNKNOWN_TEXT, None, posting.clock())
    return Unknown(UNKNOWN_TEXT)


def is_given_up(posting: Posting, intent: Intent) -> bool:
    """Whether what isn't there will not come any more, and would be no second charge if it came after all."""
    waited = posting.clock() - intent.since if intent.since else timedelta(0)
    return may_repeat(posting, intent) and waited >= GIVEN_UP_AFTER


def may_repeat(posting: Posting, intent: Intent) -> bool:
    """A change carries the version it changes, so the EHR takes it once; a create needs an EHR that takes our key."""
    return intent.base is not None or posting.sink.repeatable


def name_failure(failure: SinkFailure) -> str:
    """The failure in the word that intents, trail and pages use."""
    if isinstance(failure, Unknown):
        return "unknown"
    return "conflict" if isinstance(failure, Conflict) else "refused"


def _record_failure(posting: Posting, intent: Intent, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except SinkFailure as failure:
        found = failure.found if isinstance(failure, Conflict) else None
        if (name_failure(failure), intent.state) != ("unknown", "unknown"):  # looking again has nothing new to tell
            posting.records.fail(intent, name_failure(failure), str(failure), found, posting.clock())
        raise


def _send_until_known(posting: Posting, intent: Intent) -> SentCharge:
    for _ in range(MOST_ATTEMPTS):
        try:
            return _send(posting.sink, intent)
        except NothingSent as failure:
            if intent.attempts > 1:
                raise Unknown(UNKNOWN_TEXT) from failure  # an earlier attempt may have arrived
            raise
        except Unknown:
            found = _look(posting, intent)
        if found is not None:
            return found
        if not may_repeat(posting, intent):
            break
        intent = posting.records.try_again(intent, posting.writer, posting.clock())
    raise Unknown(UNKNOWN_TEXT)


def _send(sink: ChargeSink, intent: Intent) -> SentCharge:
    try:
        if intent.base is not None:
            return sink.change(intent.draft, intent.base)
        found = _first_look(sink, intent)
        return sink.create(intent.draft) if found is None else _as_intended(intent, found)
    except Conflict as conflict:
        if conflict.found is None or differences(intent.draft, conflict.found):
            raise
        return conflict.found  # what stands there is what we were about to write: an earlier attempt arrived


def _first_look(sink: ChargeSink, intent: Intent) -> SentCharge | None:
    """Before anything is sent; raises NothingSent where the EHR can't be asked."""
    try:
        return sink.find(intent.draft)
    except Unknown as blind:
        raise NothingSent(f"Nothing was sent. {blind}") from blind


def _look(posting: Posting, intent: Intent) -> SentCharge | None:
    """Look for what an intent should have written: the charge, or None where it certainly isn't there yet.

    Raises Unknown where the EHR can't be asked, Conflict where something else stands there.
    """
    failure: Unknown | None = None
    for wait in posting.waits:
        if wait:
            posting.pause(wait)
        try:
            found, failure = posting.sink.find(intent.draft, intent.base), None
        except (Unknown, Refused) as blind:
            failure = Unknown(str(blind))  # that we may not look says nothing about what was sent
            continue
        if found is None and intent.base is not None:
            raise Conflict("The charge is no longer in the EHR.", None)
        if found is not None and found.moved_from(intent.base):
            return _as_intended(intent, found)
    if failure is not None:
        raise failure
    return None


def _as_intended(intent: Intent, found: SentCharge) -> SentCharge:
    if differences(intent.draft, found):
        raise Conflict("The charge stands differently in the EHR; it was left as it is.", found)
    return found
