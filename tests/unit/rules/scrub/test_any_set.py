"""Laws of the scrubber that hold for any set of charges."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, ClaimLine
from plugin.rules.scrub import scrub
from plugin.rules.scrub.claim import Claim
from plugin.rules.scrub.hints import hints

CODES = [
    *("96360", "96361", "96365", "96366", "96367", "96368", "96369", "96372", "96374", "96375", "96376", "96409"),
    *("96413", "96415", "96416", "96423", "96523", "36430", "36591", "99211", "99213", "90774", "G0347", "C9399"),
    *("J1745", "J9190", "J3370", "J0129", "J7030", "P9016", "Q5103", "90471", "", "X", "J\n{}", "96365 "),
]
MODIFIERS = ["59", "XS", "25", "53", "JW", "JZ", "JA", "JB", "JG", "TB", "76", "", "{}", "LT"]
DIAGNOSES = ["K50.90", "K50", "G35", "Z79.899", "R69", "", "{0}", "250.00"]
DAYS = st.dates() | st.sampled_from([date(2026, 3, 2), date(2026, 10, 5), date.min, date.max])
UNITS = st.decimals(0, 10_000, places=2) | st.sampled_from([Decimal(1), Decimal("1E+30"), Decimal(-1)])


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """Up to six lines of anything in either setting."""
    lines = tuple(
        ClaimLine(
            key=str(number),
            system=draw(st.sampled_from(["CPT", "HCPCS", ""])),
            code=draw(st.sampled_from(CODES)),
            units=draw(UNITS),
            modifiers=tuple(draw(st.lists(st.sampled_from(MODIFIERS), max_size=3))),
            day=draw(DAYS),
            diagnoses=draw(st.none() | st.lists(st.sampled_from(DIAGNOSES), max_size=3).map(tuple)),
            administrations=tuple(draw(st.lists(st.sampled_from(["m1", "m2"]), max_size=2))),
            documented=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 6)))
    )
    here = draw(st.none() | st.booleans())
    return Claim(lines, draw(st.sampled_from(list(CareSetting))), CodeBook.load(), drug_lines_here=here)


@given(claim=claims())
def test_whatever_is_charged_the_scrubber_answers_in_words_about_lines_of_the_set(claim):
    """No code, unit, day or modifier makes it fail, and it names no line that isn't there."""
    keys = {line.key for line in claim.lines}

    for edit in scrub(claim):
        assert edit.text.text()
        assert edit.mend.text()
        assert edit.lines
        assert set(edit.lines) <= keys
    assert all(hint.text.text() and hint.line in keys for hint in hints(claim))


@given(claim=claims(), data=st.data())
def test_the_order_of_the_lines_changes_nothing(claim, data):
    """The same edits about the same lines, however the set is ordered."""
    other = Claim(
        tuple(data.draw(st.permutations(claim.lines))), claim.setting, claim.book, drug_lines_here=claim.drug_lines_here
    )

    assert said(claim) == said(other)


def said(claim: Claim) -> set[tuple[str, str, frozenset[str]]]:
    """What was said about which lines, whatever the order."""
    return {(edit.id, edit.severity.value, frozenset(edit.lines)) for edit in scrub(claim)}
