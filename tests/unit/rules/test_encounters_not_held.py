"""An encounter that was cancelled, or entered in error, has no charges (a decided default)."""

import pytest

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, Decline
from plugin.domain.replacing import replace
from plugin.rules.differences import code_encounter
from tests.properties.building import chart, given


@pytest.mark.parametrize(
    ("status", "codes"),
    [("finished", ["96365"]), ("in-progress", ["96365"]), ("cancelled", []), ("entered-in-error", [])],
)
def test_only_a_visit_that_took_place_is_coded(status, codes):
    """What was charted in it all the same is declined by name, so that somebody can put it where it belongs."""
    held = chart(given(1, "ceftriaxone", 0, 30))
    held = replace(held, encounter=replace(held.encounter, status=status))
    coded = code_encounter(held, CodeBook.load(), CareSetting.FACILITY)
    assert codes == [charge.code for charge in coded.charges]
    declined = [r for r in coded.rulings if isinstance(r.outcome, Decline)]
    assert ["ENCOUNTER-NOT-HELD"] * (not codes) == [rule for ruling in declined for rule in ruling.rules]
