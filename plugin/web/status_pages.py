"""For those who run the app: is it ready, and its numbers.  Both ask for a token, and aren't there without one."""

import hmac
from http import HTTPStatus

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import SQLAlchemyError

from plugin.store.migrations import is_current
from plugin.web.services import current_services

blueprint = Blueprint("status", __name__)


@blueprint.before_request
def require_token() -> None:
    """404 without the site's status token, so that nobody else learns that there is something."""
    expected = current_services().settings.status_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if not expected or scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), expected.encode()):
        abort(HTTPStatus.NOT_FOUND)


@blueprint.get("/readyz")
def readiness() -> tuple[Response, int]:
    """Whether the database answers and has the tables of this version."""
    try:
        ready, words = is_current(current_services().store.engine), "the database's tables are of another version"
    except SQLAlchemyError:
        ready, words = False, "the database does not answer"
    text, status = ("ready", HTTPStatus.OK) if ready else (words, HTTPStatus.SERVICE_UNAVAILABLE)
    return Response(f"{text}\n", mimetype="text/plain"), status


@blueprint.get("/metrics")
def numbers() -> Response:
    """The numbers, as Prometheus reads them."""
    metrics = current_services().metrics
    return Response(metrics.text(), content_type=metrics.content_type)
