"""The export as CSV (RFC 4180), one line for each charge or credit; no cell is a formula to a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from plugin.ehr.billing_lines import BillingLine
from plugin.ehr.plain_cells import plain_cell

COLUMNS = (
    *("file", "line", "kind", "charge", "visit", "patient", "record_number", "patient_name", "birth_date"),
    *("date", "start", "stop", "system", "code", "modifiers", "units", "charge_code", "revenue_code", "diagnoses"),
    *("ndc", "ndc_quantity", "ndc_unit", "accepted_by", "accepted_at", "why"),
)


def write_csv(batch: int, lines: Iterable[BillingLine]) -> str:
    """The whole file; the same lines give the same text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([plain_cell(str(cell)) for cell in _cells(batch, line)])
    return text.getvalue()


def _cells(batch: int, line: BillingLine) -> tuple[object, ...]:
    person = line.patient
    return (
        *(batch, line.line, line.kind, line.charge, line.visit),
        *(person.id.rpartition("/")[2], person.record_number, person.name, person.birth_date),
        *(line.day, _moment(line.start), _moment(line.stop), line.system, line.code, " ".join(line.modifiers)),
        *(line.units, line.charge_code, line.revenue_code, " ".join(line.diagnoses)),
        *(line.ndc, line.ndc_quantity, line.ndc_unit, line.accepted_by, _moment(line.accepted_at), line.note),
    )


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="minutes") if at else ""
