"""Charges that stand on the encounter and did not come from here: rows of the same table, with what differs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from plugin.domain.charge import ChargeKey
from plugin.domain.existing import ExistingCharge
from plugin.review.already_charged import AlreadyCharged, units_of
from plugin.web.views.charges import ChargeRow, LabelOf
from plugin.web.views.existing_row import ExistingRow, existing_row
from plugin.web.views.page import ReviewPage


def with_existing(
    page: ReviewPage, keys: Sequence[ChargeKey], already: AlreadyCharged, label_of: LabelOf
) -> ReviewPage:
    """The page with what others charged beside each line; `keys` are those of its charges, in their order."""

    def row_of(charge: ExistingCharge) -> ExistingRow:
        return existing_row(charge, label_of(charge.code))

    rows = []
    for key, row in zip(keys, page.charges, strict=True):
        charges = already.by_line.get(key, ())
        beside = (replace(row_of(charge), differs=_differs(charge, row, units_of(charges))) for charge in charges)
        rows.append(replace(row, existing=tuple(beside)))
    others = sorted(already.others, key=lambda charge: (charge.day or date.min, charge.code, charge.id))
    return replace(page, charges=tuple(rows), charged_otherwise=tuple(map(row_of, others)))


def _differs(charge: ExistingCharge, row: ChargeRow, units: Decimal) -> tuple[str, ...]:
    """The columns that differ; `units` are those of all that was charged for the line, which may stand in parts."""
    diagnoses = tuple(code for code, _ in row.diagnoses_now)
    differs = {
        "units": units != row.units_now,
        "modifiers": set(charge.modifiers) != set(row.modifiers_now),
        "date": charge.day is not None and charge.day.isoformat() != row.iso_day_now,
        "diagnoses": charge.diagnoses is not None and charge.diagnoses != diagnoses,
    }
    return tuple(column for column, is_so in differs.items() if is_so)
