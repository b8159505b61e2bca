"""Charges made by hand in the table of the lines: compared, and kept out of "accept all"."""

from datetime import date
from decimal import Decimal

from msgspec import structs

from plugin.domain.existing import ExistingCharge
from plugin.domain.replacing import replace
from plugin.review.already_charged import match_existing
from plugin.web.views.by_hand import with_existing
from tests.unit.web.sample_charts import chemo_day
from tests.unit.web.test_page_view import page_of
from tests.verifies import verifies

LABELS = {"99214": "office visit"}


def shown(*existing: ExistingCharge):
    """The sample page with these charges on the encounter."""
    coded = replace(chemo_day(), complete=True)
    already = match_existing(coded.charges, existing, ())
    return with_existing(page_of(coded), [charge.key for charge in coded.charges], already, lambda c: LABELS.get(c, ""))


def first_line_as_charged(**otherwise) -> ExistingCharge:
    """The first suggested line as somebody charged it, with what they did otherwise."""
    line = chemo_day().charges[0]
    made = ExistingCharge(
        "ChargeItem/h1",
        code=line.code,
        system=line.system,
        modifiers=line.modifiers,
        status="billed",
        day=line.day,
        units=Decimal(line.units),
        diagnoses=line.diagnoses,
    )
    return structs.replace(made, **otherwise)


@verifies("WR-08")
def test_a_line_that_was_charged_by_hand_is_not_accepted_in_passing():
    """It stands below the line as the same."""
    row = shown(first_line_as_charged()).charges[0]
    assert [(each.compared, each.status, each.differs) for each in row.existing] == [
        ("the same as suggested", "billed", ())
    ]
    assert row.code not in {each.code for each in shown(first_line_as_charged()).ready}


def test_what_differs_is_named_by_column():
    """Units, modifiers and diagnoses; a charge that names no diagnoses of its own is not compared by them."""
    by_hand = first_line_as_charged(
        units=Decimal(7), modifiers=("59",), diagnoses=("Z51.11",), entered_by="Practitioner/b"
    )
    [told] = shown(by_hand).charges[0].existing
    assert told.differs == ("units", "modifiers", "diagnoses")
    assert told.compared == "differs in units, modifiers, diagnoses"
    assert told.words == f"96413-59 \N{MULTIPLICATION SIGN}7 on {told.day}, billed, entered by Practitioner/b"
    assert shown(first_line_as_charged(diagnoses=None)).charges[0].existing[0].differs == ()


def test_a_line_charged_in_parts_is_compared_by_all_its_units():
    """Each half alone would differ; together they are what is suggested."""
    line = chemo_day().charges[1]
    assert line.units == 2
    parts = [
        first_line_as_charged(id=f"ChargeItem/{n}", code=line.code, units=Decimal(1), diagnoses=None) for n in (1, 2)
    ]
    assert [each.differs for each in shown(*parts).charges[1].existing] == [(), ()]
    assert [each.differs for each in shown(*parts[:1]).charges[1].existing] == [("units",)]


@verifies("WR-08")
def test_what_was_charged_and_is_not_suggested_stands_at_the_end_by_day():
    """For comparing in shadow mode, too; it is compared with nothing."""
    visit = ExistingCharge("ChargeItem/h2", code="99214", system="CPT", status="billable")
    later = structs.replace(visit, id="ChargeItem/h3", code="36415", day=date(2030, 1, 2))
    page = shown(later, visit)
    assert [(each.code, each.label, each.day, each.differs) for each in page.charged_otherwise] == [
        ("99214", "office visit", "", ()),
        ("36415", "", "2 Jan 2030", ()),
    ]
    assert all(not row.existing for row in page.charges)
