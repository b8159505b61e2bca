"""What we send and what the sandbox serves, judged by R4 validators that others wrote."""

import json
from datetime import UTC, datetime

import pytest
from msgspec import structs

from fhir_mappings.charge_item import write_charge_item
from fhir_mappings.checking import check_outgoing
from fhir_mappings.provenance import write_provenance
from plugin.domain.charge import ChargeDraft
from plugin.domain.replacing import replace
from plugin.sandbox.config import PACKAGE_FOLDER
from tests.functional.posting.clinic import Clinic
from tests.interop.servers import HapiServer, Validators
from tests.smart.sandbox.ehr import Ehr

CHARTS = sorted((PACKAGE_FOLDER / "charts").iterdir())
NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
ONE_HOUR = ChargeDraft(
    identity="0123456789abcdef",
    encounter="Encounter/amber-1",
    patient="Patient/amber",
    charge=Clinic(Ehr("http://localhost"), None, "", "96365").charge,
    units=1,
    modifiers=(),
    status="billable",
    entered_by="Practitioner/sandbox-coder",
    entered_at=NOON,
    start=NOON,
    stop=NOON.replace(hour=18),
    note="One hour charted.",
)
DRAFTS = {
    "an hour": ONE_HOUR,
    "with modifiers": replace(ONE_HOUR, modifiers=("59", "JZ"), units=3),
    "an instant": replace(ONE_HOUR, start=NOON, stop=None),
    "without times": replace(ONE_HOUR, start=None, stop=None),
    "dismissed": replace(ONE_HOUR, status="not-billable", reason="charted twice"),
    "with performers": replace(ONE_HOUR, performers=("Practitioner/sandbox-clinician",)),
    "a HCPCS code": replace(ONE_HOUR, charge=structs.replace(ONE_HOUR.charge, system="HCPCS", code="J1745")),
}


@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS)
def test_every_shape_of_a_charge_is_sound(draft: ChargeDraft, hapi: HapiServer, validators: Validators) -> None:
    """fhir.resources R4B, HAPI and both validators of npm find nothing wrong."""
    resource = write_charge_item(draft)

    assert check_outgoing(resource) == []
    assert hapi.problems(resource) == []
    assert validators.problems(resource) == []


def test_a_provenance_is_sound(hapi: HapiServer, validators: Validators) -> None:
    """The same for what names the person and the software."""
    resource = write_provenance(ONE_HOUR, "ChargeItem/c1/_history/1", software="infusion-charges", recorded=NOON)

    assert hapi.problems(resource) == []
    assert validators.problems(resource) == []


def test_the_validators_do_find_what_is_wrong(hapi: HapiServer, validators: Validators) -> None:
    """A status outside the required list, and a subject of the wrong type: a silent validator would prove nothing."""
    wrong = {**write_charge_item(ONE_HOUR), "status": "bogus"}
    astray = {**write_charge_item(ONE_HOUR), "subject": {"reference": "Medication/saline"}}

    assert hapi.problems(wrong) != []
    assert validators.problems(wrong) != []
    assert validators.problems(astray) != []


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_the_charts_of_the_sandbox_are_sound(chart, validators: Validators) -> None:
    """The pretend EHR serves R4 that others take."""
    resources = [entry["resource"] for entry in json.loads((chart / "chart.json").read_text(encoding="utf-8"))["entry"]]
    problems = {resource["id"]: validators.problems(resource) for resource in resources}

    assert problems == {resource["id"]: [] for resource in resources}
