"""How far sending the charges of an encounter is, and sending what a break left over."""

from http import HTTPStatus

from flask import make_response, render_template
from werkzeug.wrappers import Response

from plugin.review.decide import NotAllowed
from plugin.review.progress import progress_of
from plugin.store.records import EncounterRecords
from plugin.web.open_chart import open_chart
from plugin.web.review_pages import blueprint
from plugin.web.review_rendering import refuse
from plugin.web.sending import send
from plugin.web.services import current_services
from plugin.web.session import current_launch
from plugin.web.under_way import is_being_sent
from plugin.web.views.charges import token_of
from plugin.web.views.standing import read_record
from plugin.web.views.times import clock_for

# An unknown line is looked for first, and sent again only where that can't make a second charge.
LEFT = ("accepted", "unknown")


@blueprint.get("/sending")
def show_sending(launch_id: str) -> Response:
    """What is stored of it; the EHR is not asked, so it may be looked at often."""
    services, launch = current_services(), current_launch()
    policy = services.policy(launch)
    records = EncounterRecords(services.store, policy.tenant, f"Encounter/{launch.encounter}")
    progress = progress_of(records.standing(), records.recorded(), records.last_intents(), policy)
    running = is_being_sent(records, services.clock())
    return make_response(render_template("review/sending.html", progress=progress, running=running))


@blueprint.post("/send-rest")
def send_rest(launch_id: str) -> Response:
    """Send every line that was accepted and isn't known to be there, as long as it still stands as it was accepted."""
    chart = open_chart(current_services(), current_launch())
    coded, clock = chart.review.coded, clock_for(chart.review.coded.chart)
    record = read_record(coded, chart.records, clock, sends=True, waiting=chart.review.waiting, policy=chart.policy)
    left = [charge.key for charge in coded.charges if record.states[token_of(charge)].kind in LEFT]
    try:
        return send(chart, chart.send_again(left))
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
