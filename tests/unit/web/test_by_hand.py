"""Charges made by hand beside the lines: shown, compared, and kept out of "accept all"."""

from dataclasses import replace
from decimal import Decimal

from plugin.domain.existing import ExistingCharge
from plugin.review.already_charged import match_existing
from plugin.web.views.by_hand import with_existing
from tests.unit.web.sample_charts import chemo_day
from tests.unit.web.test_page_view import page_of
from tests.verifies import verifies


def shown(*existing: ExistingCharge):
    """The sample page with these charges on the encounter."""
    coded = replace(chemo_day(), complete=True)
    already = match_existing(coded.charges, existing, ())
    return with_existing(page_of(coded), [charge.key for charge in coded.charges], already)


@verifies("WR-08")
def test_a_line_that_was_charged_by_hand_says_so_and_is_not_accepted_in_passing():
    """The same units are told as the same, others beside what is suggested here."""
    line = chemo_day().charges[0]
    made = ExistingCharge(
        "ChargeItem/h1", code=line.code, system=line.system, modifiers=line.modifiers, status="billed", day=line.day
    )
    same, more = replace(made, units=Decimal(line.units)), replace(made, units=Decimal(7), entered_by="Practitioner/b")
    row = shown(same).charges[0]
    assert row.charged_already.startswith(f"Charged already: {line.code}")
    assert row.charged_already.endswith("(the same as here)")
    assert row.code not in {each.code for each in shown(same).ready}
    told = shown(more).charges[0].charged_already
    assert f"x 7 on {line.day.isoformat()}, billed by Practitioner/b (here {line.units}" in told


@verifies("WR-08")
def test_what_was_charged_and_is_not_suggested_stands_by_itself():
    """For comparing in shadow mode, too."""
    page = shown(ExistingCharge("ChargeItem/h2", code="99214", system="CPT", status="billable"))
    assert page.charged_otherwise == ("99214 x 1, billable",)
    assert all(not row.charged_already for row in page.charges)
