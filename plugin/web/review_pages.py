"""The review page and what its buttons do.

Every request reads and codes the chart anew, so a decision always rests on what the chart says at that moment.
A decision answers with a redirect back to the page; one that can't be taken shows the page again and says why.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from plugin.domain import Category
from plugin.review.decide import DISMISSAL_REASONS, DecisionRefused, Invalid, NotAllowed, Stale
from plugin.review.lines import lines_of
from plugin.review.ports import AlreadyDecided, AlreadySent
from plugin.review.post import Posted
from plugin.rules import BY_ID
from plugin.web.open_chart import OpenChart, open_chart
from plugin.web.review_forms import Shown, Unreadable, open_shown, read_asked, seal_shown
from plugin.web.services import Services, current_services
from plugin.web.session import current_launch
from plugin.web.timeline_svg import draw_timeline
from plugin.web.views.changes import changes_between, snapshot_of
from plugin.web.views.legend import legend_for
from plugin.web.views.line_changes import line_changes
from plugin.web.views.page import BookWords, Reader, ReviewPage, build_review_page
from plugin.web.views.standing import read_record
from plugin.web.views.times import clock_for, counted

blueprint = Blueprint("review", __name__)

ACTIONS = ("accept", "edit", "dismiss", "undo")
# What a decision came to, for the sentence above the page: (words, tone).
OUTCOMES = {
    "sent": ("sent to the EHR", "good"),
    "already": ("in the EHR already", "good"),
    "local": ("recorded", "good"),
    "waiting": ("recorded; somebody else has to accept it before it is sent", "ask"),
    "shadow": ("recorded; writing is off, so nothing was sent", "good"),
    "altered": ("stored differently by the EHR: compare them below", "ask"),
    "unknown": ("sent, but whether it arrived is unknown: check in the EHR", "ask"),
    "busy": ("recorded, but not sent yet: somebody else is writing, so choose Send again", "ask"),
    "conflict": ("not sent, because the charge stands differently in the EHR", "bad"),
    "refused": ("refused by the EHR", "bad"),
}
_SAID = re.compile(r"([a-z]{2,10})-([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence above the page; `tone` is good, info, ask or bad."""

    text: str
    tone: str


# --- looking -------------------------------------------------------------------------------------


@blueprint.get("/")
def show(launch_id: str) -> Response:
    """The page of the launch's encounter."""
    chart = open_chart(current_services(), current_launch())
    chart.settle()
    return _show(chart, _message_from_address())


@blueprint.post("/refresh")
def refresh(launch_id: str) -> Response:
    """The page as the chart stands now, with what changed since the page the button was on."""
    chart = open_chart(current_services(), current_launch())
    chart.settle()
    return _show(chart, before=_page_before(chart))


# --- deciding ------------------------------------------------------------------------------------


@blueprint.post("/accept-all")
def accept_all(launch_id: str) -> Response:
    """Accept every charge that the page showed as ready."""
    return _decide("accept", request.form.getlist("ready"))


@blueprint.post("/<any(accept, edit, dismiss, undo):action>")
def decide_one(launch_id: str, action: str) -> Response:
    """Accept, edit, dismiss or take back one charge."""
    return _decide(action, [request.form.get("charge", "")])


@blueprint.post("/send")
def send_again(launch_id: str) -> Response:
    """Send an accepted charge that did not arrive."""
    chart = open_chart(current_services(), current_launch())
    try:
        return _back(chart, chart.send_again([read_asked(request.form, "accept", request.form.get("charge", ""))]))
    except NotAllowed as refusal:
        return _refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except Unreadable as error:
        return _refuse(chart, str(error), HTTPStatus.BAD_REQUEST)


