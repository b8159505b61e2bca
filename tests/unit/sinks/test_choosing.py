"""Which way charges go, from statements as real servers publish them."""

from typing import Any

import pytest

from plugin.ehr.sinks.choosing import choose_sink
from tests.unit.ehr.fakes import tenant
from tests.verifies import verifies

ORACLE_DEFINITIONS = "https://fhir-ehr.cerner.com/r4/OperationDefinition"


def statement(**charge: Any) -> dict[str, Any]:
    """A statement that declares ChargeItem so."""
    return {"rest": [{"mode": "server", "resource": [{"type": "ChargeItem", **charge}]}]}


def operations(*names: str) -> list[dict[str, str]]:
    """Operations as Oracle Health's statement of August 2026 names them."""
    return [{"name": name, "definition": f"{ORACLE_DEFINITIONS}/charge-item-{name}"} for name in names]


READ = [{"code": "read"}, {"code": "search-type"}]
HAPI = statement(interaction=[*READ, {"code": "create"}, {"code": "update"}], conditionalCreate=True, updateCreate=True)
ORACLE = statement(interaction=READ, operation=operations("credit", "modify", "create"))
ORACLE_OPEN = statement(interaction=READ, operation=operations("credit", "modify"))
EPIC = {"rest": [{"mode": "server", "resource": [{"type": "MedicationAdministration", "interaction": READ}]}]}


@verifies("WR-01", "RD-01")
@pytest.mark.parametrize(
    ("declared", "kind"),
    [(HAPI, "fhir_create"), (ORACLE, "oracle_operations"), (ORACLE_OPEN, "export"), (EPIC, "export"), ({}, "export")],
    ids=["HAPI", "Oracle", "Oracle's open server", "Epic", "says nothing"],
)
def test_the_statement_chooses(declared: dict[str, Any], kind: str) -> None:
    """Plain create where it is declared, Oracle's operations where all three are, else the export."""
    choice = choose_sink(tenant(), declared)
    assert (choice.kind, choice.lacking) == (kind, "")
    assert choice.words


@pytest.mark.parametrize(
    ("sink", "declared", "lacking"),
    [
        ("fhir_create", EPIC, "The EHR declares no way to create a ChargeItem."),
        ("oracle_operations", ORACLE_OPEN, "The EHR doesn't declare charge-item-create."),
        ("export", HAPI, ""),
    ],
)
def test_the_tenant_may_choose_otherwise_and_is_told_what_is_missing(
    sink: str, declared: dict[str, Any], lacking: str
) -> None:
    """The tenant's word stands; the doctor and the page say what the EHR doesn't declare."""
    choice = choose_sink(tenant(sink=sink), declared)
    assert (choice.kind, choice.lacking) == (sink, lacking)
