"""Accept, edit, dismiss, undo: what a person says about suggested charges, checked and recorded.

Nothing is recorded unless the person may decide, the form belongs to this chart, and the chart still says what the
page showed. Several decisions in one form are recorded together or not at all.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from plugin.domain.charge import ChargeKey, CodedEncounter, Decision, SuggestedCharge
from plugin.review.edited_links import links_of
from plugin.review.lines import LineDifference, back, compare_lines, identity_of, lines_of
from plugin.review.ports import Backing, Decided, NewDecision, Person, Policy, ReviewRecords, same_suggestion
from plugin.review.reasons import read_reason
from plugin.review.refusals import DecisionRefused, Invalid
from plugin.review.scrubbed_decisions import Scrub, complaint, decisions_in_force
from plugin.review.scrubbing import Scrubbed

ACTIONS = frozenset({"accept", "edit", "dismiss", "undo"})
LEAST_UNITS, MOST_UNITS = 1, 9999
MOST_MODIFIERS = 4  # the professional and the institutional claim both have room for four
_NEVER_DECIDE = frozenset({"Patient", "RelatedPerson"})
_WEIGHT = {"planned": 1, "billable": 2}


class NotAllowed(DecisionRefused):
    """This person may not decide this."""


class WrongChart(DecisionRefused):
    """The form was made for another patient or encounter."""


class Waits(DecisionRefused):
    """The line rests on what was attested and is not charted yet; it can be accepted once the chart says it."""


class Stale(DecisionRefused):
    """The chart changed since the page was shown; `differences` None when what was shown is no longer known.

    An empty tuple says that the chart changed without changing any line.
    """

    def __init__(self, differences: tuple[LineDifference, ...] | None) -> None:
        super().__init__("The chart has changed since this page was shown. Look at what is new, then decide again.")
        self.differences = differences


class CurrentReview(Protocol):
    """The review as the chart stands now."""

    @property
    def coded(self) -> CodedEncounter: ...

    @property
    def basis(self) -> str: ...

    @property
    def waiting(self) -> frozenset[ChargeKey]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form says about one line; `seen` is the number of the last decision its page showed on it, or 0.

    `units` and `modifiers` count for an edit only. `basis` is the digest the page was made from.
    """

    patient: str
    encounter: str
    basis: str
    key: ChargeKey
    action: str
    seen: int = 0
    units: int | None = None
    modifiers: tuple[str, ...] | None = None
    reason: str = ""
    diagnoses: tuple[str, ...] | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Sitting:
    """One person before one chart at one moment; `review` is the chart read and coded anew just now.

    `modifiers` are the two-character modifiers of the code book; `scrub` holds a set of charges against the edits.
    """

    person: Person
    review: CurrentReview
    records: ReviewRecords
    policy: Policy
    modifiers: Collection[str]
    now: datetime
    scrub: Scrub = lambda lines: Scrubbed()


def may_open(person: Person, policy: Policy) -> None:
    """Raise NotAllowed, with the reason, unless this is a person whose word may be recorded at this tenant."""
    if not policy.open and not (person.verified and person.reference):
        raise NotAllowed("The EHR did not say who you are (no verified fhirUser), so nothing can be accepted.")
    if _NEVER_DECIDE.intersection(person.reference.split("/")):
        raise NotAllowed("Patients and their relatives can read this page and decide nothing.")


def may_decide(person: Person, policy: Policy) -> None:
    """Raise NotAllowed, with the reason, unless this person may accept charges at this tenant."""
    may_open(person, policy)
    if not policy.status_for(person.role):
        who = f"The role {person.role} can" if person.role else "Without a role you can"
        raise NotAllowed(f"{who} read this page only. The app's administrator gives the roles that may accept charges.")


def may_take_away(person: Person, policy: Policy) -> None:
    """Raise NotAllowed, with the reason, unless this is staff with a role: who only reads takes no chart along."""
    may_open(person, policy)
    if not person.role:
        raise NotAllowed("Without a role you can read this page only. The app's administrator gives roles.")


def decide(asked: Sequence[Asked], sitting: Sitting) -> tuple[Decided, ...]:
    """Record what a person says about one or more lines.

    Raises NotAllowed, WrongChart, Stale, Invalid; from the records AlreadyDecided and AlreadySent.
    """
    may_decide(sitting.person, sitting.policy)
    if not asked:
        raise Invalid("charge", "Choose at least one charge. Nothing was recorded.")
    for each in asked:
        _check_chart(each, sitting.review)
    if len({each.key for each in asked}) != len(asked):
        raise Invalid("line", "The form names a charge twice; decide on each once.")
    if any(each.action != "undo" and each.basis != sitting.review.basis for each in asked):
        raise Stale(_changes_since(asked, sitting))
    standing = {decided.identity: decided for decided in sitting.records.standing()}
    new = [_check(each, sitting, standing) for each in asked]
    _heed_scrubber(new, standing.values(), sitting)
    return sitting.records.decide(new, sitting.now)


def _heed_scrubber(new: Sequence[NewDecision], standing: Collection[Decided], sitting: Sitting) -> None:
    coded = sitting.review.coded
    before = decisions_in_force(standing, coded.charges)
    if found := complaint([each.decision for each in new], before, coded, sitting.scrub):
        raise Invalid(*found)


