"""What each outcome carries: its rule, the rows it read, what it rests on; and which rules are looked at at all."""

from datetime import date

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Category, Decline, Role, Suggest, Technique
from plugin.rules import BY_ID, CLASSIFY, EARN, LEAVE_OUT, RULEBOOK, SUPPLY, TELL
from plugin.rules.base import Kind, looking_at, since
from plugin.rules.differences import code_encounter
from plugin.rules.engine import run
from tests.properties.building import asked, chart, codes, given

BOOK = CodeBook.load()


def rulings(*administrations):
    """The rulings of a run."""
    return run(chart(*administrations), BOOK).rulings


def test_an_outcome_carries_the_rows_its_rule_read_and_no_others():
    """The drug's own row first, then the limits and the code; a second rule's rows are its own."""
    by_rule = {ruling.rules[0]: ruling for ruling in rulings(given(1, "ceftriaxone", 0, 100))}
    initial = [(row.table, row.key) for row in by_rule["INITIAL-SERVICE"].rows]
    further = [(row.table, row.key) for row in by_rule["TIME-ADDITIONAL-HOUR"].rows]

    assert ("drugs.csv", "ceftriaxone") == initial[0] == further[0]
    assert ("procedure_codes.csv", "96365") in initial
    assert ("procedure_codes.csv", "96366") not in initial
    assert ("procedure_codes.csv", "96366") in further
    assert ("time_limits.toml", "last_part_must_exceed") in further


def test_every_row_that_is_read_names_a_source_of_the_book():
    """A trace that leads nowhere is no trace."""
    charted = (
        given(1, "paclitaxel", 0, 200),
        given(2, "ondansetron", 210, 240),
        given(3, "morphine", 5, None, "IV push"),
    )
    read = {row.cites for ruling in rulings(*charted) for row in ruling.rows}

    assert read - set(BOOK.citations) == set()


@pytest.mark.parametrize("rule", RULEBOOK, ids=lambda rule: rule.id)
def test_every_rule_is_named_cited_dated_and_explained(rule):
    """An id of its own form, a title, sources that exist, a first day, and a docstring."""
    assert rule.id == rule.id.upper()
    assert rule.title
    assert rule.cites
    assert [source for source in rule.cites if source not in BOOK.citations] == []
    assert rule.run.__doc__
    assert rule.in_force.hold(date(2026, 3, 2))
    assert BY_ID[rule.id] is rule


def test_the_rulebook_is_its_parts_in_order():
    """What is read from top to bottom is what runs."""
    assert (*LEAVE_OUT, *CLASSIFY, *EARN, *TELL, *SUPPLY) == RULEBOOK


@pytest.mark.parametrize(
    ("day", "holds"),
    [(date(2009, 1, 1), True), (date(2008, 12, 31), False), (date(2020, 6, 30), True), (date(2020, 7, 1), False)],
)
def test_a_rule_is_in_force_from_its_first_day_to_its_last(day, holds):
    """Both ends belong to it."""
    assert holds is since("2009-01-01", "2020-06-30").hold(day)


def test_an_empty_set_of_what_is_looked_at_means_all():
    """And each set that is given must hold."""
    hydration = looking_at(Role.INITIAL, Category.HYDRATION)

    assert looking_at().covers(Kind.UNTIMED, Category.THERAPEUTIC, None)
    assert hydration.covers(Role.INITIAL, Category.HYDRATION, Technique.INFUSION)
    assert not hydration.covers(Role.ADDITIONAL_HOUR, Category.HYDRATION, Technique.INFUSION)
    assert not hydration.covers(Role.INITIAL, Category.THERAPEUTIC, Technique.INFUSION)


def test_no_decline_is_silent():
    """Every decline has a reason that can be read."""
    said = rulings(
        given(1, "ceftriaxone", 0, 90),
        given(2, "sodium chloride flush", 100, None, "IV push"),
        given(3, "acetaminophen", 5, None, "by mouth"),
        given(4, "sodium chloride 0.9%", 110, 130),
    )
    declines = [ruling.outcome for ruling in said if isinstance(ruling.outcome, Decline)]

    assert 5 == len(declines)  # the fluid's short run, and its bag
    assert [each for each in declines if not [fact.text() for fact in each.because]] == []


def test_a_suggestion_rests_on_the_administrations_it_claims():
    """Its administrations are those of its claims, its units those of its parts."""
    for ruling in rulings(given(1, "ceftriaxone", 0, 160), given(2, "vancomycin", 160, 400)):
        said = ruling.outcome
        if isinstance(said, Suggest):
            assert {claim.administration for claim in said.claims} == set(said.administrations)
            assert said.units == len(said.unit_claims)


def test_a_contested_line_says_what_the_other_side_would_give():
    """40 minutes shared of 60: under carve 20 are left and sequential; the other sides give the concurrent code."""
    coded = code_encounter(chart(given(1, "vancomycin", 0, 300), given(2, "ceftriaxone", 260, 320)), BOOK)
    told = {(caveat.other, caveat.effect) for line in coded.charges for caveat in line.caveats}

    assert {"96365": 1, "96366": 4, "96367": 1} == codes(coded.charges)
    assert {other for other, effect in told if "96368" in effect} >= {"majority", "any_16"}


def test_a_plain_chart_carries_no_caveat_and_asks_nothing():
    """Over-asking is a defect too."""
    coded = code_encounter(chart(given(1, "ceftriaxone", 0, 60)), BOOK)

    assert [] == [caveat for line in coded.charges for caveat in line.caveats]
    assert ([], True) == (asked(coded), coded.complete)


def test_a_question_says_what_its_answers_would_change():
    """A missing stop: 16 minutes would make it the initial infusion, 91 a further hour."""
    coded = code_encounter(chart(given(1, "ceftriaxone", 0, None)), BOOK)
    place = [ask.kind for ask in coded.asks].index("missing-stop-time")

    assert ["missing-stop-time"] == asked(coded)
    assert "adds 96365 x1" in coded.would[place]
    assert "adds 96366 x1" in coded.would[place]


def test_a_question_whose_answers_change_nothing_is_not_shown():
    """A flush without a stop is a flush."""
    assert [] == asked(code_encounter(chart(given(1, "sodium chloride flush", 0, None, "IVPB")), BOOK))
