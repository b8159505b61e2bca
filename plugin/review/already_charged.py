"""What was charged by hand, or by another system, beside what is suggested: matched before anybody accepts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from plugin.domain.charge import ChargeKey, SuggestedCharge
from plugin.domain.existing import ExistingCharge


@dataclass(frozen=True, slots=True)
class AlreadyCharged:
    """Charges of others on an encounter: by the suggested line they match, and those that match none."""

    by_line: Mapping[ChargeKey, tuple[ExistingCharge, ...]] = field(default_factory=dict)
    others: tuple[ExistingCharge, ...] = ()


def match_existing(
    suggested: Sequence[SuggestedCharge], existing: Sequence[ExistingCharge], ours: Collection[str]
) -> AlreadyCharged:
    """Match by code and day, with the same modifiers first; `ours` are references of charges written from here.

    A charge without a day matches any day. One that counts no more (planned, refused, withdrawn) is left out.
    """
    found: dict[ChargeKey, tuple[ExistingCharge, ...]] = {}
    others = []
    for charge in existing:
        if not charge.counts or not charge.code or charge.id in ours:
            continue
        lines = [line for line in suggested if _same_service(line, charge)]
        exact = [line for line in lines if set(line.modifiers) == set(charge.modifiers)]
        if not lines:
            others.append(charge)
        for line in (exact or lines)[:1]:
            found[line.key] = (*found.get(line.key, ()), charge)
    return AlreadyCharged(found, tuple(others))


def units_of(charges: Sequence[ExistingCharge]) -> Decimal:
    """All units together."""
    return sum((charge.units for charge in charges), Decimal(0))


def _same_service(line: SuggestedCharge, charge: ExistingCharge) -> bool:
    return (line.system, line.code) == (charge.system, charge.code) and charge.day in (None, line.day)
