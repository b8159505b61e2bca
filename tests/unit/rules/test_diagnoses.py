"""Which diagnoses stand behind a line: where they come from, what is said of them, and what is never made up.

The order itself is shown by the scenarios `diagnoses_*.toml`.
"""

from datetime import timedelta
from itertools import permutations

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Diagnosis, Encounter, Term
from plugin.domain.replacing import replace
from plugin.rules.diagnosis_order import Support
from plugin.rules.differences import code_encounter
from plugin.rules.engine import run
from tests.properties.building import at, chart, given

BOOK = CodeBook.load()
A_YEAR = timedelta(days=365)


def condition(number: int, *terms: Term, category: str = "encounter-diagnosis", rank: int | None = None) -> Diagnosis:
    """`Condition/c<number>` with its terms, by default ranked by its number."""
    listed = number if category == "encounter-diagnosis" and rank is None else rank
    return Diagnosis(f"Condition/c{number}", terms, category, listed)


def icd(code: str) -> Term:
    """An ICD-10-CM code."""
    return Term("icd10cm", code)


def snomed(code: str, text: str = "") -> Term:
    """A SNOMED CT concept."""
    return Term("snomed", code, text)


def coded(*administrations, conditions=(), **more):
    """The encounter coded."""
    alone = {"drug_lines": "elsewhere"}
    return code_encounter(chart(*administrations, diagnoses=tuple(conditions), **more), BOOK, choices=alone)


def ranked(*codes: str) -> list[Diagnosis]:
    """Encounter diagnoses in that order."""
    return [condition(number, icd(code)) for number, code in enumerate(codes, start=1)]


def only_line(coded):
    """The one line there is."""
    (line,) = coded.charges
    return line


ANTIBIOTIC = given(1, "ceftriaxone", 0, 60)


def test_a_snomed_concept_stands_for_its_code_and_the_line_says_so():
    """Sepsis charted in SNOMED CT alone: A41.9 by the table, with the concept and what it leaves open."""
    line = only_line(coded(ANTIBIOTIC, conditions=[condition(1, snomed("91302008", "Sepsis"))]))
    (caveat,) = line.caveats

    assert (("A41.9",), ("Condition/c1",)) == (line.diagnoses, line.diagnosis_references)
    assert ("diagnosis-mapped", "A41.9") == (caveat.position, caveat.took)
    assert "SNOMED CT 91302008" in caveat.effect
    assert "organism not in the concept" in caveat.effect
    assert ("snomed-map-checked",) == caveat.sources


def test_a_charted_code_is_taken_before_the_concept_beside_it():
    """A Condition that carries both says ICD-10-CM itself; nothing is mapped."""
    line = only_line(coded(ANTIBIOTIC, conditions=[condition(1, snomed("91302008"), icd("A40.3"))]))

    assert (("A40.3",), ()) == (line.diagnoses, line.caveats)


def test_an_administrations_own_reason_may_be_a_concept():
    """reasonCode in SNOMED CT counts as its own reason, before the encounter's diagnoses."""
    own = replace(ANTIBIOTIC, reasons=(snomed("36689008", "Acute pyelonephritis"),))
    line = only_line(coded(own, conditions=ranked("J18.9")))

    assert ("N10",) == line.diagnoses


def test_an_administrations_own_reason_may_point_to_a_condition_with_a_concept():
    """reasonReference to a Condition in SNOMED CT: its code, and its reference."""
    own = replace(ANTIBIOTIC, reason_references=("Condition/c2",))
    line = only_line(coded(own, conditions=[*ranked("J18.9"), condition(2, snomed("36689008"))]))

    assert (("N10",), ("Condition/c2",)) == (line.diagnoses, line.diagnosis_references)


def test_a_code_that_was_charted_too_is_not_marked_as_mapped():
    """A concept and a code for one disease are one diagnosis, and the charted one counts."""
    line = only_line(coded(ANTIBIOTIC, conditions=[condition(1, snomed("91302008")), condition(2, icd("A41.9"))]))

    assert (("A41.9",), ("Condition/c2",), ()) == (line.diagnoses, line.diagnosis_references, line.caveats)


