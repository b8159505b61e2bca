"""Answering questions on the review page: attest, take back what was attested, and ask somebody."""

from functools import partial
from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response

from plugin.review.ask_someone import NotSent, Sending, may_ask, send_question
from plugin.review.attest import Attesting, Key, attest, take_back
from plugin.review.decide import NotAllowed, Stale
from plugin.review.refusals import DecisionRefused, Invalid
from plugin.web.attest_forms import read_ask_key, read_statements
from plugin.web.open_chart import OpenChart, open_chart
from plugin.web.recipient_names import name_of
from plugin.web.review_forms import Unreadable, read_reason_field
from plugin.web.review_pages import blueprint
from plugin.web.review_rendering import back_to, preview, refuse, stop
from plugin.web.services import current_services
from plugin.web.session import current_launch
from plugin.web.views.questions import question_anchor, words_for_the_nurse
from plugin.web.views.times import clock_for

ATTESTED, QUESTIONS = "attested", "questions"


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
        return refuse(chart, str(error), HTTPStatus.UNPROCESSABLE_ENTITY, error.field)
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except DecisionRefused as refusal:
        return refuse(chart, str(refusal), HTTPStatus.CONFLICT)
    return back_to(chart, ["attested"] * len(recorded), ATTESTED)


@blueprint.post("/preview")
def preview_answers(launch_id: str) -> Response:
    """What the chosen answers would change; nothing is recorded."""
    chart = open_chart(current_services(), current_launch())
    try:
        may_ask(chart.person, chart.policy)
        zone = clock_for(chart.review.coded.chart).zone
        return preview(chart, read_statements(request.form, chart.review.coded, zone))
    except (Invalid, Unreadable) as error:
        return refuse(chart, str(error), HTTPStatus.UNPROCESSABLE_ENTITY, error.field)
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)


@blueprint.post("/take-back")
def take_back_answer(launch_id: str) -> Response:
    """Take back one attestation."""
    chart = open_chart(current_services(), current_launch())
    number = request.form.get("number", "")
    try:
        take_back(int(number) if number.isdecimal() and len(number) < 9 else 0, _sitting(chart))
    except Unreadable as error:
        return refuse(chart, str(error), HTTPStatus.BAD_REQUEST)
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except DecisionRefused as refusal:
        return refuse(chart, str(refusal), HTTPStatus.CONFLICT)
    return back_to(chart, ["withdrawn"], QUESTIONS)


@blueprint.post("/ask")
def ask_someone(launch_id: str) -> Response:
    """Send one question to whoever gave it, as a task in the EHR."""
    chart = open_chart(current_services(), current_launch())
    try:
        may_ask(chart.person, chart.policy)
        messenger = chart.messenger()
        if messenger is None:
            raise NotSent("This EHR takes no tasks from the app. Copy the question instead.")
        key = read_ask_key(request.form.get("question", ""))
        sent = send_question(key, _sending(chart, key), messenger)
    except Stale as stale:
        return stop(chart, stale)
    except (Invalid, Unreadable) as error:
        return refuse(chart, str(error), HTTPStatus.UNPROCESSABLE_ENTITY, error.field)
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except (DecisionRefused, NotSent) as refusal:
        return refuse(chart, str(refusal), HTTPStatus.CONFLICT)
    return back_to(chart, ["asked" if sent else "open"], _place_of(chart, key))


def _place_of(chart: OpenChart, key: Key) -> str:
    """Where the question stands on the page."""
    numbers = {(ask.kind, ask.administrations): n for n, ask in enumerate(chart.review.coded.asks, start=1)}
    return question_anchor(numbers[key]) if key in numbers else QUESTIONS


def _sending(chart: OpenChart, key: Key) -> Sending:
    """The text is the page's own: what is sent is what stood there, and it never says what an answer is worth."""
    coded, form = chart.review.coded, request.form
    ask = next((each for each in coded.asks if (each.kind, each.administrations) == key), None)
    return Sending(
        person=chart.person,
        review=chart.review,
        records=chart.questions,
        policy=chart.policy,
        patient=f"Patient/{form.get('patient', '')}",
        encounter=f"Encounter/{form.get('encounter', '')}",
        text=words_for_the_nurse(ask, coded, clock_for(coded.chart)) if ask else "",
        now=chart.services.clock(),
        name_of=partial(name_of, chart.services, chart.launch),
    )


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
