"""A line of the export as billing reads it: every format is made from these columns."""

from dataclasses import dataclass
from datetime import datetime

from plugin.domain import Patient
from plugin.ehr.charge_master import ChargeMaster
from plugin.store.exports import CREDIT, ExportLine

SYSTEMS = {"CPT": "C4", "HCPCS": "HPC"}  # HL7 table 0396


@dataclass(frozen=True, slots=True)
class BillingLine:
    """One charge or credit; texts are as charted and as typed, each format makes them safe for itself."""

    line: int
    charge: str
    kind: str
    visit: str
    visit_class: str
    patient: Patient
    day: str
    start: datetime | None
    stop: datetime | None
    system: str
    code: str
    modifiers: tuple[str, ...]
    units: int
    charge_code: str
    revenue_code: str
    diagnoses: tuple[str, ...]
    ndc: str
    ndc_quantity: str
    ndc_unit: str
    accepted_by: str
    accepted_at: datetime
    note: str

    @property
    def is_credit(self) -> bool:
        """Takes back what an earlier line charged."""
        return self.kind == CREDIT


def billing_line(line: ExportLine, master: ChargeMaster) -> BillingLine:
    """Put one line of the ledger into billing's columns."""
    draft, charge = line.draft, line.draft.charge
    codes = master.find(charge.code)
    quantity = charge.ndc_quantity
    return BillingLine(
        line=line.id,
        charge=draft.identity,
        kind=line.kind,
        visit=draft.encounter.partition("/")[2],
        visit_class=draft.visit_class,
        patient=draft.person or Patient(draft.patient),
        day=charge.day.isoformat(),
        start=draft.start,
        stop=draft.stop,
        system=charge.system,
        code=charge.code,
        modifiers=draft.modifiers,
        units=draft.units,
        charge_code=codes.charge_code,
        revenue_code=codes.revenue_code,
        diagnoses=charge.diagnoses,
        ndc=charge.ndc,
        ndc_quantity=f"{quantity.value.normalize():f}" if quantity else "",
        ndc_unit=quantity.unit if quantity else "",
        accepted_by=draft.entered_by,
        accepted_at=draft.entered_at,
        note=draft.note,
    )
