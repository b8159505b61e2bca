"""Charges that stand on the encounter and did not come from here, in words."""

from collections.abc import Sequence
from dataclasses import replace

from plugin.domain.charge import ChargeKey
from plugin.domain.existing import ExistingCharge
from plugin.review.already_charged import AlreadyCharged, units_of
from plugin.web.views.charges import ChargeRow
from plugin.web.views.page import ReviewPage


def with_existing(page: ReviewPage, keys: Sequence[ChargeKey], already: AlreadyCharged) -> ReviewPage:
    """The page with what others charged beside each line; `keys` are those of its charges, in their order."""
    found = already.by_line
    rows = tuple(
        replace(row, charged_already=_beside(row, found[key])) if key in found else row
        for key, row in zip(keys, page.charges, strict=True)
    )
    return replace(page, charges=rows, charged_otherwise=tuple(_named(charge) for charge in already.others))


def _beside(row: ChargeRow, charges: Sequence[ExistingCharge]) -> str:
    units = units_of(charges)
    same = units == row.units_now and all(set(each.modifiers) == set(row.modifiers_now) for each in charges)
    compared = "the same as here" if same else f"here {row.units_now} {' '.join(row.modifiers_now)}".rstrip()
    return f"Charged already: {'; '.join(_named(each) for each in charges)} ({compared})"


def _named(charge: ExistingCharge) -> str:
    line = "-".join((charge.code, *charge.modifiers))
    day = f" on {charge.day.isoformat()}" if charge.day else ""
    by = f" by {charge.entered_by}" if charge.entered_by else ""
    return f"{line} x {charge.units.normalize():f}{day}, {charge.status}{by}"
