"""What an audit was asked for, as a value that goes to every process of the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

from plugin.codebook import BookOfOneDay, CodeBook
from plugin.domain import CareSetting
from plugin.ehr.fees import Fees
from plugin.review.prepare import ReviewSettings

NO_DRUG_LINES = {"drug_lines": "elsewhere"}


class ChargeSource(Enum):
    """What says what was charged, in the order of preference; the whole export has one."""

    CHARGE_ITEMS = "ChargeItem"
    CLAIMS = "Claim"
    FILE = "file"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """A way of coding: the care setting, sides of contested points, and the overlay with a site's own tables.

    `edition` is a day whose tables every chart is coded by; without it each is coded by those of its own day.
    """

    setting: CareSetting | None = None
    positions: Mapping[str, str] = field(default_factory=dict)
    overlay: Path | None = None
    edition: date | None = None

    def book(self) -> CodeBook:
        """The code book; CodeBookError for wrong tables or sides."""
        book = CodeBook.load(self.overlay)
        book.check_choices(self.positions)
        return BookOfOneDay.of(book, self.edition) if self.edition else book

    def review(self, *, drugs: bool = True) -> ReviewSettings:
        """As the use cases take it; without `drugs` no line of a drug is worked out."""
        positions = self.positions if drugs else {**self.positions, **NO_DRUG_LINES}
        return ReviewSettings(setting=self.setting, positions=positions)


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """How to audit: the zone, the policy, one to be compared with instead of charges, and fees in dollars.

    `drugs`: the lines of the drugs themselves are compared, too. A line is worth what its code was on its own day.
    """

    policy: Policy = field(default_factory=Policy)
    compared: Policy | None = None
    zone: str = ""
    charges: ChargeSource = ChargeSource.NONE
    drugs: bool = False
    fees: Fees = field(default_factory=Fees)

    def tzinfo(self) -> ZoneInfo | None:
        """The zone, None when the export's own offsets are to be kept."""
        return ZoneInfo(self.zone) if self.zone else None
