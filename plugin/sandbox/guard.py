"""What every request and every answer must satisfy."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, abort, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from plugin.sandbox.config import origin_of
from plugin.sandbox.fhir.outcomes import operation_outcome
from plugin.sandbox.state import current

log = logging.getLogger("plugin.sandbox")
_MACHINE_PATHS = ("/fhir", "/auth/token", "/auth/revoke", "/auth/introspect")


def protect(app: Flask) -> None:
    """Add the checks to an app."""
    app.before_request(_require_known_host)
    app.before_request(_require_own_origin)
    app.after_request(_add_headers)
    app.after_request(_log)
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(Exception, _unexpected)


def allow_form_target(origin: str) -> None:
    """Let the forms of the page being made lead to one more origin; browsers check redirects after a form too."""
    g.form_target = origin


def _require_known_host() -> None:
    """Refuse other names for this machine: a page elsewhere could point one here."""
    g.began = time.monotonic()
    if request.host != current().config.netloc:
        abort(421, f"This sandbox answers as {current().config.netloc} only.")


def _require_own_origin() -> None:
    """Refuse forms that another site's page sends in a person's name."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith(_MACHINE_PATHS):
        return
    if request.path == "/auth/authorize":
        return
    origin = request.headers.get("Origin")
    if origin not in (None, origin_of(current().config.base_url)):
        abort(403, "This form was sent from another site.")


def _add_headers(response: Response) -> Response:
    frames = " ".join(sorted({origin_of(url) for url in current().clients.addresses()}))
    target = f" {g.form_target}" if "form_target" in g else ""
    ancestors = "'self'" if request.path.startswith("/auth/") else "'none'"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-src 'self' {frames}; form-action 'self'{target}; frame-ancestors {ancestors}"
    )
    # With no-referrer a browser sends "Origin: null" with our own forms, which is then refused.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Sandbox"] = "made-up patients"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _log(response: Response) -> Response:
    """One line a request; the route's pattern, so that no id, code or launch value gets into the log."""
    rule = request.url_rule.rule if request.url_rule else "(no route)"
    milliseconds = (time.monotonic() - g.get("began", time.monotonic())) * 1000
    log.info("%s %s %s %.0f ms", request.method, rule, response.status_code, milliseconds)
    return response


def _error_page(error: HTTPException) -> AnyResponse:
    """A refusal as the asker reads it: a FHIR client an OperationOutcome, a script JSON, a person a page."""
    text = error.description or error.name
    if request.path.startswith("/fhir/"):
        code = {404: "not-found", 500: "exception"}.get(error.code or 500, "not-supported")
        answer = jsonify(operation_outcome("error", code, text))
        answer.content_type = "application/fhir+json; charset=utf-8"
    elif request.path.startswith("/sandbox/"):
        answer = jsonify(error=error.name, error_description=text)
    else:
        answer = make_response(render_template("error.html", title=error.name, text=text))
    answer.status_code = error.code or 500
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(error.valid_methods)
    return answer


def _unexpected(error: Exception) -> AnyResponse:
    """A defect of the sandbox: where it happened goes to the log, and nothing of what it was about."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown place"
    log.error("%s at %s", type(error).__name__, place)
    return _error_page(InternalServerError("The sandbox failed; its log says where."))
