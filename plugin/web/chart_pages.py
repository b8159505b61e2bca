"""What can be taken away from a review: the report of one encounter, and its chart without names."""

import secrets
from http import HTTPStatus

import msgspec
from flask import make_response
from werkzeug.wrappers import Response

from fhir_mappings.deidentified import Disguise, deidentified_bundle
from plugin.review.decide import NotAllowed, may_take_away
from plugin.review.ports import Person, Policy
from plugin.review.trail import Entry
from plugin.web.errors import PageError
from plugin.web.knowing_user import begin_look_up
from plugin.web.open_chart import code_reading, open_chart
from plugin.web.review_pages import blueprint
from plugin.web.review_rendering import show_report
from plugin.web.services import current_services
from plugin.web.session import current_launch

LEAST_DAYS, MOST_DAYS = 8, 60
# Amounts as they were charted, to the last digit.
_EXACT = msgspec.json.Encoder(decimal_format="number")


@blueprint.get("/report")
def report(launch_id: str) -> Response:
    """One encounter as a page to print: timeline, charges, evidence, sources, decisions."""
    return show_report(open_chart(current_services(), current_launch()))


@blueprint.post("/download")
def download_chart(launch_id: str) -> Response:
    """The chart as a Bundle without names, for a bug report by staff; the trail says who took it."""
    services, launch = current_services(), current_launch()
    _require_staff(services.person(launch), services.policy(launch))
    reading = services.chart_source(launch).read_resources()
    chart = code_reading(services, begin_look_up(services, launch), reading)
    resources = [each for kind in reading.found.values() for each in kind]
    person = chart.person
    chart.records.note(
        [
            Entry(
                at=services.clock(),
                kind="download",
                identity="",
                line="the chart without names",
                person=person.reference,
                name=person.name,
                role=person.role,
                verified=person.verified,
            )
        ]
    )
    body = _EXACT.encode(deidentified_bundle(resources, _disguise()))
    response = make_response(msgspec.json.format(body, indent=1))
    response.headers["Content-Type"] = "application/fhir+json; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="chart-without-names.json"'
    return response


def _require_staff(person: Person, policy: Policy) -> None:
    """Raise PageError unless this is somebody who may take a chart away: known by the EHR, with a role."""
    try:
        may_take_away(person, policy)
    except NotAllowed as refusal:
        raise PageError(HTTPStatus.FORBIDDEN, "Not for your role", str(refusal)) from refusal


def _disguise() -> Disguise:
    """A salt and a number of days that nobody keeps; days go back, so that no date lies in the future."""
    return Disguise(secrets.token_hex(32), -(LEAST_DAYS + secrets.randbelow(MOST_DAYS - LEAST_DAYS)))
