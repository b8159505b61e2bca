"""The launch that starts in the app: somebody says who they are and which chart is meant."""

import re

import pytest
from requests import Response

from tests.smart.sandbox.ehr import REDIRECT, Attempt, Ehr

SCOPE = "launch/patient launch/encounter openid fhirUser patient/Encounter.rs"


def _answered(ehr: Ehr, attempt: Attempt, **answers: str) -> Response:
    """Fill in the page the authorization request led to."""
    assert attempt.answer.status_code == 200, attempt.answer.text
    ticket = re.findall(r'name="ticket" value="([^"]+)"', attempt.answer.text)[0]
    given = {"ticket": ticket, "user": "sandbox-lead", "chart": "amber/amber-2", "decision": "allow"}
    return ehr.post("/auth/decide", {**given, **answers})


def test_person_picks_user_patient_and_encounter(ehr: Ehr) -> None:
    """What was picked on the page comes back as launch context and identity."""
    attempt = ehr.authorize(scope=SCOPE)
    attempt.answer = _answered(ehr, attempt)
    body = attempt.exchange().json()
    assert (body["patient"], body["encounter"]) == ("amber", "amber-2")
    assert body["scope"] == SCOPE


def test_page_is_marked_and_lets_the_form_lead_to_the_app_only(ehr: Ehr) -> None:
    """The page says it is a pretence, lists the scopes, and its CSP names the app's origin for the form."""
    page = ehr.authorize(scope=SCOPE).answer
    policy = page.headers["Content-Security-Policy"]
    assert "Sandbox EHR: made-up patients" in page.text
    assert "<code>patient/Encounter.rs</code>" in page.text
    assert "form-action 'self' http://127.0.0.1:8000;" in policy
    assert page.headers["Cache-Control"] == "no-store"


def test_without_chart_scopes_nobody_picks_a_chart(ehr: Ehr) -> None:
    """A launch for openid alone asks for the user only and gives no patient."""
    attempt = ehr.authorize(scope="openid fhirUser user/Encounter.rs")
    assert 'name="chart"' not in attempt.answer.text
    attempt.answer = _answered(ehr, attempt)
    body = attempt.exchange().json()
    assert "patient" not in body
    assert set(ehr.fhir(body).ids("Encounter")) == {"amber-1", "amber-2", "birch-1"}


def test_denied_goes_back_as_access_denied(ehr: Ehr) -> None:
    """A no returns to the app with error and state."""
    attempt = ehr.authorize(scope=SCOPE)
    attempt.answer = _answered(ehr, attempt, decision="deny")
    assert attempt.returned["error"] == "access_denied"
    assert attempt.returned["state"] == attempt.sent["state"]


def test_page_can_be_answered_once(ehr: Ehr) -> None:
    """A second answer with the same ticket is refused."""
    attempt = ehr.authorize(scope=SCOPE)
    assert _answered(ehr, attempt).headers["Location"].startswith(REDIRECT)
    assert _answered(ehr, attempt).status_code == 400


@pytest.mark.parametrize(
    "answers", [{"user": "nobody"}, {"chart": "nobody/"}, {"chart": "amber/birch-1"}, {"ticket": ""}]
)
def test_made_up_answers_are_refused(ehr: Ehr, answers: dict[str, str]) -> None:
    """A user, patient, encounter or ticket that was not offered gives no code."""
    answer = _answered(ehr, ehr.authorize(scope=SCOPE), **answers)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_answer_from_another_site_is_refused(ehr: Ehr) -> None:
    """A form that another site's page sends is not an answer."""
    ticket = re.findall(r'name="ticket" value="([^"]+)"', ehr.authorize(scope=SCOPE).answer.text)[0]
    sent = {"ticket": ticket, "user": "sandbox-lead", "chart": "amber/", "decision": "allow"}
    assert ehr.post("/auth/decide", sent, headers={"Origin": "http://127.0.0.1:8000"}).status_code == 403
