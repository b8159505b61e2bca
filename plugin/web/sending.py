"""Sending charges, which may take longer than anybody wants to wait: then it goes on by itself.

Whatever is sent is stored before (`plugin.review.post`), so a page of any process can tell how far it is, and a process
that dies leaves nothing that isn't found again.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from http import HTTPStatus

from flask import redirect, url_for
from werkzeug.wrappers import Response

from plugin.review.post import Posted
from plugin.web.open_chart import OpenChart, Post
from plugin.web.review_rendering import back_to
from plugin.web.under_way import keep_under_way
from plugin.web.worklist_keeping import keep_on_worklist

PATIENCE_SECONDS = 4.0
# What a dismissal and an undo came to; by itself an outcome only says how far the EHR was brought in line.
SAID = {("dismiss", "local"): "dismissed", ("dismiss", "sent"): "unbillable", ("undo", "local"): "undone"}
# Threads wait for EHRs nearly all of their time. A process that is asked to end finishes what is under way.
_pool = ThreadPoolExecutor(32, thread_name_prefix="sending")

log = logging.getLogger(__name__)


def send(chart: OpenChart, post: Post, place: str | None = None, action: str = "accept") -> Response:
    """Say what came of it, at a place on the page, or after some seconds lead to the page that says how far it is.

    `action` is what was decided, for its words. Raises what `post` does.
    """
    sending = _pool.submit(_post_and_list, chart, post)
    keep_under_way(sending, chart.records)
    if wait([sending], PATIENCE_SECONDS).done:
        return back_to(chart, (SAID.get((action, each.outcome), each.outcome) for each in sending.result()), place)
    sending.add_done_callback(_tell_failure)
    return redirect(url_for("review.show_sending", launch_id=chart.launch.id), HTTPStatus.SEE_OTHER)


def _post_and_list(chart: OpenChart, post: Post) -> tuple[Posted, ...]:
    """Nobody may come back to the page, so the worklist learns of it here."""
    posted = post()
    keep_on_worklist(chart)
    return posted


def _tell_failure(sending: "Future[tuple[Posted, ...]]") -> None:
    error = sending.exception()
    if error is not None:
        log.warning("sending charges ended early: %s", type(error).__name__)
