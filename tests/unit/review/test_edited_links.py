"""Diagnoses and the day of a line as a person changed them: within what the chart holds, and written as changed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from plugin.domain import Diagnosis, Fact, Quantity, Term
from plugin.domain.replacing import replace
from plugin.review.decide import decide
from plugin.review.ports import Policy, same_suggestion
from plugin.review.post import make_draft
from plugin.review.refusals import Invalid
from plugin.review.trail import tell
from tests.unit.review.pretend import DAY, ENCOUNTER, INITIAL, START, asked, review, sit

SECOND = Diagnosis("Condition/k2", (Term("icd10cm", "D50.9"),))


def two_days():
    """A visit over midnight with two charted diagnoses."""
    made = review()
    chart = made.coded.chart
    visit = replace(chart.encounter, start=START, stop=START + timedelta(days=1))
    chart = replace(chart, encounter=visit, diagnoses=(SECOND,))
    return replace(made, coded=replace(made.coded, chart=chart))


def edit(**changes):
    """An edit with a reason."""
    return asked(INITIAL, "edit", reason="as the note says", **changes)


def test_diagnoses_and_day_go_out_as_changed(records):
    """Pointer order as given; the occurrence is the day alone; the trail tells it; accepting again keeps it."""
    wanted = edit(diagnoses=("D50.9", "K50.90"), day=DAY + timedelta(days=1))
    (decided,) = decide([wanted], sit(records, review=two_days()))
    draft = make_draft(decided, Policy("clinic"), ENCOUNTER)
    assert (draft.charge.diagnoses, draft.charge.diagnosis_references) == (("D50.9", "K50.90"), ())
    assert (draft.charge.day, draft.start, draft.stop) == (date(2026, 3, 3), None, None)
    assert decided.identity == make_draft(decided, Policy("clinic"), ENCOUNTER).identity
    (entry,) = records.trail()
    assert tell(entry.entry) == (
        "Carl Coder (coder) changed and accepted 96365 x 1 on 2026-03-03 (suggested: 96365 x 1 on 2026-03-02; "
        "diagnoses: D50.9, K50.90; reason: as the note says)"
    )
    again = asked(INITIAL, "accept", seen=1)
    (kept,) = decide([again], sit(records, review=two_days(), now=datetime(2026, 3, 2, 21, tzinfo=UTC)))
    assert (kept.decision.diagnoses, kept.decision.day) == (("D50.9", "K50.90"), date(2026, 3, 3))


def test_what_stays_as_suggested_is_no_change(records):
    """The form always sends both; only what differs is recorded."""
    (decided,) = decide([edit(units=2, diagnoses=INITIAL.diagnoses, day=DAY)], sit(records))
    assert (decided.decision.diagnoses, decided.decision.day) == (None, None)
    assert make_draft(decided, Policy("clinic"), ENCOUNTER).charge == decided.backing.charge


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"diagnoses": ("Z99.9",)}, "diagnoses"),
        ({"diagnoses": ("K50.90", "K50.90")}, "diagnoses"),
        ({"day": DAY + timedelta(days=2)}, "day"),
        ({"day": DAY - timedelta(days=1)}, "day"),
    ],
)
def test_what_the_chart_does_not_hold_is_refused(records, changes, field):
    """A diagnosis nobody charted, one twice, a day outside the visit."""
    with pytest.raises(Invalid) as refused:
        decide([edit(**changes)], sit(records, review=two_days()))
    assert refused.value.field == field
    assert records.standing() == ()


@pytest.mark.parametrize(("units", "kept"), [(35, Quantity(Decimal("3.5"), "UN")), (40, None)])
def test_how_much_of_the_package_goes_out_for_the_suggested_units_alone(records, units, kept):
    """For other units nobody has said how much was used; which product it was stands."""
    made = review()
    drug = structs.replace(
        made.coded.charges[0], system="HCPCS", code="J1745", units=35, ndc="57894003001",
        ndc_quantity=Quantity(Decimal("3.5"), "UN"), ndc_because=Fact("{} UN", ("3.5",)),
    )  # fmt: skip
    made = replace(made, coded=replace(made.coded, charges=(drug,)))
    (decided,) = decide([asked(drug, "edit", units=units, reason="as counted")], sit(records, review=made))
    written = make_draft(decided, Policy("clinic"), ENCOUNTER).charge
    assert (written.ndc, written.ndc_quantity) == ("57894003001", kept)


def test_another_package_is_another_suggestion():
    """A number that the pharmacy corrects after acceptance is told, and sent when it is accepted."""
    made = review()
    line = made.coded.charges[0]
    other = structs.replace(line, ndc="57894003001")
    assert not same_suggestion(line, other)
    assert not same_suggestion(other, structs.replace(other, ndc_quantity=Quantity(Decimal(1), "UN")))
