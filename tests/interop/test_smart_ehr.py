"""The app against an EHR that others wrote and that enforces scopes: launch, read, code, accept, write, read back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.functional.launch.running import AppUnderTest, path_of, serving_app
from tests.interop.many_writers import post_from_many_stores
from tests.interop.reviewer import EMERGENCY, INFLIXIMAB, Reviewer, coded, fields_of
from tests.interop.servers import SmartEhr, Validators, charges_of

TENANT = """
[tenants.npm]
iss = "{iss}"
name = "SMART EHR of npm packages"
client_id = "infusion-charges"
zone = "America/Chicago"
hosts = ["{fhir_host}", "{authorization_host}"]
{more}

[tenants.npm.roles]
"Practitioner/sandbox-coder" = "coder"
"""
READ_ONLY = "openid fhirUser patient/Patient.rs patient/Encounter.rs patient/Condition.rs patient/MedicationRequest.rs"


def tenants_for(ehr: SmartEhr, more: str = "") -> str:
    """The tenants file for this EHR."""
    fhir_host, authorization_host = (address.split("/")[2] for address in (ehr.iss, ehr.authorization))
    return TENANT.format(iss=ehr.iss, fhir_host=fhir_host, authorization_host=authorization_host, more=more)


@pytest.fixture
def app(smart_ehr: SmartEhr, tmp_path: Path) -> Iterator[AppUnderTest]:
    """The app at the address that is registered there."""
    with serving_app(tmp_path, tenants_for(smart_ehr), smart_ehr.app_port) as serving:
        yield serving


def launched(app: AppUnderTest, ehr: SmartEhr, patient: str, encounter: str) -> Reviewer:
    """A reviewer who has come from the EHR's app button."""
    reviewer = Reviewer(app)
    reviewer.launch(ehr.iss, ehr.launch(patient, encounter))
    assert reviewer.page.status_code == 200, reviewer.page.text
    return reviewer


def token_of(reviewer: Reviewer) -> str:
    """The access token the app was given, to look into the EHR with."""
    services = reviewer.app.app.extensions["infusion_charges"]
    launch_id = path_of(reviewer.page.url).split("/")[2]
    secret = reviewer.browser.cookies["__Host-infusion_charges"]
    access: str = services.launches.get(launch_id, secret, services.clock()).tokens.access
    return access


def test_from_the_launch_to_charges_that_every_validator_takes(
    app: AppUnderTest, smart_ehr: SmartEhr, validators: Validators
) -> None:
    """The emergency visit earns its seven charges; a second launch finds them accepted, and they are sound R4."""
    reviewer = launched(app, smart_ehr, "edh-patient", "edh-encounter")
    reviewer.accept_all()
    assert "7 charges sent to the EHR." in reviewer.page.text
    again = launched(app, smart_ehr, "edh-patient", "edh-encounter")
    assert "ready" not in dict(fields_of(again.page))

    written = charges_of(smart_ehr.iss, "edh-encounter", token_of(again))
    assert coded(written) == EMERGENCY
    assert {each["enterer"]["reference"] for each in written} == {"Practitioner/sandbox-coder"}
    assert [validators.problems(each) for each in written] == [[]] * 7


def test_eight_posts_of_the_same_form_leave_each_charge_once(app: AppUnderTest, smart_ehr: SmartEhr) -> None:
    """However the clicks fall, the infliximab infusion's five charges are each there once."""
    reviewer = launched(app, smart_ehr, "inf-patient", "inf-encounter")
    statuses = reviewer.accept_all_at_once(8)

    assert set(statuses) <= {200, 409}
    assert coded(charges_of(smart_ehr.iss, "inf-encounter", token_of(reviewer))) == INFLIXIMAB


def test_eight_machines_without_a_common_store_make_one_charge(
    app: AppUnderTest, smart_ehr: SmartEhr, tmp_path: Path
) -> None:
    """Nothing of ours serialises them: `If-None-Exist` does."""
    token = token_of(launched(app, smart_ehr, "amber", "amber-1"))
    outcomes = post_from_many_stores(smart_ehr.iss, tmp_path, 8, "96401", token)

    assert outcomes["sent"] >= 1
    assert set(outcomes) <= {"sent", "already", "conflict"}


def test_what_was_not_granted_is_refused_by_the_ehr_and_told_by_the_app(smart_ehr: SmartEhr, tmp_path: Path) -> None:
    """Without the scope for administrations nothing can be coded, and the page says so instead of "nothing given"."""
    tenants = tenants_for(smart_ehr, f'scopes = "{READ_ONLY}"')
    with serving_app(tmp_path, tenants, smart_ehr.app_port) as app:
        reviewer = Reviewer(app)
        reviewer.launch(smart_ehr.iss, smart_ehr.launch("edh-patient", "edh-encounter"))
        headers = {"Authorization": f"Bearer {token_of(reviewer)}"}
        address = f"{smart_ehr.iss}/MedicationAdministration?patient=edh-patient"
        refused = requests.get(address, headers=headers, timeout=20)

    assert refused.status_code == 403
    assert "did not grant reading MedicationAdministration" in reviewer.page.text


def test_a_token_is_dead_after_the_logout(app: AppUnderTest, smart_ehr: SmartEhr) -> None:
    """Logging out revokes at a server that isn't ours."""
    reviewer = launched(app, smart_ehr, "edh-patient", "edh-encounter")
    headers = {"Authorization": f"Bearer {token_of(reviewer)}"}
    address = f"{smart_ehr.iss}/Encounter/edh-encounter"
    before = requests.get(address, headers=headers, timeout=20).status_code
    reviewer.log_out()

    assert (before, requests.get(address, headers=headers, timeout=20).status_code) == (200, 401)