def _check_chart(asked: Asked, review: CurrentReview) -> None:
    encounter = review.coded.chart.encounter
    if (asked.patient, asked.encounter) != (encounter.patient, encounter.id):
        raise WrongChart("This form belongs to another chart. Nothing was recorded; open the page again.")


def _changes_since(asked: Sequence[Asked], sitting: Sitting) -> tuple[LineDifference, ...] | None:
    basis = next(each.basis for each in asked if each.basis != sitting.review.basis)
    before = sitting.records.shown(basis)
    return None if before is None else compare_lines(before, lines_of(sitting.review.coded))


def _check(asked: Asked, sitting: Sitting, standing: dict[str, Decided]) -> NewDecision:
    if asked.action not in ACTIONS:
        raise Invalid("action", "Choose accept, edit, dismiss or undo.")
    identity = identity_of(sitting.records.tenant, sitting.records.encounter, asked.key)
    last = standing.get(identity)
    _refuse_lesser_role(sitting, last)
    if asked.action in {"accept", "edit"} and asked.key in sitting.review.waiting:
        raise Waits(f"{asked.key[1]} rests on what was attested here. Chart the late entry, then choose Refresh.")
    backing = _backing(asked, sitting.review, last)
    units, modifiers, reason = _values(asked, backing.charge, last, sitting.modifiers)
    diagnoses, day = links_of(asked, backing.charge, last, sitting.review.coded)
    person = sitting.person
    decision = Decision(
        key=asked.key,
        action=asked.action,
        decided_by=person.reference or person.name,
        role=person.role,
        decided_at=sitting.now.astimezone(UTC),
        units=units,
        modifiers=modifiers,
        reason=reason,
        basis=asked.basis,
        raised_by=_raised_by(units, backing.charge, person, last),
        diagnoses=diagnoses,
        day=day,
    )
    return NewDecision(identity, decision, backing, person.name, person.verified, asked.seen)


def _raised_by(units: int, charge: SuggestedCharge, person: Person, last: Decided | None) -> str:
    """Who raised the units above the suggestion: the one who said so first, while they stay as they are."""
    if units <= charge.units:
        return ""
    before = last.decision if last is not None else None
    if before is not None and before.raised_by and before.units == units and before.action in {"accept", "edit"}:
        return before.raised_by
    return person.reference or person.name


def _refuse_lesser_role(sitting: Sitting, last: Decided | None) -> None:
    """A clinician's word is not put over a coder's: the status would step back from billable to planned."""
    if last is None or last.decision.action == "undo":
        return
    before = _WEIGHT.get(sitting.policy.status_for(last.decision.role), 0)
    if _WEIGHT.get(sitting.policy.status_for(sitting.person.role), 0) < before:
        line = last.decision.key[1]
        raise NotAllowed(f"{last.name} ({last.decision.role}) has decided on {line}; ask them to change it.")


def _backing(asked: Asked, review: CurrentReview, last: Decided | None) -> Backing:
    charge = next((charge for charge in review.coded.charges if charge.key == asked.key), None)
    if charge is not None:
        return back(review.coded, charge)
    if last is not None and asked.action in {"dismiss", "undo"}:
        return last.backing  # no longer suggested, but decided on before
    raise Invalid("line", f"{asked.key[1]} is not suggested on this encounter.")


def _values(
    asked: Asked, charge: SuggestedCharge, last: Decided | None, allowed: Collection[str]
) -> tuple[int, tuple[str, ...], str]:
    """Units, modifiers and reason to record."""
    if asked.action == "edit":
        return _edited(asked, charge, allowed)
    if asked.action == "dismiss":
        return charge.units, charge.modifiers, _reason(asked)
    if last is not None and last.decision.action in {"accept", "edit"} and same_suggestion(last.backing.charge, charge):
        # The page shows the edited values; accepting them is what pressing accept there means.
        return last.decision.units, last.decision.modifiers, _reason_if_any(asked) or last.decision.reason
    return charge.units, charge.modifiers, _reason_if_any(asked)


def _edited(asked: Asked, charge: SuggestedCharge, allowed: Collection[str]) -> tuple[int, tuple[str, ...], str]:
    units = charge.units if asked.units is None else asked.units
    modifiers = charge.modifiers if asked.modifiers is None else asked.modifiers
    if isinstance(units, bool) or not isinstance(units, int) or not LEAST_UNITS <= units <= MOST_UNITS:
        raise Invalid(
            "units", f"Units are a whole number from {LEAST_UNITS} to {MOST_UNITS}; to charge nothing, dismiss it."
        )
    if len(modifiers) > MOST_MODIFIERS or len(set(modifiers)) != len(modifiers):
        raise Invalid("modifiers", f"At most {MOST_MODIFIERS} modifiers, each once.")
    for modifier in modifiers:
        if len(modifier) != 2 or modifier not in allowed:
            raise Invalid("modifiers", f"{modifier[:8]!r} is not a modifier of the code book (two characters).")
    return units, modifiers, _reason(asked)


def _reason(asked: Asked) -> str:
    return read_reason(asked.reason)


def _reason_if_any(asked: Asked) -> str:
    return _reason(asked) if asked.reason.strip() else ""
