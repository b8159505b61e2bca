"""A pump's refill is told by words alone: which words say it of this dose, and which speak of another day."""

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Technique
from plugin.rules.differences import code_encounter
from tests.properties.building import asked, chart, codes, given

BOOK = CodeBook.load()


def coded(note, stop=None):
    """Fluorouracil into a vein from minute 0, with a note."""
    dose = given(1, "fluorouracil", 0, stop, "IV", technique=Technique.INFUSION, notes=(note,))
    encounter = code_encounter(chart(dose), BOOK)
    return codes(encounter.charges), asked(encounter)


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("CADD pump refilled", "96521"),
        ("here for refill of ambulatory pump", "96521"),
        ("Refilled the cassette", "96521"),
        ("implanted infusion pump, refill done", "96522"),
        ("refilling of the Codman pump", "96522"),
    ],
)
def test_words_that_say_this_dose_refilled_a_pump(note, code):
    """One unit, and no question: neither its minutes nor its owner matter."""
    assert coded(note) == ({code: 1}, [])


@pytest.mark.parametrize(
    "note",
    [
        "CADD pump over 46 hours, no refill of the pump",
        "CADD pump over 46 hours, next pump refill 3/4",
        "CADD pump over 46 hours, until the pump is refilled",
        "CADD pump over 46 hours, pump refill due Wednesday",
        "CADD pump over 46 hours",
    ],
)
def test_words_of_another_refill_leave_a_start(note):
    """More than 8 hours by a portable pump: 96416, and whose pump it was is asked (R23)."""
    assert coded(note) == ({"96416": 1}, ["pump-owner"])


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(15, {"96521": 1}), (16, {"96413": 1}), (480, {"96413": 1, "96415": 7}), (481, {"96521": 1})],
)
def test_what_ran_here_for_16_minutes_to_8_hours_is_an_infusion(minutes, expected):
    """Less is the refilling, more what the pump then gave; a note beside an infusion is about another drug's pump."""
    assert coded("CADD pump refilled", minutes) == (expected, [])
