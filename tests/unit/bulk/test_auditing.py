"""One patient's lines to findings: what is worked out, and what is left alone because nothing compares it."""

import json

import pytest

from plugin.bulk import auditing
from plugin.bulk.auditing import Auditor
from plugin.bulk.findings import Tally
from plugin.bulk.settings import AuditSettings, ChargeSource
from plugin.review.audit import support_chart
from tests.unit.bulk.exports import DAY, charge, encounter, infusion, visit

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


def test_a_visit_next_to_another_knows_whether_a_drug_was_charged_on_it(monkeypatch):
    """The second visit of the day asks what was charged on the first: so there the drug's line is worked out.

    It is compared with nothing, and not counted.
    """
    worked_out = []
    monkeypatch.setattr(auditing, "support_chart", lambda *given: noted(worked_out, support_chart(*given)))
    auditor = audited([*visit(), encounter("e2", start="18:00", stop="20:00"), GIVEN, *CHARGED])

    assert worked_out == ["96365", "J3475"]
    assert auditor.tally.lines == 1
    assert auditor.findings == []


def noted(codes, found):
    """What was found, its codes written down."""
    codes += [line.code for line in found.charges]
    return found


def test_what_a_run_counts_is_added_up():
    """Findings by direction, days from the first to the last, infusions without a stop by unit and hour."""
    one = audited([*visit(), GIVEN, charge("c1", "96365", 2), charge("c2", "96375")]).tally
    other = audited([*visit(), infusion("m1", "09:40", None), *CHARGED]).tally
    other.spans("2025-12-31", "2025-12-31")
    one.add(other)

    assert one.found == {"over": 2, "undocumented": 1}
    assert (one.first, one.last) == ("2025-12-31", DAY)
    assert one.missing == {"AMB\t09": 1}


def test_nothing_counted_leaves_the_days_as_they_are():
    """A partition without encounters."""
    tally = audited([*visit(), GIVEN]).tally
    tally.add(Tally())

    assert (tally.first, tally.last) == (DAY, DAY)


@pytest.mark.parametrize(("zone", "encounters"), [("", 1), ("America/Chicago", 0)])
def test_visits_charted_in_utc_are_counted_where_no_zone_says_their_day(zone, encounters):
    """With a zone their day is known."""
    in_utc = {"effectivePeriod": {"start": "2026-03-02T15:00:00Z", "end": "2026-03-02T16:00:00Z"}}

    assert audited([*visit(), {**GIVEN, **in_utc}], zone=zone).tally.utc == encounters
