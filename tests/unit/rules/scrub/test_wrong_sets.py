"""Every seeded wrong set is caught by the edits named for it, and by no other."""

import re

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Severity
from plugin.rules.scrub import EDITS, scrub
from tests.unit.rules.scrub.drawing_sets import claim_of, expected, spoken, wrong_sets


@pytest.mark.parametrize("given", wrong_sets(), ids=lambda given: given["id"])
def test_a_wrong_set_is_caught_and_nothing_else_is_said(given):
    """The edits, how far each goes, and the lines each concerns are the whole of what was worked out by hand."""
    assert expected(given) == spoken(scrub(claim_of(given)))


def test_there_are_sixty_wrong_sets_and_every_edit_has_one():
    """An edit that no set names is not shown to catch anything."""
    named = {edit for given in wrong_sets() for edit, _, _ in expected(given)}

    assert len(wrong_sets()) >= 60
    assert len({given["id"] for given in wrong_sets()}) == len(wrong_sets())
    assert {edit.id for edit in EDITS} == named


@pytest.mark.parametrize("given", wrong_sets(), ids=lambda given: given["id"])
def test_each_edit_says_what_is_wrong_how_to_mend_it_and_where_that_stands(given):
    """Text and remedy are whole sentences' worth, and every source is one of the code book's."""
    known = CodeBook.load().citations

    for edit in scrub(claim_of(given)):
        assert edit.text.text()
        assert edit.mend.text()
        assert not re.search(r"[{}]", edit.text.text() + edit.mend.text())
        assert edit.citations
        assert set(edit.citations) <= set(known)
        assert {row.cites for row in edit.rows} <= set(edit.citations)


def test_hard_edits_come_before_warnings():
    """Whoever reads on finds what would be refused first."""
    for given in wrong_sets():
        severities = [edit.severity is Severity.WARN for edit in scrub(claim_of(given))]

        assert sorted(severities) == severities
