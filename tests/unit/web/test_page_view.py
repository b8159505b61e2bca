"""The page as a value: rows in words, what is hidden nowhere, and what "accept all" takes."""

from datetime import date

import pytest
from msgspec import structs

from plugin.codebook.tables import Position, Side
from plugin.domain import Caveat, Citation, Standing, TableRow
from plugin.domain.replacing import replace
from plugin.rules.what_if import WhatIf
from plugin.web.views.charges import RuleName, State, token_of
from plugin.web.views.page import BookWords, Reader, Record, build_review_page
from tests.unit.web.sample_charts import CATEGORIES, LABELS, chemo_day
from tests.verifies import verifies

MANUAL = Citation("ncci-2026-11", "NCCI manual", "https://example.org/manual", Standing.SOURCED, date(2026, 8, 1))
OTHER_MANUAL = replace(MANUAL, id="medlearn", title="Medlearn", locator="chapter 3")
SAME_DRUG = Position(
    "same_drug_time",
    "One drug twice: each interval alone, or added up?",
    (Side("interval", "each alone", (MANUAL.id,)), Side("cumulative", "added up", (OTHER_MANUAL.id,))),
    in_use=True,
)
WORDS = BookWords(
    lambda code: LABELS.get(code, ""),
    {MANUAL.id: MANUAL, OTHER_MANUAL.id: OTHER_MANUAL}.get,
    lambda rule: {"SEQUENTIAL": "A further drug"}.get(rule, ""),
    CATEGORIES.get,
    {SAME_DRUG.name: SAME_DRUG}.get,
)
READER = Reader("Kim Lee", "coder", "Sandbox", may_decide=True)


def page_of(coded, record=None):
    return build_review_page(coded, "b1", READER, record or Record(), WORDS)


@pytest.fixture(scope="module")
def page():
    """The chemotherapy day, nothing decided."""
    return page_of(chemo_day())


def row_of(page, code):
    return next(row for row in page.charges if row.code == code)


def test_rows_keep_the_order_of_the_claim(page):
    """The core ordered them; the page doesn't."""
    assert [(row.code, row.units) for row in page.charges] == [
        ("96413", 1),
        ("96415", 2),
        ("96417", 1),
        ("96367", 1),
        ("96375", 4),
        ("96372", 1),
        ("J9267", 300),
    ]


def test_each_row_says_which_minutes_earned_which_unit(page):
    """A coder can check every unit against the chart."""
    assert row_of(page, "96415").minutes == (
        "Unit 1: Paclitaxel 300 mg, 10:30\N{EN DASH}11:30, 60 minutes",
        "Unit 2: Paclitaxel 300 mg, 11:30\N{EN DASH}12:30, 60 minutes",
    )
    assert row_of(page, "96372").minutes == ("Pegfilgrastim 6 mg, 13:50",)


def test_facts_come_with_what_they_rest_on(page):
    """A fact links to the administration's row."""
    fact = row_of(page, "96413").because[0]
    assert fact.text == "Chemotherapy infusion, first hour ran 62 minutes."
    assert [(g.anchor, g.reference) for g in fact.references] == [("given-7", "MedicationAdministration/m7")]


def test_rules_are_named_by_id_and_title(page):
    """The id for looking it up, the title for reading."""
    assert row_of(page, "96417").rules == (RuleName("SEQUENTIAL", "A further drug"),)


def test_sources_are_linked_and_dated(page):
    """Only an https address becomes a link."""
    source = row_of(page, "96413").sources[0]
    assert (source.title, source.href, source.checked_on) == ("NCCI manual", "https://example.org/manual", "2026-08-01")


@pytest.mark.parametrize("locator", ["chapter 11, B.2", "http://example.org", "javascript:alert(1)"])
def test_other_locators_are_words(locator):
    """A locator that isn't an https address must not be a link."""
    words = replace(WORDS, citation_of=lambda id_: replace(MANUAL, locator=locator))
    page = build_review_page(chemo_day(), "b1", READER, Record(), words)
    assert (page.charges[0].sources[0].href, page.charges[0].sources[0].locator) == ("", locator)


def test_a_contested_point_shows_both_sides_each_with_its_source(page):
    """The question, the side taken, the other, who says which, and what would differ."""
    point = row_of(page, "96367").caveats[0]
    assert (point.title, point.contested) == ("One drug twice: each interval alone, or added up?", True)
    assert (point.took.name, point.took.means, point.took.sources[0].title) == ("interval", "each alone", "NCCI manual")
    assert (point.other.name, point.other.means, point.other.sources[0].title) == ("cumulative", "added up", "Medlearn")
    assert point.effect == "96367 would have 2 units"


def test_a_point_the_book_does_not_know_keeps_its_names_and_sources():
    """A page of an older review may name one."""
    page = build_review_page(chemo_day(), "b1", READER, Record(), replace(WORDS, position_of=lambda name: None))
    point = row_of(page, "96367").caveats[0]
    assert (point.title, point.contested) == ("same drug time", True)
    assert (point.took.name, point.other.name) == ("interval", "cumulative")
    assert [source.title for source in point.took.sources] == ["NCCI manual"]


@pytest.mark.parametrize(
    ("caveat", "title"),
    [
        (
            Caveat("icd10cm-edition", "fiscal year 2026", "the day's own", "no edition of 2027-03-02"),
            "The diagnoses are judged by another year's ICD-10-CM",
        ),
        (
            Caveat("missing-stop-time", "as charted", "answered", "31 minutes: adds 96365"),
            "An open question may change this: missing stop time",
        ),
    ],
)
def test_a_notice_is_told_in_words_and_not_as_contested(caveat, title):
    """Nobody disputes which year's codes a book holds, or that an answer may change a line."""
    coded = chemo_day()
    first = structs.replace(coded.charges[0], caveats=(caveat,))
    (point,) = page_of(replace(coded, charges=(first,))).charges[0].caveats
    assert (point.title, point.contested) == (title, False)


