"""Drugs into an artery: what an answer about a procedure does, what keeps its drug line, and what stays outside."""

from decimal import Decimal

import pytest

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, Decline, ProcedureDone, Quantity, Route, Stated, Status, Technique, Term
from plugin.rules.differences import code_encounter
from tests.properties.building import asked, at, chart, codes, given

BOOK = CodeBook.load()
IA = {"route": Route.INTRA_ARTERIAL, "technique": None, "site": "hepatic artery"}
PUSHED = IA | {"technique": Technique.PUSH}


def procedure(text, start=None, stop=None):
    """A procedure between two minutes, or with no time."""
    times = [None if minute is None else at(minute) for minute in (start, stop)]
    return ProcedureDone("Procedure/p1", (Term("text", "", text),), *times)


def said(answer, number=1):
    """That somebody answered the question about the procedure."""
    return (Stated("procedure-link", f"MedicationAdministration/m{number}", answer),)


def coded(*administrations, **more):
    """The encounter with these administrations coded."""
    return code_encounter(chart(*administrations, **more), BOOK)


NITROGLYCERIN = given(1, "nitroglycerin", 0, None, "IV push", **PUSHED)
CISPLATIN = given(1, "cisplatin", 30, 121, "IV", **IA)
ARTERIOGRAM = (procedure("hepatic arteriogram", 0, 150),)


def test_an_injection_apart_from_any_procedure_has_its_code():
    """96373 for a drug that is not chemotherapy (R24b), once somebody says so."""
    assert codes(coded(NITROGLYCERIN).charges) == {}
    assert codes(coded(NITROGLYCERIN, stated=said("apart from it")).charges) == {"96373": 1}
    assert asked(coded(NITROGLYCERIN, stated=said("apart from it"))) == []


def test_what_is_part_of_the_procedure_is_declined():
    """The answer settles it: nothing coded, nothing asked again."""
    encounter = coded(NITROGLYCERIN, stated=said("part of the procedure"))
    assert codes(encounter.charges) == {}
    assert asked(encounter) == []


def test_each_dose_that_stands_apart_counts():
    """Two doses, one of them part of the procedure."""
    other = given(2, "nitroglycerin", 20, None, "IV push", **PUSHED)
    apart = said("apart from it") + said("apart from it", 2)
    assert codes(coded(NITROGLYCERIN, other, stated=apart).charges) == {"96373": 2}
    assert codes(coded(NITROGLYCERIN, other, stated=apart[:1] + said("part of the procedure", 2)).charges) == {
        "96373": 1
    }


def test_chemotherapy_during_an_arteriogram_waits_for_the_answer():
    """91 minutes: a first hour and one more (R10), when they are said to stand apart; the question says so."""
    encounter = coded(CISPLATIN, procedures=ARTERIOGRAM)
    assert codes(encounter.charges) == {}
    assert asked(encounter) == ["procedure-link"]
    assert "adds 96422 x1, adds 96423 x1" in encounter.would[0]
    apart = coded(CISPLATIN, procedures=ARTERIOGRAM, stated=said("apart from it"))
    assert codes(apart.charges) == {"96422": 1, "96423": 1}


@pytest.mark.parametrize(
    ("text", "is_part"),
    [
        ("transarterial chemoembolization of the liver", True),
        ("DEB-TACE, segment 6", True),
        ("Radioembolisation, right hepatic artery", True),
        ("CT angiography for pulmonary embolism", False),
        ("surface mapping", False),
    ],
)
def test_an_embolization_takes_its_chemotherapy_without_a_question(text, is_part):
    """By its words, and an embolism is none; during any other procedure it is asked."""
    encounter = coded(CISPLATIN, procedures=(procedure(text, 0, 150),))
    assert codes(encounter.charges) == {}
    assert asked(encounter) == ([] if is_part else ["procedure-link"])


def test_an_embolization_at_another_time_is_asked_about():
    """The chart's times may be of the writing; chemotherapy beside an embolization mostly is part of it (R24b)."""
    encounter = coded(CISPLATIN, procedures=(procedure("chemoembolization", 0, 20),))
    assert codes(encounter.charges) == {}
    assert asked(encounter) == ["procedure-link"]


def test_the_drug_of_an_embolization_keeps_its_line():
    """The administration is part of the procedure; doxorubicin J9000 by 10 mg is not."""
    doxorubicin = given(1, "doxorubicin", 30, 40, "IV", **IA, dose=Quantity(Decimal(50), "mg"))
    encounter = coded(doxorubicin, procedures=(procedure("chemoembolization", 0, 60),))
    assert codes(encounter.charges) == {}
    assert [(line.code, line.units) for line in encounter.charges] == [("J9000", 5)]


@pytest.mark.parametrize("drug", ["alteplase", "iohexol", "heparin lock flush", "normal saline 1000 mL"])
def test_what_no_code_of_the_family_is_for_is_declined(drug):
    """Dissolving a clot, contrast, a flush, and fluid: none of them is asked about."""
    encounter = coded(given(1, drug, 0, None, "IV push", **PUSHED))
    declines = [r.rules[0] for r in encounter.rulings if isinstance(r.outcome, Decline)]
    assert codes(encounter.charges) == {}
    assert asked(encounter) == []
    assert declines.count("ROUTE-OUTSIDE") == 1


def test_an_unknown_drug_is_asked_about_before_its_procedure():
    """Its class decides between 96420 and 96373."""
    encounter = coded(given(1, "compound 7", 0, 10, "IV", **IA))
    assert codes(encounter.charges) == {}
    assert asked(encounter) == ["unknown-drug-class"]


@pytest.mark.parametrize("stop", [10, 40])
def test_an_injection_into_a_muscle_is_never_an_infusion(stop):
    """96369 is for under the skin; whatever a system calls the technique, a muscle takes an injection (R24a)."""
    muscle = given(1, "ceftriaxone", 0, stop, "IM", technique=Technique.INFUSION)
    assert codes(coded(muscle).charges) == {"96372": 1}


@pytest.mark.parametrize("second_stop", [219, 220, 231])
def test_of_two_infusions_on_a_day_the_longer_is_coded(second_stop):
    """100 minutes from 0; from 120 on 99, as long, or 111: one first hour, one more, and the other goes to a coder."""
    doses = given(1, "cisplatin", 0, 100, "IV", **IA), given(2, "mitomycin", 120, second_stop, "IV", **IA)
    encounter = coded(*doses)
    assert codes(encounter.charges) == {"96422": 1, "96423": 1}
    (first_hour, _) = encounter.charges[:2]
    longer = 2 if second_stop == 231 else 1
    assert first_hour.administrations == (f"MedicationAdministration/m{longer}",)
    assert [n.administrations for n in encounter.notices] == [(f"MedicationAdministration/m{3 - longer}",)]


@pytest.mark.parametrize(("side", "code"), [("actual_minutes", "96420"), ("intended_with_53", "96422-53")])
def test_an_arterial_infusion_stopped_for_a_reaction_follows_the_offices_position(side, code):
    """Five minutes of an infusion: a push by its minutes, or the intended infusion with 53 (R22a)."""
    stopped = given(1, "cisplatin", 0, 5, "IV", **(IA | {"technique": Technique.INFUSION}), status=Status.STOPPED)
    encounter = code_encounter(chart(stopped), BOOK, CareSetting.OFFICE, {"stopped_for_reaction": side})
    assert codes(encounter.charges) == {code: 1}
