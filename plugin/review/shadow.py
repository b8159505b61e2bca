"""Shadow mode over a time: what would have been written, against what was charged by hand meanwhile.

Only encounters on which somebody accepted or dismissed something here: of the others nothing would have been written.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from plugin.domain.charge import ChargeDraft, ChargeKey
from plugin.domain.existing import ExistingCharge
from plugin.review.ports import Decided, Policy
from plugin.review.post import make_draft, needs_second_person

SAME, FEWER, MORE = "the same", "fewer units charged", "more units charged"
MISSING, BY_HAND, DISMISSED = "not charged", "charged by hand alone", "charged, and dismissed here"
OUTCOMES = (SAME, MISSING, FEWER, MORE, BY_HAND, DISMISSED)
Units = int | Decimal


@dataclass(frozen=True, slots=True)
class ShadowLine:
    """One line of an encounter: units that `would` have been written, units that were `charged`, and how they compare.

    `said_by` is who accepted or dismissed it here, empty where nobody did.
    """

    encounter: str
    key: ChargeKey
    would: Units
    charged: Units
    outcome: str
    said_by: str = ""


def compare_shadow(
    encounter: str,
    decisions: Iterable[Decided],
    charged: Iterable[ExistingCharge],
    governed: Collection[str],
    policy: Policy,
) -> tuple[ShadowLine, ...]:
    """Compare by system, code, modifiers and day; of what was charged, codes that are suggested here at all.

    A charge without a day stands on the day of its code here, else on the first day that anything was decided for.
    """
    standing = [each for each in decisions if each.decision.action != "undo"]
    would: dict[ChargeKey, Units] = {}
    said_by: dict[ChargeKey, str] = {}
    for each in standing:
        draft = _would_be_written(each, policy, encounter)
        if draft is not None:
            key = (draft.charge.system, draft.charge.code, tuple(sorted(draft.modifiers)), draft.charge.day)
            would[key], said_by[key] = would.get(key, 0) + draft.units, each.name
    units = _charged(charged, governed, [*would, *(each.decision.key for each in standing)])
    refused = {each.decision.key[:2]: each.name for each in standing if each.decision.action == "dismiss"}
    return tuple(
        ShadowLine(
            encounter,
            key,
            would.get(key, 0),
            units.get(key, 0),
            _outcome(would.get(key, 0), units.get(key, 0), key[:2] in refused),
            said_by.get(key) or refused.get(key[:2], ""),
        )
        for key in sorted({*would, *units}, key=lambda key: (key[3], key[1], key[2]))
    )


def _would_be_written(decided: Decided, policy: Policy, encounter: str) -> ChargeDraft | None:
    """What sending would have sent: nothing for a dismissal, or while a second person is waited for."""
    if decided.decision.action == "dismiss" or needs_second_person(decided, policy):
        return None
    return make_draft(decided, policy, encounter)


def _charged(
    charged: Iterable[ExistingCharge], governed: Collection[str], known: Sequence[ChargeKey]
) -> dict[ChargeKey, Units]:
    units: dict[ChargeKey, Units] = {}
    for charge in charged:
        day = charge.day or _day_of(charge, known)
        if not charge.counts or charge.code not in governed or day is None:
            continue
        key = (charge.system, charge.code, tuple(sorted(charge.modifiers)), day)
        units[key] = units.get(key, 0) + charge.units
    return units


def _day_of(charge: ExistingCharge, known: Sequence[ChargeKey]) -> date | None:
    days = [key[3] for key in known if key[1] == charge.code] or sorted(key[3] for key in known)
    return days[0] if days else None


def _outcome(would: Units, charged: Units, dismissed: bool) -> str:
    if not would:
        return DISMISSED if dismissed else BY_HAND
    if not charged:
        return MISSING
    return SAME if would == charged else FEWER if charged < would else MORE