@pytest.mark.parametrize("concept", ["118600007", "118599009000", ""])
def test_a_concept_that_the_table_does_not_have_supports_nothing(concept):
    """A known mismatch or an unknown concept is asked about, not guessed."""
    result = coded(ANTIBIOTIC, conditions=[condition(1, snomed(concept, "Malignant lymphoma"))])

    assert () == only_line(result).diagnoses
    assert ["needs-diagnosis"] == [ask.kind for ask in result.asks]


def test_dehydration_in_snomed_is_a_reason_for_fluid():
    """The line carries E86.0, so nobody is asked which condition called for hydration."""
    fluid = given(1, "sodium chloride 0.9%", 0, 60)
    result = coded(fluid, conditions=[condition(1, snomed("34095006", "Dehydration"))])

    assert [("96360", ("E86.0",))] == [(line.code, line.diagnoses) for line in result.charges]
    assert () == result.asks


def test_a_code_is_written_with_its_dot_whatever_the_chart_writes():
    """`k5090` is K50.90 on the claim."""
    assert ("K50.90",) == only_line(coded(ANTIBIOTIC, conditions=ranked("k5090"))).diagnoses


def test_the_problem_list_counts_only_when_there_is_nothing_else():
    """Encounter diagnoses come first; a problem alone is better than no diagnosis."""
    problem = condition(9, icd("I10"), category="problem-list-item")

    assert ("J18.9",) == only_line(coded(ANTIBIOTIC, conditions=[problem, *ranked("J18.9")])).diagnoses
    assert ("I10",) == only_line(coded(ANTIBIOTIC, conditions=[problem])).diagnoses


def notices(result) -> list[str]:
    """What is said of diagnoses that are not billable."""
    return [n.text.text() for n in result.notices if n.kind == "diagnosis-not-billable"]


def test_a_heading_is_left_off_with_the_codes_below_it_named():
    """G35 in March 2026: its four children, with a dash where codes stand below them too; none is guessed."""
    result = coded(ANTIBIOTIC, conditions=ranked("G35", "J18.9"))
    line = only_line(result)

    assert ("J18.9",) == line.diagnoses
    assert ["G35 is no billable code on 2026-03-02: choose one of G35.A, G35.B-, G35.C-, G35.D"] == notices(result)
    assert "G35 is not billable on 2026-03-02 and is left off the line" in [fact.text() for fact in line.evidence]


@pytest.mark.parametrize("code", ["B20", "F99", "P84", "R99"])
def test_a_category_that_is_a_block_of_its_own_stands_on_the_line(code):
    """Human immunodeficiency virus disease is B20, without a further character."""
    result = coded(ANTIBIOTIC, conditions=ranked(code))

    assert ((code,), []) == (only_line(result).diagnoses, notices(result))


def test_a_code_that_does_not_exist_is_left_off_and_said():
    """Nothing stands below it to choose from."""
    result = coded(ANTIBIOTIC, conditions=ranked("J18.9", "J99.99"))

    assert ("J18.9",) == only_line(result).diagnoses
    assert ["J99.99 is no ICD-10-CM code on 2026-03-02"] == notices(result)


def on_another_day(*codes: str, by: timedelta):
    """An antibiotic visit so much later."""
    row = given(1, "ceftriaxone", None, None, start=at(0) + by, stop=at(60) + by, instant=False)
    encounter = Encounter("Encounter/e1", "Patient/p1", "AMB", "finished", at(0) + by, at(60) + by)
    return coded(row, conditions=ranked(*codes), encounter=encounter)


