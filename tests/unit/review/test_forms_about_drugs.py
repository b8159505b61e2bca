"""What can be stated about a drug's dose and the patient's weight: in words, never an example with one click."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from plugin.codebook import CodeBook
from plugin.domain import (
    Administration,
    Attested,
    AttestedFact,
    Chart,
    Diagnosis,
    Drug,
    Encounter,
    Ingredient,
    Quantity,
    Route,
    Status,
    Technique,
    Term,
)
from plugin.domain.replacing import replace
from plugin.review.answering import form_for
from plugin.review.attested_standing import standing_of
from plugin.review.overlay import STATED, overlay
from plugin.review.prepare import ReviewSettings, review_chart

BOOK = CodeBook.load()
START = datetime(2026, 3, 2, 16, tzinfo=UTC)
MIXTURE = Drug(
    "ondansetron and dexamethasone", ingredients=(Ingredient("ondansetron"), Ingredient("dexamethasone 4 mg"))
)


def charted(drug: Drug, value: str, unit: str) -> Chart:
    """One push of that dose."""
    given = Administration(
        "m1",
        Status.COMPLETED,
        drug,
        START,
        instant=True,
        route=Route.INTRAVENOUS,
        technique=Technique.PUSH,
        dose=Quantity(Decimal(value), unit),
    )
    return Chart(
        Encounter("e1", "p1", "AMB", "finished", START, START),
        (given,),
        (Diagnosis("k1", (Term("icd10cm", "R11.0"),)),),
    )


def asked(chart: Chart):
    """The questions by kind."""
    return {ask.kind: ask for ask in review_chart(chart, BOOK, ReviewSettings()).coded.asks}


@pytest.mark.parametrize(
    ("value", "unit", "kind", "answered", "units"),
    [
        ("2", "mL", "dose-unit", "4 mg", 4),  # 4 mg at 1 mg
        ("0.15", "mg/kg", "patient-weight", "80 kg", 12),  # 0.15 x 80 = 12 mg
    ],
)
def test_what_the_chart_lacks_is_typed_and_counts(value, unit, kind, answered, units):
    """The example that the question was tried with is no choice; what somebody types decides the units."""
    chart = charted(Drug("ondansetron"), value, unit)
    form = form_for(asked(chart)[kind], chart)
    assert form.choices == {}
    (field,) = form.fields
    stated = overlay(chart, [AttestedFact(kind, field.administration, STATED, answered)])
    lines = review_chart(stated, BOOK, ReviewSettings()).coded.charges
    assert [line.units for line in lines if line.code == "J2405"] == [units]


def test_the_dose_of_each_drug_of_a_mixture_is_typed_by_itself():
    """16 mg of a bag of two drugs is nobody's in particular; each question is about its own drug."""
    chart = charted(MIXTURE, "16", "mg")
    asks = [ask for ask in review_chart(chart, BOOK, ReviewSettings()).coded.asks if ask.kind == "dose-unit"]
    about = {field.administration for ask in asks for field in form_for(ask, chart).fields}
    assert about == {"m1 dexamethasone", "m1 ondansetron"}


def test_the_product_can_be_named_after_the_stop_was_attested():
    """One answer leaves the next question as answerable as it was; its facts then decide the code."""
    chart = charted(Drug("cefepime 2 g in 100 mL"), "2000", "mg")
    (push,) = chart.administrations
    run = replace(push, technique=Technique.INFUSION)
    stop = AttestedFact("missing-stop-time", "m1", "stop", (START + timedelta(minutes=31)).isoformat())
    laid = overlay(replace(chart, administrations=(run,)), [stop])
    choices = form_for(asked(laid)["drug-code-ambiguous"], laid).choices
    answered = overlay(laid, next(facts for words, facts in choices.items() if "baxter" in words))
    lines = review_chart(answered, BOOK, ReviewSettings()).coded.charges
    assert [(line.code, line.units) for line in lines if line.code.startswith("J")] == [("J0701", 4)]  # 4 x 500 mg


def attested(*facts: AttestedFact) -> Attested:
    """What a nurse stated a moment ago."""
    return Attested(
        1, facts, "?", "!", "from the pump's record", "late entry", "Practitioner/n", "Nora", "clinician", True, START
    )