def test_the_sides_in_force_are_told():
    """What was read for this encounter, with its question."""
    page = page_of(replace(chemo_day(), positions=(("same_drug_time", "cumulative"), ("gone", "any_16"))))
    told = [(point.position, point.question, point.side, point.means) for point in page.positions]
    assert told == [
        ("same drug time", "One drug twice: each interval alone, or added up?", "cumulative", "added up"),
        ("gone", "", "any 16", ""),
    ]


def test_one_more_fact_stands_by_the_charges_it_is_about():
    """And all of them in one list."""
    later = WhatIf(("MedicationAdministration/m7",), "a stop at or after 13:01", "96415 x2 becomes x3")
    page = build_review_page(chemo_day(), "b1", READER, Record(), WORDS, (later,))
    assert [(item.fact, item.would) for item in page.one_more] == [(later.fact, later.would)]
    assert page.one_more[0].given[0].label == "Paclitaxel 300 mg"
    assert [row.code for row in page.charges if row.one_more] == ["96413", "96415", "J9267"]


def test_rows_that_were_read_are_named():
    """The table rows behind a charge are those its own rule read."""
    coded = chemo_day()
    ruling = next(r for r in coded.rulings if getattr(r.outcome, "code", None) == "96415")
    read = structs.replace(
        ruling, rules=("TIME-ADDITIONAL-HOUR",), rows=(TableRow("time_limits.toml", "31 minutes", "x"),)
    )
    page = page_of(replace(coded, rulings=(read,)))
    assert row_of(page, "96415").rows == ("time_limits.toml: 31 minutes",)
    assert row_of(page, "96413").rows == ()


def test_an_open_question_on_its_administration_keeps_a_charge_out_of_accept_all():
    """What an answer may change is not accepted in passing."""
    coded = replace(chemo_day(), complete=True)
    ask = structs.replace(coded.asks[0], administrations=("MedicationAdministration/m5",))
    page = page_of(replace(coded, asks=(ask,)))
    assert row_of(page, "96367").needs_answer
    assert "96367" not in {row.code for row in page.ready}
    assert len(page.ready) == 6
    assert page.accept_all_words == "Accept the 6 that need no answer"


@verifies("RD-03", "RD-04")
def test_accept_all_takes_nothing_while_something_was_not_read():
    """Cut off, held back or quarantined: each line has to be looked at."""
    assert not chemo_day().complete
    assert page_of(chemo_day()).ready == ()
    assert page_of(replace(chemo_day(), complete=True)).ready != ()


def test_accept_all_takes_what_is_undecided_only():
    """A dismissed charge is not accepted again by the way."""
    coded = replace(chemo_day(), complete=True)
    states = {
        token_of(coded.charges[0]): State("dismissed", "Dismissed"),
        token_of(coded.charges[1]): State("sent", "Sent"),
    }
    page = page_of(coded, Record(states))
    assert [row.code for row in page.ready] == ["96417", "96367", "96375", "96372", "J9267"]
    assert page.accept_all_words == "Accept the other 5"


def test_accepted_values_stand_beside_suggested_ones():
    """An edit shows both."""
    coded = chemo_day()
    edited = State("accepted", "Accepted", "documented twice", units=2, modifiers=("XS",))
    row = row_of(page_of(coded, Record({token_of(coded.charges[5]): edited})), "96372")
    assert (row.units, row.units_now, row.modifiers, row.modifiers_now) == (1, 2, ("59",), ("XS",))


def test_questions_say_what_an_answer_changes(page):
    """The text of the core, with the administration it is about."""
    question = page.questions[0]
    assert question.kind == "Missing stop time"
    assert question.text == "When did the magnesium sulfate that started at 13:00 end?"
    assert question.would.startswith("A stop at 13:16 or later")
    assert [g.label for g in question.given] == ["Magnesium sulfate 2 g"]


def test_not_complete_says_how_many_records_were_not_read(page):
    """Reading problems are never hidden: the one that blocks is counted, both are listed."""
    assert not page.complete
    assert page.incomplete_because == ("1 record could not be read",)
    assert [issue.path for issue in page.issues] == ["effectivePeriod", "code"]


def test_complete_gives_no_reason():
    """Nothing is withheld."""
    assert page_of(replace(chemo_day(), complete=True)).incomplete_because == ()


def test_every_administration_is_in_the_table_with_what_became_of_it(page):
    """Also those that earned nothing, were asked about, or were not given."""
    became = {row.reference.rsplit("/", 1)[1]: " ".join(row.became) for row in page.given}
    assert len(became) == 12
    assert "96417" in became["m8"]
    assert "Hydration does not count while fosaprepitant runs" in became["m1"]
    assert became["m9"].startswith("Question: When did the magnesium")
    assert became["m11"] == "Not coded: A flush is part of the access."
    assert became["m12"] == "Not coded: It was not given."
    assert "J9267: 300 units" in became["m7"]


def test_declined_with_a_code_come_first(page):
    """What was nearly charged is of more interest than a flush."""
    assert [item.code for item in page.declined] == ["96415", "96361", "", ""]


def test_an_encounter_without_administrations_is_empty():
    """The page then says so instead of showing an empty picture."""
    coded = chemo_day()
    bare = replace(coded, chart=replace(coded.chart, administrations=()), charges=(), asks=(), rulings=())
    assert page_of(bare).is_empty
