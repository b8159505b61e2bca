"""One patient's lines to findings: what is worked out, and what is left alone because nothing compares it."""

import json

import pytest

from plugin.bulk.auditing import Auditor
from plugin.bulk.settings import AuditSettings, ChargeSource
from tests.unit.bulk.exports import charge, encounter, infusion, visit

DOSE = {"route": {"text": "IVPB"}, "dose": {"value": 2, "unit": "g", "code": "g"}}
GIVEN = infusion("m1", "09:00", "10:00", drug="magnesium sulfate", dosage=DOSE)
CHARGED = [charge("c1", "96365")]


def audited(resources, **settings) -> Auditor:
    """An auditor that went over these."""
    auditor = Auditor(AuditSettings(charges=ChargeSource.CHARGE_ITEMS, **settings))
    auditor.findings = auditor.audit([(each["resourceType"], json.dumps(each)) for each in resources])
    return auditor


@pytest.mark.parametrize(("drugs", "lines"), [(False, 1), (True, 2)])
def test_a_drugs_own_line_is_worked_out_only_where_it_is_compared(drugs, lines):
    """96365, and with `--drugs` the 4 units of J3475 (500 mg) for 2 g of magnesium."""
    auditor = audited([*visit(), GIVEN, *CHARGED], drugs=drugs)

    assert auditor.tally.lines == lines
    assert [finding["code"] for finding in auditor.findings] == (["J3475"] if drugs else [])


def test_a_visit_next_to_another_knows_whether_a_drug_was_charged_on_it():
    """The second visit of the day asks what was charged on the first: so there the drug's line is worked out."""
    auditor = audited([*visit(), encounter("e2", start="18:00", stop="20:00"), GIVEN, *CHARGED])

    assert auditor.tally.lines == 2
    assert auditor.findings == []
