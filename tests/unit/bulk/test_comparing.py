"""What was charged against what the chart supports, worked out by hand on one visit."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from fhir_mappings.charts import read_charts
from plugin.codebook import CodeBook
from plugin.domain import ExistingCharge
from plugin.review.audit import Difference, compare, documentation_gaps, money, support_chart
from plugin.review.prepare import ReviewSettings
from tests.unit.bulk.exports import DAY, encounter, infusion, visit

BOOK, SETTINGS = CodeBook.load(), ReviewSettings()
THE_DAY = date.fromisoformat(DAY)
TWO_HOURS = infusion("m1", "09:00", "11:00")  # 120 min: 96365, and 96366 from minute 91 on
OPEN = infusion("m1", "09:00", None)


def found(*resources):
    """What the rules make of the visit with these."""
    (chart,) = read_charts([*visit(), *resources]).charts
    return support_chart(chart, BOOK, SETTINGS)


def charged(code: str, units: int = 1, **more) -> ExistingCharge:
    """A billed line of the day."""
    line = ExistingCharge("c", "Encounter/e1", "Patient/p1", "CPT", code, Decimal(units), status="billed", day=THE_DAY)
    return replace(line, **more)


def differences(resources, charges) -> list[Difference]:
    """On which lines charge and chart differ."""
    return compare(found(*resources), charges, BOOK, SETTINGS)


def said(resources, charges) -> list[tuple]:
    """Code, units charged, units supported, direction."""
    return [(d.key[1], d.charged, d.supported, d.direction) for d in differences(resources, charges)]


def test_what_agrees_is_no_finding():
    """Two hours charged as two hours."""
    assert said([TWO_HOURS], [charged("96365"), charged("96366")]) == []


def test_units_of_two_charges_of_one_line_are_added():
    """Some systems charge each unit by itself."""
    assert said([TWO_HOURS], [charged("96365"), charged("96366"), charged("96366")]) == [("96366", 2, 1, "over")]


def test_what_was_not_charged_is_under_with_the_rule_that_earned_it():
    """The second hour was forgotten."""
    (difference,) = differences([TWO_HOURS], [charged("96365")])

    assert (difference.key[1], difference.direction, difference.rule) == ("96366", "under", "TIME-ADDITIONAL-HOUR")
    assert difference.administrations == ("MedicationAdministration/m1",)
    assert any("120 min" in fact.text() for fact in difference.evidence)


def test_what_nothing_earns_is_over():
    """A push was charged that nobody charted."""
    (difference,) = differences([TWO_HOURS], [charged("96365"), charged("96366"), charged("96375")])

    assert (difference.key[1], difference.charged, difference.supported) == ("96375", 1, 0)
    assert (difference.direction, difference.rule) == ("over", "")


def test_what_an_open_question_may_yet_earn_is_undocumented_with_the_question():
    """No stop time: an hour was charged, and the chart can't say whether it ran one."""
    (difference,) = differences([OPEN], [charged("96365")])

    assert (difference.direction, difference.query) == ("undocumented", "missing-stop-time")
    assert "cefepime" in difference.asked


def test_an_open_question_excuses_no_other_code():
    """Nothing that could be answered about an infusion earns an injection."""
    assert ("96372", 1, 0, "over") in said([OPEN], [charged("96365"), charged("96372")])


def test_what_could_not_be_read_neither_supports_nor_refutes():
    """Entered with a status nobody knows: the charge may be right."""
    strange = infusion("m1", "09:00", "11:00", status="given")
    (difference,) = differences([strange], [charged("96365")])

    assert (difference.direction, difference.query) == ("undocumented", "not-read")


def test_codes_the_rulebook_does_not_govern_are_left_alone():
    """A visit and a drug are somebody else's to judge."""
    assert said([TWO_HOURS], [charged("96365"), charged("96366"), charged("99213"), charged("J0692", 4)]) == []


def test_a_service_charged_under_another_name_is_two_findings_of_one_group():
    """Charged as chemotherapy: one line too many, one too few, together a substitution; the hour likewise."""
    found_lines = differences([TWO_HOURS], [charged("96413"), charged("96415")])
    groups = {d.key[1]: d.group for d in found_lines}

    assert {d.key[1]: d.direction for d in found_lines} == {
        "96365": "under",
        "96366": "under",
        "96413": "over",
        "96415": "over",
    }
    assert groups["96365"] == groups["96413"] != 0
    assert groups["96366"] == groups["96415"] != groups["96365"]


