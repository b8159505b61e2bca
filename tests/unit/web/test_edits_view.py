"""What the scrubber says on the page: at the charge, for the whole set, and what "accept all" leaves out."""

import pytest

from plugin.domain import Edit, Fact, Hint, Severity, TableRow
from plugin.domain.replacing import replace
from plugin.review.scrubbing import Scrubbed
from plugin.web.views.charges import State
from plugin.web.views.edits import EditsShown, edits_shown, with_edits
from plugin.web.views.page import Reader
from tests.unit.web.test_page_template import app, page_of, rendered  # noqa: F401 - fixtures
from tests.unit.web.test_page_view import MANUAL, row_of

LIMIT = TableRow("unit_limits.csv", "facility 96375", MANUAL.id)


def page_with(severity: Severity, *codes: str, hints=(), reader=None, states=()):
    """The chemotherapy day with one edit against these codes."""
    page = page_of(**({"reader": reader} if reader else {}))
    lines = tuple(row_of(page, code).token for code in codes)
    edit = Edit("UNIT-LIMIT", severity, lines, Fact("{} is too much", ("96375 x4",)), Fact("charge less"), (LIMIT,))
    scrubbed = Scrubbed((replace(edit, citations=(MANUAL.id,)),), hints)
    shown = edits_shown(scrubbed, page.charges, lambda id_: f"title of {id_}", {MANUAL.id: MANUAL}.get)
    rows = tuple(replace(row, state=dict(states).get(row.code, row.state)) for row in page.charges)
    return replace(page, charges=with_edits(rows, shown), edits=shown)


def test_an_edit_names_its_rows_its_table_and_its_source():
    """In the order of the claim, with the anchors of the page."""
    page = page_with(Severity.HARD, "96413", "96375")
    (edit,) = page.edits.edits

    assert ("title of UNIT-LIMIT", True, "96375 x4 is too much", "charge less") == (
        edit.title,
        edit.hard,
        edit.text,
        edit.mend,
    )
    assert tuple((row_of(page, code).anchor, code) for code in ("96413", "96375")) == edit.charges
    assert ("unit_limits.csv: facility 96375",) == edit.rows
    assert ["NCCI manual"] == [source.title for source in edit.sources]


@pytest.mark.parametrize(("severity", "word"), [(Severity.HARD, "refused"), (Severity.WARN, "looked at")])
def test_each_row_knows_the_worst_against_it(severity, word):
    """A row that nothing was found against says nothing."""
    page = page_with(severity, "96375")

    assert (word, "") == (row_of(page, "96375").would_be, row_of(page, "96413").would_be)


def test_accept_all_leaves_out_what_would_be_refused_and_takes_what_is_only_to_be_looked_at():
    """A deliberate acceptance stays possible, line by line."""
    hard, warned, sound = (
        {row.code for row in replace(page, complete=True).ready}
        for page in (page_with(Severity.HARD, "96375"), page_with(Severity.WARN, "96375"), page_of())
    )

    assert sound == warned
    assert {"96375"} == sound - hard


def test_the_page_says_it_at_the_charge_and_for_the_set(rendered):  # noqa: F811
    """In words, with the remedy; a form asks for the reason in the place of the button."""
    html = rendered(page_with(Severity.HARD, "96375"))

    assert 2 == html.count("96375 x4 is too much. ")
    assert 2 == html.count("To mend it: charge less.")
    assert "Checked as a claim" in html
    assert "Reason to accept 96375 all the same" in html
    assert "Needs a reason" in html


def test_a_warning_asks_for_no_reason(rendered):  # noqa: F811
    """It is shown, and the button stays."""
    html = rendered(page_with(Severity.WARN, "96375"))

    assert "to be looked at" in html
    assert "all the same" not in html


def test_no_form_is_offered_to_who_may_not_decide_nor_on_what_was_decided(rendered):  # noqa: F811
    """The edit is shown to everybody."""
    reader = Reader("Kim", "", "Sandbox", may_decide=False, why_not="No role here.")

    for page in (
        page_with(Severity.HARD, "96375", reader=reader),
        page_with(Severity.HARD, "96375", states=[("96375", State("accepted", "Accepted"))]),
    ):
        html = rendered(page)
        assert "Would be refused" in html
        assert "all the same" not in html


def test_hints_stand_apart_and_say_how_far_they_bind(rendered):  # noqa: F811
    """They are no edit and take nothing out of "accept all"."""
    token = row_of(page_of(), "J9267").token
    hint = Hint(token, Fact("J9267: no listed indication"), "general knowledge", (MANUAL.id,))
    page = page_with(Severity.WARN, "96375", hints=(hint,))

    assert [(("charge-7", "J9267"),)] == [each.charges for each in page.edits.hints]
    assert 'J9267: no listed indication <span class="soft">(by general knowledge)</span>' in rendered(page)


def test_a_page_without_findings_has_no_section(rendered):  # noqa: F811
    """Nothing to say, nothing shown."""
    assert "Checked as a claim" not in rendered(page_of())
    assert EditsShown() == page_of().edits
