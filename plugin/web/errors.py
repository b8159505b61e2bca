"""Errors as pages: what went wrong, what to do, the right status, and nothing of what was sent in."""

import logging
from http import HTTPStatus

from flask import Flask, Response, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from plugin.ehr.errors import (
    DiscoveryFailed,
    EhrError,
    FhirError,
    IdentityRefused,
    SessionEnded,
    TokenRefused,
    Unreachable,
)
from plugin.store.launches import LaunchChanged

log = logging.getLogger(__name__)

FROM_CHART = "Close this page and open the app again from the patient's chart."


class PageError(Exception):
    """A request that ends in an explaining page; `status` is HTTP's."""

    def __init__(self, status: HTTPStatus, title: str, text: str, remedy: str = FROM_CHART) -> None:
        super().__init__(title)
        self.status, self.title, self.text, self.remedy = status, title, text, remedy


_EHR_ERRORS: tuple[tuple[type[EhrError], HTTPStatus, str, str], ...] = (
    (SessionEnded, HTTPStatus.FORBIDDEN, "The session has ended", FROM_CHART),
    (TokenRefused, HTTPStatus.BAD_REQUEST, "The EHR refused the launch", FROM_CHART),
    (IdentityRefused, HTTPStatus.FORBIDDEN, "The EHR did not prove who you are", FROM_CHART),
    (DiscoveryFailed, HTTPStatus.BAD_GATEWAY, "The EHR's sign-in can't be found", "Ask the app's administrator."),
    (Unreachable, HTTPStatus.GATEWAY_TIMEOUT, "The EHR does not answer", "Try again in a moment."),
)


def install_error_pages(app: Flask) -> None:
    """Register the pages for everything that can go wrong."""
    app.register_error_handler(PageError, _show_page_error)
    app.register_error_handler(EhrError, _show_ehr_error)
    app.register_error_handler(LaunchChanged, _show_changed)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(Exception, _show_unexpected)


def _show(status: int, title: str, text: str, remedy: str) -> Response:
    shown = render_template("error.html", title=title, text=text, remedy=remedy, status=status, again=_again(status))
    return make_response(shown, status)


def _again(status: int) -> str:
    """Where trying again may help: the same page of a session; a form that failed leads back to the page it was on."""
    if status < HTTPStatus.INTERNAL_SERVER_ERROR or g.get("launch") is None:
        return ""
    here = f"{request.script_root}{request.full_path}"
    return here if request.method == "GET" else here.rpartition("/")[0] + "/"


def _show_page_error(error: PageError) -> Response:
    log.info("refused: %s (%d)", error.title, error.status)
    return _show(error.status, error.title, error.text, error.remedy)


def _show_ehr_error(error: EhrError) -> Response:
    status, title, remedy = HTTPStatus.BAD_GATEWAY, "The EHR did not give what is needed", "Try again in a moment."
    if isinstance(error, FhirError) and error.kind in ("forbidden", "break-the-glass"):
        status, title, remedy = HTTPStatus.FORBIDDEN, "The EHR does not allow this", FROM_CHART
    if isinstance(error, FhirError) and error.kind == "not-offered":
        title, remedy = "The EHR does not offer what is needed", "Ask the app's administrator."
    if isinstance(error, FhirError) and error.kind == "busy":
        remedy = "Wait until then, and try again."
    for kind, its_status, its_title, its_remedy in _EHR_ERRORS:
        if isinstance(error, kind):
            status, title, remedy = its_status, its_title, its_remedy
    log.warning("EHR: %s (%d)", type(error).__name__, status)
    return _show(status, title, str(error), remedy)


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
    text = "This is a defect of the app. Nothing was sent to the EHR by this step unless the page says so."
    return _show(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", text, "Try again; tell the administrator.")
