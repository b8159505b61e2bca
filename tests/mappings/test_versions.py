"""What tells one version of a resource from another where the server doesn't say."""

from decimal import Decimal
from typing import Any

from fhir_mappings.lookup import version_of

GIVEN = {"resourceType": "MedicationAdministration", "dosage": {"text": "IV", "dose": {"value": Decimal("1.50")}}}


def test_the_order_of_keys_makes_no_version() -> None:
    """However deep."""
    turned = {"dosage": {"dose": {"value": Decimal("1.50")}, "text": "IV"}, "resourceType": "MedicationAdministration"}
    assert version_of(turned) == version_of(GIVEN)
    assert version_of(GIVEN).startswith("sha256:")


def test_other_content_is_another_version() -> None:
    """Also where it is nothing that an encoder takes, and where only the precision of a number differs."""
    others: list[dict[str, Any]] = [
        {"dosage": {"text": "IM", "dose": {"value": Decimal("1.50")}}},
        {"dosage": {"text": "IV", "dose": {"value": Decimal("1.5")}}},
        *({"note": [{"text": odd}]} for odd in ("\ud800", "\udfff", 10**40, 10**40 + 1)),
    ]
    contents = [GIVEN, *({**GIVEN, **other} for other in others)]
    versions = [version_of(content) for content in contents]
    assert len(set(versions)) == len(contents)
    assert versions == [version_of(dict(reversed(content.items()))) for content in contents]


def test_what_the_server_says_comes_first() -> None:
    """`meta.versionId`, also as a number."""
    assert version_of({**GIVEN, "meta": {"versionId": "3"}}) == "3"
    assert version_of({**GIVEN, "meta": {"versionId": 3}}) == "3"