def _decide(action: str, tokens: list[str]) -> Response:
    chart = open_chart(current_services(), current_launch())
    try:
        return _back(chart, chart.decide([read_asked(request.form, action, token) for token in tokens]))
    except Stale as stale:
        return _stop(chart, stale)
    except (Invalid, Unreadable) as error:
        return _refuse(chart, str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    except NotAllowed as refusal:
        return _refuse(chart, str(refusal), HTTPStatus.FORBIDDEN)
    except (AlreadyDecided, AlreadySent, DecisionRefused) as refusal:
        return _refuse(chart, str(refusal), HTTPStatus.CONFLICT)


def _back(chart: OpenChart, posted: tuple[Posted, ...]) -> Response:
    said = ".".join(f"{outcome}-{count}" for outcome, count in Counter(each.outcome for each in posted).items())
    return redirect(url_for("review.show", launch_id=chart.launch.id, said=said), HTTPStatus.SEE_OTHER)


def _refuse(chart: OpenChart, text: str, status: HTTPStatus) -> Response:
    return _show(chart, Message(text, "bad"), status=status)


def _stop(chart: OpenChart, stale: Stale) -> Response:
    """The chart changed under the decision: nothing was recorded, and both versions are shown side by side."""
    before = _page_before(chart)
    page = _page(chart)
    if before is not None:
        page = replace(page, changes=changes_between(before.snapshot, _snapshot(chart)), changes_since=before.at)
    elif stale.differences is not None:
        page = replace(page, changes=line_changes(stale.differences), changes_since="the page you decided on")
    return _render(chart, page, Message(str(stale), "ask"), status=HTTPStatus.CONFLICT, stopped=True)


# --- the page ------------------------------------------------------------------------------------


def _message_from_address() -> Message | None:
    """What the last decision came to, from the counts in the address; anything else there says nothing."""
    counts = [(name, int(number)) for name, number in _SAID.findall(request.args.get("said", "")) if name in OUTCOMES]
    if not counts:
        return None
    tones = [OUTCOMES[name][1] for name, _ in counts]
    worst = next(tone for tone in ("bad", "ask", "good") if tone in tones)
    return Message("; ".join(f"{counted(count, 'charge')} {OUTCOMES[name][0]}" for name, count in counts) + ".", worst)


def _page_before(chart: OpenChart) -> Shown | None:
    return open_shown(request.form.get("shown", ""), chart.launch.id, chart.services.store.cipher)


def _show(
    chart: OpenChart,
    message: Message | None = None,
    *,
    before: Shown | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    page = _page(chart)
    if before is not None:
        page = replace(page, changes=changes_between(before.snapshot, _snapshot(chart)), changes_since=before.at)
    return _render(chart, page, message, status=status)


def _page(chart: OpenChart) -> ReviewPage:
    coded = chart.review.coded
    chart.records.keep_shown(chart.review.basis, lines_of(coded), chart.services.clock())
    why_not = chart.why_not_decide()
    reader = Reader(
        name=chart.person.name,
        role=chart.person.role,
        tenant=chart.tenant.name or chart.tenant.key,
        may_decide=not why_not,
        why_not=why_not,
        shadow=not chart.policy.write,
        open_tenant=chart.tenant.open,
    )
    record = read_record(coded, chart.records, clock_for(coded.chart), sends=chart.policy.write)
    words = book_words(chart.services)
    return build_review_page(coded, chart.review.basis, reader, record, words, chart.what_ifs())


def book_words(services: Services) -> BookWords:
    """Labels, citations, categories and positions from the code book, titles from the rulebook."""
    families = {row.code: row.family[0] for row in services.book.procedure_codes}

    def category_of(code: str) -> Category | None:
        return families.get(code)

    def title_of(rule: str) -> str:
        return BY_ID[rule].title if rule in BY_ID else ""

    book = services.book
    return BookWords(book.label, book.citations.get, title_of, category_of, book.positions.get)


def _snapshot(chart: OpenChart) -> dict[str, Any]:
    return snapshot_of(chart.review.coded, chart.review.basis)


def _render(
    chart: OpenChart,
    page: ReviewPage,
    message: Message | None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    stopped: bool = False,
) -> Response:
    timeline = page.timeline
    now = timeline.clock.day_and_time(chart.services.clock())
    shown = Shown(f"the page of {now}", _snapshot(chart))
    body = render_template(
        "review/page.html",
        page=page,
        launch_id=chart.launch.id,
        message=message,
        stopped=stopped,
        show_banner=chart.launch.need_patient_banner,
        picture=Markup(draw_timeline(timeline)) if timeline.lanes else "",  # noqa: S704 - escaped by svg_marks
        legend=legend_for(timeline),
        zone_words=timeline.clock.zone_words(timeline.start, timeline.stop),
        dismissal_reasons=DISMISSAL_REASONS,
        shown=seal_shown(shown, chart.launch.id, chart.services.store.cipher),
        read_at=now,
    )
    return make_response(body, status)
