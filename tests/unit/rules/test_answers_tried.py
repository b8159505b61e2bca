"""What each answer to a question would change, said before anybody answers."""

from decimal import Decimal

from plugin.codebook import CodeBook
from plugin.domain import CareSetting
from plugin.rules.differences import code_encounter
from tests.properties.building import chart, given


def test_an_answer_that_would_only_be_doubted_says_so():
    """91 minutes of what was ordered for 30 would be asked about again, so they don't just change nothing."""
    open_ended = given(1, "ceftriaxone", 0, None, "IVPB", ordered_minutes=Decimal(30))
    beside = given(2, "vancomycin", 60, 120, "IVPB")
    alone = {"drug_lines": "elsewhere"}
    coded = code_encounter(chart(open_ended, beside), CodeBook.load(), CareSetting.FACILITY, alone)
    (would,) = coded.would
    assert "it ran 30 min: adds 96367 x1" in would
    assert "it ran 91 min: brings another question" in would
