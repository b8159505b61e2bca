"""What a nurse is asked: in the words of the ward, about what was given, without a billing code."""

import re
from datetime import UTC, datetime

from plugin.codebook import CodeBook
from plugin.domain import Ask, Drug, Fact, Reply, SentQuestion, TrackedQuestion
from plugin.review.prepare import ReviewSettings, review_chart
from plugin.web.views.questions import sent_view, words_for_the_nurse
from plugin.web.views.times import clock_for
from tests.unit.review.test_forms_about_drugs import asked, charted
from tests.unit.web.sample_charts import chemo_day

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def test_products_are_named_to_the_nurse_without_their_codes():
    """The coder's question keeps the codes; the nurse can look at the bag for a name."""
    chart = charted(Drug("cefepime 2 g in 100 mL"), "2000", "mg")
    coded = review_chart(chart, CodeBook.load(), ReviewSettings()).coded
    ask = asked(chart)["drug-code-ambiguous"]
    first, about, *_ = words_for_the_nurse(ask, coded, clock_for(chart)).splitlines()
    assert first == "Which product of cefepime was given? It may be maxipime; baxter; b braun or b. braun"
    assert about.startswith("About: cefepime 2 g in 100 mL, charted")
    assert re.search(r"J0692 \(maxipime\)", ask.question.text())


def test_a_name_with_parentheses_and_numbers_of_a_dose_stay():
    """Only a code before its name goes; doses, years and charted words are left alone."""
    coded = chemo_day()
    words = "Which product of heparin 10000 units (flush) was given? It may be {}"
    ask = Ask("drug-code-ambiguous", (), (), Fact(words, ("J0701 (cefepime (Baxter), 500 mg); 9636A (Trial)",)))
    first = words_for_the_nurse(ask, coded, clock_for(coded.chart)).splitlines()[0]
    assert first.endswith("heparin 10000 units (flush) was given? It may be cefepime (Baxter), 500 mg; Trial")


def test_a_recipient_is_a_person_and_not_a_reference():
    """The chart names who gave it by reference only; that is no word for a page."""
    question = SentQuestion(
        1, "id", "missing-stop-time", ("m1",), "When did it stop?", "Patient/p1", "Encounter/e1", "Practitioner/n1",
        "Practitioner/c1", "Cody Ledger", "coder", verified=True, at=AT,
    )  # fmt: skip
    shown = sent_view(TrackedQuestion(question, "Task/1", Reply("open")), clock_for(chemo_day().chart))
    assert shown.who.startswith("Sent to the person who charted it by Cody Ledger")
    assert "Practitioner" not in shown.who
