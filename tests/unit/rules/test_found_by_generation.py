"""Charts that generation found the engine to be wrong about, smallest form, each with the answer worked out by hand."""

import pytest

from plugin.codebook import CodeBook
from plugin.domain import CareSetting
from plugin.rules.differences import code_encounter
from tests.properties.building import asked, chart, codes, given

SALINE, RINGER = "sodium chloride 0.9%", "lactated ringer's"
NEEDED = {"notes": ("second IV placed, drugs incompatible",)}

CHARTS = {
    # By D5 ondansetron (earlier) is carved first: 14 shared, 2 left. Ceftriaxone then shares all its 16.
    "ties-in-carving-go-by-start-and-not-by-name": (
        [given(1, "carboplatin", 2, 18), given(2, "ceftriaxone", 1, 17), given(3, "ondansetron", 0, 16)],
        {"96413": 1, "96368": 1},
    ),
    # A9: 96366 is a listed parent of 96368, so a chemotherapy push as initial does not forbid it.
    "a-further-hour-is-a-parent-of-the-concurrent-code": (
        [
            given(1, "carboplatin", 0, None, "IV push"),
            given(2, "ceftriaxone", 0, 16),
            given(3, "ondansetron", 0, 91),
        ],
        {"96409": 1, "96367": 1, "96366": 1, "96368": 1},
    ),
    # The same where the further hour is that of a repeat interval: 60 minutes again.
    "a-repeat-intervals-hour-is-a-parent-too": (
        [
            given(1, "carboplatin", 0, None, "IV push"),
            given(2, "ceftriaxone", 10, 40),
            given(3, "ceftriaxone", 100, 160, request="b"),
            given(4, "ondansetron", 20, 40),
        ],
        {"96409": 1, "96367": 1, "96366": 1, "96368": 1},
    ),
    # Order b ran 2 + 30 = 32 minutes with a pause of one (D2); the other bag beside its first minutes takes nothing.
    "another-bag-does-not-part-an-order-at-its-pause": (
        [
            given(1, RINGER, 0, 2, request="a"),
            given(2, SALINE, 0, 2, request="b"),
            given(3, SALINE, 3, 33, request="b"),
        ],
        {"96360": 1},
    ),
    # Order a ran from 0 to 90; the row inside it adds nothing and parts nothing (D2).
    "a-row-inside-another-of-its-order-parts-nothing": (
        [
            given(1, "ceftriaxone", 0, 50, request="a"),
            given(2, "ceftriaxone", 10, 13, request="a"),
            given(3, "ceftriaxone", 50, 90, request="a"),
        ],
        {"96365": 1},
    ),
    # The infusion ended at 122, not at the bag change: 90 is 32 minutes away (R37). 122 minutes are 1 + 1 hours.
    "a-bag-change-is-no-end-of-an-infusion": (
        [
            given(1, "ceftriaxone", 0, 120, request="a"),
            given(2, "ceftriaxone", 90, None, "IV push"),
            given(3, "ceftriaxone", 120, 122, request="a"),
        ],
        {"96365": 1, "96366": 1, "96376": 1},
    ),
    # Rows of one order a minute apart are one interval (D2), 0 to 63: the push is 31 from its start, 32 from its end.
    "a-gap-within-an-order-is-no-end-of-an-infusion": (
        [
            given(1, "ceftriaxone", 0, 2, request="a"),
            given(2, "ceftriaxone", 3, 63, request="a"),
            given(3, "ceftriaxone", 31, None, "IV push"),
        ],
        {"96365": 1, "96376": 1},
    ),
    # A transfusion stays one, whatever pump its note names.
    "blood-by-a-pump-is-a-transfusion": (
        [given(1, "red blood cells", 0, 120, notes=("by ambulatory pump over 10 hours",))],
        {"36430": 1},
    ),
    # Two documented sites, so two initial services at most; the unknown site is one of them (R5, DESIGN section 7).
    "an-unknown-site-is-no-third-site": (
        [
            given(1, "ceftriaxone", 0, 60, site=""),
            given(2, "vancomycin", 100, 150, site="RUA PICC", **NEEDED),
            given(3, "ondansetron", 200, 240, site="left forearm"),
        ],
        {"initial": 2},
    ),
    # Fluid under the skin or into muscle is no hydration by vein; the antibiotic is coded all the same.
    "a-fluid-under-the-skin-leaves-the-rest-coded": (
        [given(1, SALINE, 0, 60, "SC infusion"), given(2, "ceftriaxone", 0, 60)],
        {"96365": 1},
    ),
    "a-fluid-with-potassium-under-the-skin-leaves-the-rest-coded": (
        [given(1, f"{SALINE} with potassium chloride 20 mEq", 0, 60, "SC infusion"), given(2, "ceftriaxone", 0, 60)],
        {"96365": 1},
    ),
}


@pytest.mark.parametrize("name", CHARTS)
def test_the_chart_is_coded_as_worked_out(name):
    """The units by code that the comment above the chart works out."""
    rows, expected = CHARTS[name]
    coded = code_encounter(chart(*rows), CodeBook.load(), CareSetting.FACILITY)
    got = codes(coded.charges)
    if "initial" in expected:
        got = {"initial": sum(units for code, units in got.items() if code.startswith("96365"))}

    assert (expected, []) == (got, [issue.found for issue in coded.issues])


def test_a_length_of_nothing_without_a_technique_is_a_push():
    """Both ends are known and nothing says infusion, so the minutes decide: 15 or fewer are a push (R9)."""
    coded = code_encounter(chart(given(1, "paclitaxel", 0, 0, "IV")), CodeBook.load())

    assert ({"96409": 1}, []) == (codes(coded.charges), asked(coded))


def test_a_side_that_cannot_be_tried_does_not_break_the_chart():
    """An infusion under the skin without a stop is asked about, whatever `missing_stop` would make of it elsewhere."""
    coded = code_encounter(chart(given(1, "leuprolide", 0, None, "SC infusion")), CodeBook.load())

    assert ({}, ["missing-stop-time"]) == (codes(coded.charges), asked(coded))
