"""Drugs after an operation: which words say that they are for its pain or nausea, and which procedures are operations.

The chart is always the same: a procedure from minute 0 to 60, morphine by push at minute 90.
"""

from decimal import Decimal

import pytest

from plugin.codebook import CodeBook
from plugin.domain import ProcedureDone, Quantity, Stated, Term
from plugin.rules.differences import code_encounter
from tests.properties.building import asked, at, chart, codes, given
from tests.scenarios.scenario import is_drug_line

BOOK = CodeBook.load()
CHOLECYSTECTOMY = Term("text", "", "laparoscopic cholecystectomy")
PART, ASKED, STANDS = ({}, []), ({"96374": 1}, ["procedure-link"]), ({"96374": 1}, [])


def outcome(term, note="", start=90, drug="morphine", **more):
    """The codes and the questions of the chart."""
    push = given(1, drug, start, None, "IV push", notes=(note,) if note else ())
    done = ProcedureDone("Procedure/p1", (term,), at(0), at(60))
    encounter = code_encounter(chart(push, procedures=(done,), **more), BOOK)
    return codes(encounter.charges), asked(encounter)


@pytest.mark.parametrize(
    "note",
    [
        "to control post-surgical pain",
        "postoperative nausea",
        "PONV",
        "pain 7/10 after the operation",
        "post op vomiting x2",
        "n/v post anesthesia",
        "Discomfort, post-procedure",
        "for postprocedural analgesia",
    ],
)
def test_words_that_say_it_is_aftercare(note):
    """Part of the operation that is charted that morning."""
    assert outcome(CHOLECYSTECTOMY, note) == PART


@pytest.mark.parametrize(
    "note",
    [
        "",
        "pain 7/10",
        "migraine, not post-op pain",
        "chronic postsurgical pain of the shoulder",
        "denies post-op pain, for dyspnoea",
        "history of post-operative nausea",
    ],
)
def test_words_that_leave_it_open_after_an_operation(note):
    """Asked; the line stands until somebody answers."""
    assert outcome(CHOLECYSTECTOMY, note) == ASKED


@pytest.mark.parametrize(
    "term",
    [
        Term("cpt", "47562"),
        Term("text", "", "Colonoscopy with polypectomy"),
        Term("text", "", "Repair of laceration, left hand"),
        Term("text", "", "open reduction of radius fracture"),
        Term("snomed", "174041007", "Laparoscopic appendicectomy"),
        Term("text", "", "right knee replacement"),
    ],
)
def test_operations(term):
    """By CPT's surgery section or by words: a drug for pain after it is asked about."""
    assert outcome(term) == ASKED


@pytest.mark.parametrize(
    "term",
    [
        Term("cpt", "93005"),
        Term("cpt", "71046"),
        Term("cpt", "36556"),
        Term("cpt", "51702", "bladder catheter"),
        Term("cpt", "96374"),
        Term("snomed", "12345678", "Plain radiography of chest"),
        Term("text", "", "therapeutic phlebotomy"),
        Term("text", "", "urine microscopy"),
        Term("text", "", "potassium replacement"),
        Term("text", "", "insertion of peripheral IV"),
    ],
)
def test_what_is_no_operation(term):
    """Pictures, tests, lines and tubes have no aftercare."""
    assert outcome(term) == STANDS


def test_words_without_an_operation_are_asked_about():
    """The operation may have been elsewhere, and then the visit is one of its own."""
    assert outcome(Term("cpt", "93005"), "post-op pain") == ASKED


def test_a_drug_given_before_the_operation_is_not_its_aftercare():
    """Ondansetron at minute -10 to prevent nausea after it: asked by its words, never taken for aftercare."""
    assert outcome(CHOLECYSTECTOMY, "post-op nausea prophylaxis", start=-10, drug="ondansetron") == ASKED
    assert outcome(CHOLECYSTECTOMY, start=-10) == STANDS


def test_another_drug_after_an_operation_is_not_asked_about():
    """Nothing says that a push of furosemide belongs to the operation."""
    assert outcome(CHOLECYSTECTOMY, drug="furosemide") == STANDS


@pytest.mark.parametrize(
    ("answer", "expected"), [("apart from it", STANDS), ("part of the procedure", PART)], ids=["apart", "part"]
)
@pytest.mark.parametrize("note", ["", "post-op pain"])
def test_an_answer_settles_it(note, answer, expected):
    """Also against the words of the note."""
    stated = (Stated("procedure-link", "MedicationAdministration/m1", answer),)
    assert outcome(CHOLECYSTECTOMY, note, stated=stated) == expected


@pytest.mark.parametrize("note", ["PONV", ""], ids=["charted", "answered"])
def test_the_drug_keeps_its_line_when_giving_it_is_part_of_the_operation(note):
    """4 mg of ondansetron are J2405 x4 either way; only the administration is part of the operation (HCPro, 2011)."""
    ondansetron = given(
        1, "ondansetron", 90, None, "IV push", notes=(note,) if note else (), dose=Quantity(Decimal(4), "mg")
    )
    done = ProcedureDone("Procedure/p1", (CHOLECYSTECTOMY,), at(0), at(60))
    stated = () if note else (Stated("procedure-link", "MedicationAdministration/m1", "part of the procedure"),)
    encounter = code_encounter(chart(ondansetron, procedures=(done,), stated=stated), BOOK)
    assert codes(encounter.charges) == {}
    assert [(line.code, line.units) for line in encounter.charges if is_drug_line(line)] == [("J2405", 4)]
