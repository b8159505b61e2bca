"""A question that one answer changes nothing about can be closed with that answer too."""

from datetime import timedelta

from plugin.domain import Drug, ProcedureDone, Term
from plugin.domain.replacing import replace
from plugin.review.answering import form_for
from plugin.review.overlay import overlay
from plugin.review.prepare import ReviewSettings, review_chart
from tests.unit.review.test_forms_about_drugs import BOOK, START, charted


def test_a_drug_given_apart_from_the_procedure_stays_and_is_not_asked_about_again():
    """A push ten minutes into an endoscopy: apart from it, the line stands; part of it, the line goes."""
    hour = timedelta(hours=1)
    done = ProcedureDone("x1", (Term("text", "", "upper endoscopy"),), START - hour / 6, START + hour)
    chart = replace(charted(Drug("ondansetron"), "4", "mg"), procedures=(done,))
    coded = review_chart(chart, BOOK, ReviewSettings()).coded
    (number,) = (n for n, ask in enumerate(coded.asks) if ask.kind == "procedure-link")
    choices = form_for(coded.asks[number], chart).choices
    assert list(choices) == ["part of the procedure", "apart from it"]
    assert coded.would[number].endswith("apart from it: changes nothing")
    for choice, kept in (("part of the procedure", False), ("apart from it", True)):
        after = review_chart(overlay(chart, choices[choice]), BOOK, ReviewSettings()).coded
        assert [ask for ask in after.asks if ask.kind == "procedure-link"] == []
        assert ("96374" in {line.code for line in after.charges}) is kept
