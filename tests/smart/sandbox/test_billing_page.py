"""The bill of the sandbox: how apps that write ChargeItem may say modifiers, which R4 has no element for."""

import json
import re
from typing import Any

import pytest

from tests.smart.sandbox.ehr import Ehr

FIFTY_NINE = {"coding": [{"code": "59"}]}
ADDRESS = "/patients/amber/encounters/amber-1/billing?refresh=off"


def modifiers_shown(ehr: Ehr, key: str, **parts: Any) -> str:
    """Write a charge and read the second column of its row."""
    charge = {
        "resourceType": "ChargeItem",
        "id": key,
        "status": "billable",
        "code": {"coding": [{"code": "96365"}], "text": "96365-59"},
        "subject": {"reference": "Patient/amber"},
        "context": {"reference": "Encounter/amber-1"},
        **parts,
    }
    ehr.fhir(ehr.launched()).write("PUT", f"ChargeItem/{key}", json.dumps(charge))
    row = ehr.get(ADDRESS).text.split(f'id="charge-{key}"')[1]
    assert "96365-59" in row.split("</th>")[0]
    found = re.search(r"<td>(.*?)</td>", row)
    return found[1] if found else "no cell"


@pytest.mark.parametrize(
    ("key", "extension"),
    [
        ("by-uuid", {"url": "urn:uuid:1", "valueCodeableConcept": FIFTY_NINE}),
        ("by-coding", {"url": "urn:x", "valueCoding": {"code": "59"}}),
        ("by-code", {"url": "urn:x", "valueCode": "59"}),
        ("nested", {"url": "urn:x", "extension": [{"url": "m", "valueCodeableConcept": FIFTY_NINE}]}),
    ],
)
def test_modifiers_are_shown_whatever_the_extension_is_called(ehr: Ehr, key: str, extension: dict[str, Any]) -> None:
    """Every app has an address of its own for them."""
    assert modifiers_shown(ehr, key, extension=[extension]) == "59"


def test_other_extensions_are_no_modifiers(ehr: Ehr) -> None:
    """A code of another length is something else."""
    cash = {"url": "urn:x", "valueCodeableConcept": {"coding": [{"code": "CASH"}]}}
    other = [cash, {"url": "urn:y", "valueCode": "a"}]
    assert modifiers_shown(ehr, "no-modifiers", extension=other) == ""
