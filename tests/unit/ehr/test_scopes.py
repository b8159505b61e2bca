"""Granted scopes, in both syntaxes, and what they let the app do."""

import pytest

from plugin.ehr.scopes import in_v1, read_granted
from tests.verifies import verifies


@pytest.mark.parametrize(
    ("scope", "letters"),
    [
        ("patient/Condition.read", "rs"),
        ("patient/Condition.rs", "rs"),
        ("user/Condition.write", "cud"),
        ("user/Condition.*", "cruds"),
        ("patient/*.read", "rs"),
        ("patient/*.cruds", "cruds"),
        ("patient/Condition.r", "r"),
        ("launch openid fhirUser online_access", ""),
        ("patient/Condition.sr", ""),
        ("patient/Condition", ""),
        ("nonsense/Condition.read", ""),
    ],
)
def test_letters_granted(scope: str, letters: str) -> None:
    """v1 words and v2 letters mean the same interactions; what isn't understood grants nothing."""
    granted = read_granted(scope.split())
    assert "".join(letter for letter in "cruds" if granted.can(letter, "Condition")) == letters


def test_one_type_grants_no_other() -> None:
    """Reading Conditions isn't reading administrations."""
    assert not read_granted(["patient/Condition.rs"]).can_read("MedicationAdministration")


def test_write_does_not_imply_read() -> None:
    """A v1 write scope gives no reading."""
    granted = read_granted(["user/ChargeItem.write"])
    assert (granted.can_write_charges(), granted.can_read("ChargeItem")) == (True, False)


@verifies("CTX-01")
def test_narrowed_grant_is_told_by_name() -> None:
    """The user reads what can't be done, each thing once."""
    granted = read_granted(["patient/Patient.rs", "patient/Encounter.rs", "patient/MedicationAdministration.rs"])
    assert granted.missing() == (
        "diagnoses can't be read, so charges come without them",
        "drugs charted by reference can't be named",
        "orders can't be read, so order duration is unknown",
        "existing charges can't be seen",
        "charges can't be sent to the EHR",
    )


def test_category_filter_is_told_unless_the_whole_is_granted_too() -> None:
    """`?category=` grants only a part."""
    part = "patient/Condition.rs?category=problem-list-item"
    assert read_granted([part]).limited == {"Condition"}
    assert read_granted([part, "user/Condition.rs"]).limited == frozenset()
    assert read_granted([part, "patient/*.rs"]).limited == frozenset()


def test_full_grant_misses_nothing() -> None:
    """With everything granted there is nothing to tell."""
    assert read_granted(["user/*.cruds"]).missing() == ()


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("patient/Encounter.rs", "patient/Encounter.read"),
        ("user/ChargeItem.crus", "user/ChargeItem.read user/ChargeItem.write"),
        ("user/Provenance.c", "user/Provenance.write"),
        ("launch openid fhirUser", "launch openid fhirUser"),
        ("patient/*.read", "patient/*.read"),
    ],
)
def test_older_syntax_grants_no_less(newer: str, older: str) -> None:
    """What letters stand for is asked for in words; what is in words already stays."""
    assert in_v1(newer) == older
