"""Errors as pages: what went wrong, what to do, the right status, and nothing of what was sent in."""

import logging
from http import HTTPStatus

from flask import Flask, Response, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from plugin.ehr.errors import EhrError
from plugin.store.launches import LaunchChanged
from plugin.web.error_words import FROM_CHART, needs_no_reference, words_for
from plugin.web.failing import refer_to

log = logging.getLogger(__name__)


class PageError(Exception):
    """A request that ends in an explaining page; `status` is HTTP's.

    With `for_it`, what happened in technical words, the page has a reference for those who run the app.
    """

    def __init__(
        self, status: HTTPStatus, title: str, text: str, remedy: str = FROM_CHART, *, for_it: str = ""
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.text, self.remedy, self.for_it = status, title, text, remedy, for_it


def install_error_pages(app: Flask) -> None:
    """Register the pages for everything that can go wrong."""
    app.register_error_handler(PageError, _show_page_error)
    app.register_error_handler(EhrError, _show_ehr_error)
    app.register_error_handler(LaunchChanged, _show_changed)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(Exception, _show_unexpected)


def _show(status: int, title: str, text: str, remedy: str, reference: str = "") -> Response:
    shown = render_template(
        "error.html", title=title, text=text, remedy=remedy, status=status, again=_again(status), reference=reference
    )
    return make_response(shown, status)


def _again(status: int) -> str:
    """Where trying again may help: the same page of a session; a form that failed leads back to the page it was on."""
    if status < HTTPStatus.INTERNAL_SERVER_ERROR or g.get("launch") is None:
        return ""
    here = f"{request.script_root}{request.full_path}"
    return here if request.method == "GET" else here.rpartition("/")[0] + "/"


def _show_page_error(error: PageError) -> Response:
    log.info("refused: %s (%d)", error.title, error.status)
    reference = refer_to(error.title, error.for_it) if error.for_it else ""
    return _show(error.status, error.title, error.text, error.remedy, reference)


def _show_ehr_error(error: EhrError) -> Response:
    words = words_for(error)
    log.warning("EHR: %s (%d)", type(error).__name__, words.status)
    if needs_no_reference(error):
        return _show(words.status, words.title, words.text, words.remedy)
    happened = f"{type(error).__name__}: {error}" + (f" (look at: {words.for_it})" if words.for_it else "")
    return _show(words.status, words.title, words.text, words.remedy, refer_to(words.title, happened))


def _show_changed(error: LaunchChanged) -> Response:
    return _show(
        HTTPStatus.CONFLICT, "The launch has changed", "It was closed or changed in another window.", FROM_CHART
    )


def _show_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    response = _show(status, phrase, "There is nothing to show at this address.", FROM_CHART)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers.extend(error.get_headers())
        response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def _show_unexpected(error: Exception) -> Response:
    """The kind and place of a defect are logged, its text and variables are not: they may hold patient data."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at else "unknown place"
    log.error("defect: %s at %s", type(error).__name__, where)
    title = "Something went wrong"
    text = "This is a defect of the app. Nothing was sent to the EHR by this step unless the page says so."
    reference = refer_to(title, f"a defect of the app: {type(error).__name__} at {where}")
    return _show(HTTPStatus.INTERNAL_SERVER_ERROR, title, text, "Try again, and tell your IT the reference.", reference)
