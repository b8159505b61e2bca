"""The access log: method, route, status and milliseconds; never an address, which holds ids and secrets."""

import logging
import time

from flask import Flask, Response, g, request

log = logging.getLogger(__name__)


def install_access_log(app: Flask) -> None:
    """Log one line for each request."""
    app.before_request(_start)
    app.after_request(_log)


def _start() -> None:
    g.started = time.monotonic()


def _log(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "no route"
    milliseconds = round((time.monotonic() - g.started) * 1000) if "started" in g else 0
    said = {"method": request.method, "route": route, "status": response.status_code, "milliseconds": milliseconds}
    log.info("%s %s %d %d ms", *said.values(), extra=said)
    return response