def test_a_day_without_an_edition_keeps_the_code_and_says_how_it_was_judged():
    """In 2025-03 G35 was billable; the edition of 2026 is told, and takes nothing away."""
    result = on_another_day("G35", by=-A_YEAR)
    line = only_line(result)

    assert ("G35",) == line.diagnoses
    assert ["icd10cm-edition"] == [caveat.position for caveat in line.caveats]
    assert "the edition of fiscal year 2026, the nearest to 2025-03-02" in notices(result)[0]
    assert () == result.asks


def test_the_days_own_edition_needs_no_caveat():
    """Nothing is marked in fiscal year 2026; the year after, each line with a diagnosis is."""
    assert () == only_line(on_another_day("J18.9", by=timedelta(0))).caveats
    assert ["icd10cm-edition"] == [c.position for c in only_line(on_another_day("J18.9", by=A_YEAR)).caveats]
    assert [] == notices(on_another_day("J18.9", by=A_YEAR))


def test_a_diagnosis_behind_no_line_is_not_spoken_of():
    """The service names its own reason, so the encounter's heading is nobody's business here."""
    own = replace(ANTIBIOTIC, reasons=(icd("N10"),))
    result = coded(own, conditions=ranked("G35"))

    assert (("N10",), []) == (only_line(result).diagnoses, notices(result))


def test_a_status_as_own_reason_gives_way_to_the_encounters_diagnoses():
    """Z79.- supports nothing by itself, so the encounter's disease does."""
    own = replace(ANTIBIOTIC, reasons=(icd("Z79.2"),))

    assert ("N10",) == only_line(coded(own, conditions=ranked("N10"))).diagnoses


def test_an_order_that_was_changed_says_why_and_from_where():
    """The line carries the rule's words and its sources; an order left alone carries neither."""
    changed = only_line(coded(ANTIBIOTIC, conditions=ranked("D63.1", "N18.4")))
    left = only_line(coded(ANTIBIOTIC, conditions=ranked("N18.4", "D63.1")))

    assert ("N18.4", "D63.1") == changed.diagnoses == left.diagnoses
    assert "diagnoses: D63.1: chronic kidney disease is coded first" in [fact.text() for fact in changed.evidence]
    assert "icd10-anemia" in changed.citations
    assert "icd10-anemia" not in left.citations


CHARTED = ("Z51.11", "C50.911", "C79.51", "D63.0", "E86.0", "T45.1X5A", "Z79.899")
VISIT = (given(1, "paclitaxel", 0, 60), given(2, "sodium chloride 0.9%", 60, 120), given(3, "ondansetron", 125, None))


@pytest.mark.parametrize("order", [CHARTED, CHARTED[::-1], *list(permutations(CHARTED))[700::900]])
def test_whatever_the_charts_order_nothing_is_made_up_and_no_additional_code_leads(order):
    """Each line keeps a part of what was charted, once each, and begins with what may stand first."""
    for line in coded(*VISIT, conditions=ranked(*order)).charges:
        assert set(line.diagnoses) <= set(CHARTED)
        assert len(set(line.diagnoses)) == len(line.diagnoses) > 0
        assert line.diagnoses[0] not in {"T45.1X5A", "Z79.899", "D63.0"}


def test_a_code_left_off_one_line_stands_on_another():
    """Z51.11 is not the fluid's reason and E86.0 not the drug's; together the lines carry everything."""
    lines = coded(*VISIT, conditions=ranked(*CHARTED)).charges

    assert set(CHARTED) == {code for line in lines for code in line.diagnoses}


def test_the_order_is_worked_out_once_for_each_kind_of_line(monkeypatch):
    """Three drugs of one kind on one day share their answer."""
    rows = [given(n, drug, n * 60, n * 60 + 40) for n, drug in enumerate(("ceftriaxone", "vancomycin", "cefepime"), 1)]
    ruled = run(chart(*rows, diagnoses=tuple(ranked("J18.9", "A41.9"))), BOOK)
    support, day = Support(ruled.visit), ruled.day
    answers = [support.of_line((row.id,), day) for row in rows]

    assert answers[0] is answers[1] is answers[2]
