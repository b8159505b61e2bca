"""Flushing an implanted port is reported only where nothing else is, also where the chart shows it as charged."""

from collections import Counter

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Decline, Notice, Suggest
from plugin.rules.engine import run
from tests.properties.building import chart, given

BOOK = CodeBook.load()
FLUSH = given(1, "heparin lock flush", 0, None, "IV push", site="implanted port, right chest")


def said(*charged):
    """What is said of a visit for nothing but the flush of a port, with codes charged on it already."""
    return [r.outcome for r in run(chart(FLUSH, charged=charged), BOOK).rulings]


def codes(outcomes, kind):
    """The codes of suggestions or declines."""
    return Counter(o.code for o in outcomes if isinstance(o, kind))


@pytest.mark.parametrize("charged", ["99213", "99284", "G0463", "36591", "36592"])
def test_a_visit_or_a_draw_charged_beside_it_suppresses_the_flush(charged):
    """R24, A10: no 96523 with an evaluation, nor with blood drawn from the line; no modifier 25 for it either."""
    outcomes = said(charged)

    assert codes(outcomes, Suggest) == Counter()
    assert codes(outcomes, Decline) == Counter({"96523": 1})
    assert not [o for o in outcomes if isinstance(o, Notice) and o.kind == "visit-code"]


@pytest.mark.parametrize("charged", [(), ("96523",), ("J1642",)])
def test_the_flush_itself_or_its_heparin_does_not_suppress_it(charged):
    """Charged by hand already, it is still the only service."""
    assert codes(said(*charged), Suggest) == Counter({"96523": 1})
