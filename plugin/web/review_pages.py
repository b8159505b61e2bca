"""The review page and what its buttons do.

Every request reads and codes the chart anew, so a decision always rests on what the chart says at that moment.
A decision answers with a redirect back to the page; one that can't be taken shows the page again and says why.
"""

from http import HTTPStatus

from flask import Blueprint, request
from werkzeug.wrappers import Response

from plugin.ehr.errors import EhrError
from plugin.review.decide import NotAllowed, Stale
from plugin.review.ports import AlreadyDecided, AlreadySent
from plugin.review.refusals import DecisionRefused, Invalid
from plugin.store.readings import Readings
from plugin.web.knowing_user import begin_look_up
from plugin.web.messages import Message, message_from_address
from plugin.web.open_chart import OpenChart, code_reading, open_chart
from plugin.web.reading_charts import Waiting, read_for_page
from plugin.web.review_forms import Unreadable, read_all_asked
from plugin.web.review_rendering import page_before, refuse, show_page, show_waiting, stop
from plugin.web.sending import send
from plugin.web.services import current_services
from plugin.web.session import current_launch
from plugin.web.under_way import is_being_sent
from plugin.web.views.charges import anchors_of
from plugin.web.worklist_keeping import keep_on_worklist

blueprint = Blueprint("review", __name__)
CHARGES = "charges"
BEING_SENT = "Charges of this encounter are being sent at this moment; choose Refresh to see what came of it."

# --- looking -------------------------------------------------------------------------------------


@blueprint.get("/")
def show(launch_id: str) -> Response:
    """The page of the launch's encounter, or one that waits for it."""
    services, launch = current_services(), current_launch()
    user = begin_look_up(services, launch)
    try:
        reading = read_for_page(services, launch)
    except EhrError:
        user.soon()
        raise
    if isinstance(reading, Waiting):
        user.so_far()
        return show_waiting(reading)
    chart = code_reading(services, user, reading)
    chart.settle()
    chart.follow_questions()
    keep_on_worklist(chart)
    being_sent = is_being_sent(chart.records, chart.services.clock())
    return show_page(chart, Message(BEING_SENT, "info") if being_sent else message_from_address())


@blueprint.get("/reading")
def reading(launch_id: str) -> Response:
    """Whether the chart is still being read, for the script of the page that waits for it."""
    services = current_services()
    since = Readings(services.store).since(launch_id, services.clock())
    return Response(status=HTTPStatus.NO_CONTENT if since is None else HTTPStatus.ACCEPTED)


@blueprint.post("/refresh")
def refresh(launch_id: str) -> Response:
    """The page as the chart stands now, with what changed since the page the button was on."""
    chart = open_chart(current_services(), current_launch())
    chart.settle()
    chart.follow_questions()
    keep_on_worklist(chart)
    return show_page(chart, before=page_before(chart))


# --- deciding ------------------------------------------------------------------------------------


@blueprint.post("/accept-all")
def accept_all(launch_id: str) -> Response:
    """Accept every charge that the page showed as ready."""
    return _decide("accept", request.form.getlist("ready"))


@blueprint.post("/<any(accept, edit, dismiss, undo):action>")
def decide_one(launch_id: str, action: str) -> Response:
    """Accept, edit, dismiss or take back one charge."""
    return _decide(action, [request.form.get("charge", "")])


@blueprint.post("/dismiss-sent")
def dismiss_sent(launch_id: str) -> Response:
    """Dismiss those of the sent charges that were chosen: how an acceptance of all is taken back."""
    return _decide("dismiss", request.form.getlist("charge"))


@blueprint.post("/send")
def send_again(launch_id: str) -> Response:
    """Send an accepted charge that did not arrive."""
    chart = open_chart(current_services(), current_launch())
    try:
        tokens = [request.form.get("charge", "")]
        asked = read_all_asked(request.form, "accept", tokens)
        return send(chart, chart.send_again([each.key for each in asked]), _place_of(chart, tokens))
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except Unreadable as error:
        return refuse(chart, str(error), HTTPStatus.BAD_REQUEST)


def _decide(action: str, tokens: list[str]) -> Response:
    chart = open_chart(current_services(), current_launch())
    try:
        asked = read_all_asked(request.form, action, tokens)
        return send(chart, chart.decide(asked), _place_of(chart, tokens), action)
    except Stale as stale:
        return stop(chart, stale)
    except (Invalid, Unreadable) as error:
        return refuse(chart, str(error), HTTPStatus.UNPROCESSABLE_ENTITY, error.field)
    except NotAllowed as refusal:
        return refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except (AlreadyDecided, AlreadySent, DecisionRefused) as refusal:
        return refuse(chart, str(refusal), HTTPStatus.CONFLICT)


def _place_of(chart: OpenChart, tokens: list[str]) -> str:
    """The line that was decided, so that its reader goes on from there; the table of charges for several."""
    known = anchors_of(chart.review.coded.charges)
    return known.get(tokens[0], CHARGES) if len(tokens) == 1 else CHARGES
