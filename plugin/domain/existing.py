"""Charges that somebody has made before."""

from datetime import date
from decimal import Decimal

from msgspec import Struct


class ExistingCharge(Struct, frozen=True, gc=False):
    """A charge that already stands in the EHR.

    `system` is CPT or HCPCS, empty with `code` where it has none; `identifiers` as `system|value`; `version` that was
    read; `entered_by` the reference of who entered it; `day` the day it is for; `diagnoses` its ICD-10-CM codes in
    pointer order, None where it names no reason of its own.
    """

    id: str
    encounter: str = ""
    patient: str = ""
    system: str = ""
    code: str = ""
    units: Decimal = Decimal(1)
    modifiers: tuple[str, ...] = ()
    status: str = ""
    day: date | None = None
    identifiers: tuple[str, ...] = ()
    version: str = ""
    entered_by: str = ""
    diagnoses: tuple[str, ...] | None = None

    @property
    def counts(self) -> bool:
        """Whether it was charged: billable or billed, not planned, refused or withdrawn."""
        return self.status in ("billable", "billed")
