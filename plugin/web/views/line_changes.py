"""Differences of suggested lines as the store knows them, for a form that did not carry its whole page."""

from plugin.review.lines import LineDifference
from plugin.review.ports import ShownLine
from plugin.web.views.changes import NOTHING, Change
from plugin.web.views.times import counted


def line_changes(differences: tuple[LineDifference, ...]) -> tuple[Change, ...]:
    """One change for each line that went, came or differs."""
    return tuple(
        Change("Charge", "-".join((d.key[1], *d.key[2])), _line_words(d.before), _line_words(d.now))
        for d in differences
    )


def _line_words(line: ShownLine | None) -> str:
    if line is None:
        return NOTHING
    return f"{counted(line.units, 'unit')} from {counted(len(line.administrations), 'administration')}"