def test_a_dose_in_words_waits_until_the_chart_has_one_and_the_chart_is_then_believed():
    """Stated 4 mg; the chart then says 5 mg, and no longer asks: five units, and the answer waits no more."""
    unclear, settings = charted(Drug("ondansetron"), "2", "mL"), ReviewSettings()
    said = [attested(AttestedFact("dose-unit", "m1", STATED, "4 mg"))]
    before, after = (review_chart(c, BOOK, settings, said) for c in (unclear, charted(Drug("ondansetron"), "5", "mg")))
    assert [s.state for s in standing_of(said, unclear, before.answered)] == ["waiting"]
    assert [s.state for s in standing_of(said, unclear, after.answered)] == ["answered"]
    for review, units, waits in ((before, 4, True), (after, 5, False)):
        (line,) = (line for line in review.coded.charges if line.code == "J2405")
        assert (line.units, line.key in review.waiting) == (units, waits)


def test_an_amendment_of_something_else_ends_no_waiting():
    """A note about how the patient felt says nothing of the dose."""
    unclear = charted(Drug("ondansetron"), "2", "mL")
    (push,) = unclear.administrations
    noted = replace(unclear, administrations=(replace(push, notes=("tolerated well",), version="2"),))
    said = [attested(AttestedFact("dose-unit", "m1", STATED, "4 mg"))]
    assert review_chart(noted, BOOK, ReviewSettings(), said).answered == frozenset()


def test_a_stated_weight_holds_for_its_day_alone_and_until_one_is_charted():
    """80 kg said for 2 March make 12 mg that day; the dose of 9 March asks anew, and 100 kg in the chart make 15 mg."""
    weekly = charted(Drug("ondansetron"), "0.15", "mg/kg")
    (push,) = weekly.administrations
    later = replace(push, id="m2", start=START + timedelta(days=7))
    weekly = replace(weekly, administrations=(push, later), zone=UTC)
    asks = review_chart(weekly, BOOK, ReviewSettings()).coded.asks
    of_first = next(ask for ask in asks if ask.kind == "patient-weight" and ask.administrations == ("m1",))
    assert of_first.question.text().startswith("What was the patient's body weight on 2026-03-02?")
    (field,) = form_for(of_first, weekly).fields
    said = [attested(AttestedFact("patient-weight", field.administration, STATED, "80 kg"))]
    review = review_chart(weekly, BOOK, ReviewSettings(), said)
    assert [(c.day.isoformat(), c.units) for c in review.coded.charges if c.code == "J2405"] == [("2026-03-02", 12)]
    assert [a.administrations for a in review.coded.asks if a.kind == "patient-weight"] == [("m2",)]
    assert not review.waiting
    weighed = replace(weekly, weight_kg=Decimal(100))
    after = review_chart(weighed, BOOK, ReviewSettings(), said)
    assert [s.state for s in standing_of(said, weighed, after.answered)] == ["answered"]
    assert [c.units for c in after.coded.charges if c.code == "J2405"] == [15, 15]


def test_weight_and_surface_of_one_day_are_stated_side_by_side():
    """One does not replace the other: 80 kg and 2 m2 make 12 mg and 8 mg."""
    by_weight = charted(Drug("ondansetron"), "0.15", "mg/kg")
    (push,) = by_weight.administrations
    by_surface = replace(push, id="m2", drug=Drug("dexamethasone"), dose=Quantity(Decimal(4), "mg/m2"))
    chart = replace(by_weight, administrations=(push, by_surface), zone=UTC)
    fields = [f for a in review_chart(chart, BOOK, ReviewSettings()).coded.asks for f in form_for(a, chart).fields]
    values = {field.administration: {"kg": "80 kg", "m2": "2 m2"}[field.administration.split()[1]] for field in fields}
    said = [attested(*(AttestedFact("patient-weight", about, STATED, text) for about, text in values.items()))]
    units = {c.code: c.units for c in review_chart(chart, BOOK, ReviewSettings(), said).coded.charges}
    assert (units["J2405"], units["J1100"]) == (12, 8)
