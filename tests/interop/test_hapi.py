"""The app against HAPI FHIR, as a tenant without sign-in: read, code, accept, write, read back.

What each chart earns is worked out by hand in `plugin/sandbox/charts/*/expected.toml`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.launch.running import AppUnderTest, serving_app
from tests.interop.many_writers import post_from_many_stores
from tests.interop.reviewer import EMERGENCY, INFLIXIMAB, Reviewer, coded, fields_of
from tests.interop.servers import HapiServer, Validators, charges_of

TENANT = """
[tenants.hapi]
iss = "{iss}"
name = "HAPI FHIR"
open = true
zone = "America/Chicago"
"""


@pytest.fixture
def app(hapi: HapiServer, tmp_path: Path) -> Iterator[AppUnderTest]:
    """The app, serving HAPI alone."""
    with serving_app(tmp_path, TENANT.format(iss=hapi.base)) as serving:
        yield serving


def test_a_chart_becomes_charges_that_every_validator_takes(
    app: AppUnderTest, hapi: HapiServer, validators: Validators
) -> None:
    """The emergency visit earns its seven charges; opened anew, none is left to accept, and they are sound R4."""
    reviewer = Reviewer(app)
    reviewer.open_without_sign_in("hapi", "edh-patient", "edh-encounter")
    reviewer.accept_all()
    assert "7 charges sent to the EHR." in reviewer.page.text
    reviewer.open_without_sign_in("hapi", "edh-patient", "edh-encounter")
    assert "ready" not in dict(fields_of(reviewer.page))

    written = charges_of(hapi.base, "edh-encounter")
    assert coded(written) == EMERGENCY
    assert [hapi.problems(each) for each in written] == [[]] * 7
    assert [validators.problems(each) for each in written] == [[]] * 7


def test_eight_posts_of_the_same_form_leave_each_charge_once(app: AppUnderTest, hapi: HapiServer) -> None:
    """However the clicks fall, the infliximab infusion's five charges are each there once."""
    reviewer = Reviewer(app)
    reviewer.open_without_sign_in("hapi", "inf-patient", "inf-encounter")
    statuses = reviewer.accept_all_at_once(8)

    assert set(statuses) <= {200, 409}
    assert coded(charges_of(hapi.base, "inf-encounter")) == INFLIXIMAB


@pytest.mark.parametrize(
    ("code", "way"), [("96401", {}), ("96402", {"client_ids": False})], ids=["under an id of ours", "if none exists"]
)
def test_eight_machines_without_a_common_store_make_one_charge(
    hapi: HapiServer, tmp_path: Path, code: str, way: dict
) -> None:
    """Nothing of ours serialises them: HAPI's own conditions do, both ways of creating."""
    outcomes = post_from_many_stores(hapi.base, tmp_path, 8, code, **way)

    # The others are told that it is there already, or that somebody else's stands there.
    assert outcomes["sent"] >= 1
    assert set(outcomes) <= {"sent", "already", "conflict"}
