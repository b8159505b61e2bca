"""The user's name from their own resource: asked for once, where the grant reaches, and never fatal."""

from typing import Any

import pytest

from plugin.ehr.errors import Unreachable
from plugin.ehr.user_names import read_user_name
from tests.unit.ehr.fakes import BASE, FakeEhr, answer, in_turn, tenant

DANA = {"resourceType": "Practitioner", "id": "p1", "name": [{"given": ["Dana"], "family": "Coder"}]}
GRANTED = ("openid", "fhirUser", "user/Practitioner.r")


def name_from(reply: Any, user: str = "Practitioner/p1", granted: tuple[str, ...] = GRANTED) -> tuple[str, FakeEhr]:
    """What is found when the EHR replies so, and the EHR that was asked."""
    ehr = FakeEhr(in_turn(reply))
    return read_user_name(ehr, tenant(), "at-1", user, granted), ehr


def test_name_is_read_with_the_launchs_token() -> None:
    """One GET of the fhirUser itself."""
    name, ehr = name_from(answer(DANA))
    assert name == "Dana Coder"
    assert [(each.method, each.url, each.token) for each in ehr.sent] == [("GET", f"{BASE}/Practitioner/p1", "at-1")]


def test_role_is_named_by_its_practitioner() -> None:
    """A PractitionerRole has no name."""
    role = {"resourceType": "PractitionerRole", "practitioner": {"display": "Dana Coder"}}
    name, _ = name_from(answer(role), "PractitionerRole/r1", ("user/*.rs",))
    assert name == "Dana Coder"


@pytest.mark.parametrize("granted", [("openid", "fhirUser"), ("patient/*.rs",), ("user/Patient.rs",)])
def test_nothing_is_asked_where_the_grant_does_not_reach(granted: tuple[str, ...]) -> None:
    """Patient scopes reach the patient's records only."""
    name, ehr = name_from(answer(DANA), granted=granted)
    assert (name, ehr.sent) == ("", [])


@pytest.mark.parametrize(
    "reply",
    [
        answer({"resourceType": "OperationOutcome"}, 403),
        answer("<html>", 200),
        answer([DANA]),
        answer({"resourceType": "OperationOutcome"}),
        answer({"resourceType": "Practitioner", "name": "Dana"}),
        Unreachable("no answer"),
    ],
)
def test_no_name_is_no_failure(reply: Any) -> None:
    """Whatever comes back instead, the launch goes on without a name."""
    assert name_from(reply)[0] == ""
