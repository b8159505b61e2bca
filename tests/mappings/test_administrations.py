"""MedicationAdministration to the domain: a golden pair for each oddity."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.lookup import Lookup
from fhir_mappings.medication_administration import read_administration
from tests.mappings.plain import listed, patched, plain
from tests.verifies import verifies

GOLDEN = tomllib.loads((Path(__file__).parent / "golden" / "administrations.toml").read_text("utf-8"))


def _json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


@verifies("RD-07", "RD-09", "RD-12")
@pytest.mark.parametrize(
    "case",
    [pytest.param({"patch": "{}"}, id="base"), *(pytest.param(case, id=case["name"]) for case in GOLDEN["case"])],
)
def test_reads_the_administration_as_charted(case: dict[str, Any]) -> None:
    """Every field and every issue is as the golden file says."""
    resource = patched(_json(GOLDEN["base"]["resource"]), _json(case["patch"]))
    zone = ZoneInfo(case["zone"]) if "zone" in case else None
    context = Lookup([resource, *_json(case.get("beside", "[]"))], zone)
    administration, issues = read_administration(resource, context)
    assert GOLDEN["base"]["expect"] | case.get("expect", {}) == plain(administration)
    assert case.get("issues", []) == listed(issues)
