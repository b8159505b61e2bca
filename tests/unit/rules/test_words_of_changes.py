"""What an answer would change, in words."""

import pytest

from plugin.rules.trials import Change, words_of_changes

DAY = "2026-03-02"


def line(code: str, before: int, after: int, *modifiers: str, day: str = DAY) -> Change:
    """Units of a line before and after."""
    return Change(("HCPCS", code, modifiers, day), before, after, ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([line("J2405", 4, 0), line("J2405", 0, 4, "JZ")], "J2405 x4 becomes J2405-JZ x4"),
        ([line("J2405", 0, 4, "JZ"), line("J2405", 4, 0)], "J2405 x4 becomes J2405-JZ x4"),
        ([line("J1745", 0, 5, "JW")], "adds J1745-JW x5"),
        ([line("J1745", 35, 0), line("J1745", 0, 40, "JZ")], "removes J1745 x35, adds J1745-JZ x40"),
        ([line("96365", 1, 0), line("96413", 0, 1)], "removes 96365 x1, adds 96413 x1"),
        ([line("96366", 1, 2)], "96366 x1 becomes x2"),
        (
            [line("J2405", 4, 0), line("J2405", 0, 4, day="2026-03-03")],
            "removes J2405 x4 on 2026-03-02, adds J2405 x4 on 2026-03-03",
        ),
        ([], "changes nothing"),
    ],
)
def test_a_line_that_only_gets_other_modifiers_becomes_another(changes, words):
    """The same code, units and day: one line that reads otherwise, not one that goes and one that comes."""
    assert words_of_changes(changes) == words
