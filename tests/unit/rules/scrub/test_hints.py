"""Hints of medical necessity: only where no diagnosis is listed, and marked by how far the list binds anybody."""

from datetime import date

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Hint
from plugin.rules.scrub.hints import hints
from tests.unit.rules.scrub.drawing_sets import claim_of


def hints_for(code: str, diagnoses: str) -> tuple[Hint, ...]:
    """The hints for one drug line beside an infusion."""
    lines = f"code | units | modifiers | diagnoses\n96365 | 1 | - | R69\n{code} | 1 | JZ | {diagnoses}"
    return hints(claim_of({"lines": lines, "setting": "facility", "date": date(2026, 3, 2)}))


@pytest.mark.parametrize(
    ("code", "diagnoses", "standing"),
    [
        ("J1745", "R10.9", "article"),  # infliximab for abdominal pain; A52423 lists Crohn's disease and others
        ("J3262", "R10.9, I10", "payer policy"),  # tocilizumab
        ("J0696", "I10", "general knowledge"),  # ceftriaxone for high blood pressure
        ("J9311", "M05.79", "article"),  # the one rituximab code whose article lists blood cancers alone
    ],
)
def test_a_drug_without_a_listed_diagnosis_gets_a_hint(code, diagnoses, standing):
    """It names the drug's code and the diagnoses, with the standing and the source of the list."""
    (hint,) = hints_for(code, diagnoses)

    assert (f"{code}: no listed indication among its diagnoses {diagnoses}", standing) == (
        hint.text.text(),
        hint.standing,
    )
    assert "2" == hint.line
    assert set(hint.citations) <= set(CodeBook.load().citations)


@pytest.mark.parametrize(
    ("code", "diagnoses"),
    [
        ("J1745", "K50.90"),
        ("J1745", "Z79.899, K51.00"),
        ("J9312", "M05.79"),
        ("J9312", "C83.39"),
        ("J0696", "N39.0"),
        ("J1745", "none"),  # no diagnosis at all is the edit's
        ("J0013", "R10.9"),  # nobody listed anything
    ],
)
def test_a_match_or_no_list_gives_no_hint(code, diagnoses):
    """One listed diagnosis among them is enough."""
    assert () == hints_for(code, diagnoses)


def test_a_match_on_a_condition_alone_names_the_condition():
    """Pyoderma gangrenosum is listed for infliximab beside inflammatory bowel disease."""
    (hint,) = hints_for("J1745", "L88")

    assert "L88 is listed for J1745 on a condition: with K50.- or K51.-" == hint.text.text()
    assert () == hints_for("J1745", "L88, K50.90")