def test_another_day_or_another_modifier_is_another_line():
    """Compared by day and modifiers, and told as one service moved."""
    moved = charged("96365", day=date(2026, 3, 3))
    marked = charged("96366", modifiers=("59",))
    found_lines = differences([TWO_HOURS], [moved, marked])

    assert [(d.key[1], str(d.key[3]), d.key[2], d.direction) for d in found_lines] == [
        ("96365", DAY, (), "under"),
        ("96366", DAY, (), "under"),
        ("96366", DAY, ("59",), "over"),
        ("96365", "2026-03-03", (), "over"),
    ]
    assert found_lines[0].group == found_lines[3].group != found_lines[1].group == found_lines[2].group


def test_a_modifier_that_the_rulebook_never_puts_makes_no_other_line():
    """A department off campus marks each of its lines with PO; the hour's second unit is with it or without."""
    longer = infusion("m1", "09:00", "12:00")  # 180 min: 96365, and 96366 twice
    marked = [charged(code, modifiers=("PO",)) for code in ("96365", "96366")]

    assert said([longer], [*marked, charged("96366")]) == []
    assert said([longer], marked) == [("96366", 1, 2, "under")]
    assert said([TWO_HOURS], [*marked, charged("96366", modifiers=("59", "PO"))]) == [("96366", 1, 0, "over")]


def test_the_order_of_modifiers_makes_no_other_line():
    """Two lines that were charged with the same two are one, whichever comes first."""
    charges = [charged("96375", modifiers=order) for order in (("76", "59"), ("59", "76"), ("59", "PO", "76", "59"))]
    (difference,) = differences([infusion("m1", "09:00", "10:00")], [charged("96365"), *charges])

    assert (difference.key[2], difference.charged, difference.direction) == (("59", "76"), 3, "over")


def test_a_charge_without_a_day_is_of_the_day_of_its_service():
    """Where only one is possible."""
    assert said([TWO_HOURS], [charged("96365", day=None), charged("96366", day=None)]) == []


def test_without_charges_only_documentation_is_told():
    """A gap that would earn something; a chart without gaps tells nothing."""
    (gap,) = documentation_gaps(found(OPEN), BOOK, SETTINGS)

    assert (gap.direction, gap.query, gap.charged, gap.supported) == ("undocumented", "missing-stop-time", 0, 0)
    assert money(gap, Decimal(70)) is None
    assert documentation_gaps(found(TWO_HOURS), BOOK, SETTINGS) == []


@pytest.mark.parametrize(("charges", "worth"), [([], "70"), ([charged("96365"), charged("96365")], "-70")])
def test_money_is_gained_by_what_was_forgotten_and_lost_by_what_was_too_much(charges, worth):
    """One unit at 70 dollars, either way; a code without a fee is worth nothing known."""
    short = infusion("m1", "09:00", "10:00")
    (difference,) = differences([short], charges)

    assert money(difference, Decimal(70)) == Decimal(worth)
    assert money(difference, None) is None


def test_an_inpatient_stay_supports_no_line():
    """Whatever was infused there."""
    stay = encounter() | {"class": {"code": "IMP"}}
    (chart,) = read_charts([stay, TWO_HOURS]).charts
    lines = compare(support_chart(chart, BOOK, SETTINGS), [charged("96365")], BOOK, SETTINGS)

    assert [(d.key[1], d.direction, d.rule) for d in lines] == [("96365", "over", "INPATIENT-STAY")]


def test_the_drugs_own_lines_are_compared_when_wished():
    """A drug by its name alone: which product was given is asked, so its line is neither supported nor refuted."""
    lines = [charged("96365"), charged("96366"), charged("J0692", 4, system="HCPCS")]
    (difference,) = compare(found(TWO_HOURS), lines, BOOK, SETTINGS, drugs=True)

    assert (difference.key[1], difference.direction) == ("J0692", "undocumented")
    assert difference.query == "drug-code-ambiguous"
    assert compare(found(TWO_HOURS), lines, BOOK, SETTINGS) == []
