"""Charges for an EHR that takes none: kept in the ledger of the export to billing, with the same audit trail.

The ledger lies in the store, so that nothing is ever unknown: what was accepted is in it, or is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from plugin.domain.charge import ChargeDraft
from plugin.review.ports import Conflict, SentCharge
from plugin.store.exports import CHARGE, CREDIT, ExportLedger, ExportLine, Overtaken


@dataclass(frozen=True, slots=True)
class Export:
    """Writes the charges of one launch into its tenant's ledger."""

    ledger: ExportLedger
    clock: Callable[[], datetime]

    @property
    def name(self) -> str:
        """How the trail calls this way of writing."""
        return "export"

    @property
    def repeatable(self) -> bool:
        """A line is written for what stood there before, and once."""
        return True

    @property
    def takes_planned(self) -> bool:
        """Billing gets what a coder accepted."""
        return False

    def find(self, draft: ChargeDraft, known: SentCharge | None = None) -> SentCharge | None:
        """What the ledger says of this charge; None when it has never been in it."""
        last = self.ledger.last(draft.identity)
        return _as_dismissed(_sent(last), draft) if last else None

    def create(self, draft: ChargeDraft) -> SentCharge:
        """Add the charge; raises Conflict when it is in the ledger already."""
        return self._write(draft, 0, [CHARGE])

    def change(self, draft: ChargeDraft, sent: SentCharge) -> SentCharge:
        """Credit what was charged and, unless it was dismissed, charge it as it is now; raises Conflict."""
        kinds = [*([CREDIT] if sent.status == "billable" else []), *([CHARGE] if draft.status == "billable" else [])]
        if not kinds:
            return sent
        return self._write(draft, int(sent.version), kinds)

    def _write(self, draft: ChargeDraft, after: int, kinds: list[str]) -> SentCharge:
        try:
            written = _sent(self.ledger.write(draft, after, kinds, self.clock()))
        except Overtaken as overtaken:
            found = _sent(overtaken.last) if overtaken.last else None
            raise Conflict("This charge stands differently in the export; it was left as it is.", found) from overtaken
        return _as_dismissed(written, draft)


def _as_dismissed(sent: SentCharge, draft: ChargeDraft) -> SentCharge:
    """A credit takes the whole charge away, whatever units it had."""
    if (sent.status, draft.status) != ("not-billable", "not-billable"):
        return sent
    return replace(sent, units=Decimal(draft.units), modifiers=draft.modifiers)


def _sent(line: ExportLine) -> SentCharge:
    return SentCharge(
        identity=line.draft.identity,
        reference=f"Export/{line.draft.identity[:16]}",
        version=str(line.number),
        status="billable" if line.kind == CHARGE else "not-billable",
        units=Decimal(line.draft.units),
        modifiers=line.draft.modifiers,
        author=line.draft.entered_by,
    )
