"""Answering questions on the review page: attest, and take back what was attested."""

from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response

from plugin.review.attest import Attesting, attest, take_back
from plugin.review.decide import DecisionRefused, Invalid, NotAllowed, Stale
from plugin.web.attest_forms import read_statements
from plugin.web.open_chart import OpenChart, open_chart
from plugin.web.review_forms import Unreadable, read_reason_field
from plugin.web.review_pages import blueprint
from plugin.web.review_rendering import back_to, refuse, stop
from plugin.web.services import current_services
from plugin.web.session import current_launch
from plugin.web.views.times import clock_for


@blueprint.post("/attest")
def attest_answers(launch_id: str) -> Response:
    """Record the answers to one question, or to all that were confirmed together."""
    chart = open_chart(current_services(), current_launch())
    try:
        sitting = _sitting(chart)
        statements = read_statements(request.form, chart.review.coded, sitting.zone)
        recorded = attest(statements, sitting)
    except Stale as stale:
        return stop(chart, stale)
    except (Invalid, Unreadable) as error:
        return refuse(chart, str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except DecisionRefused as refusal:
        return refuse(chart, str(refusal), HTTPStatus.CONFLICT)
    return back_to(chart, ["attested"] * len(recorded))


@blueprint.post("/take-back")
def take_back_answer(launch_id: str) -> Response:
    """Take back one attestation."""
    chart = open_chart(current_services(), current_launch())
    number = request.form.get("number", "")
    try:
        take_back(int(number) if number.isdecimal() and len(number) < 9 else 0, _sitting(chart))
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except DecisionRefused as refusal:
        return refuse(chart, str(refusal), HTTPStatus.CONFLICT)
    return back_to(chart, ["withdrawn"])


def _sitting(chart: OpenChart) -> Attesting:
    form = request.form
    return Attesting(
        person=chart.person,
        review=chart.review,
        records=chart.attestations,
        policy=chart.policy,
        patient=f"Patient/{form.get('patient', '')}",
        encounter=f"Encounter/{form.get('encounter', '')}",
        basis=form.get("basis", ""),
        reason=read_reason_field(form),
        zone=clock_for(chart.review.coded.chart).zone,
        now=chart.services.clock(),
    )
