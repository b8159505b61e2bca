"""Headers of every answer: a strict policy, no caching, no referrer; framed only by the EHRs that may.

And what no request may hold: an address with bytes that are no UTF-8.
"""

from http import HTTPStatus

from flask import Flask, Response, g, request

from plugin.web.errors import PageError
from plugin.web.services import current_services

# What holds nothing of anybody and may be kept by whoever fetches it.
PUBLIC = frozenset({"static", "key_sets.key_set"})
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'none'; connect-src 'self'; "
    "base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors {ancestors}"
)


def install_security_headers(app: Flask) -> None:
    """Set the headers on every answer, errors included; refuse addresses that can't be read."""
    app.before_request(_require_readable_address)
    app.after_request(_set_headers)


def _require_readable_address() -> None:
    """Werkzeug would fail on the first look at the parameters, wherever that is."""
    try:
        request.query_string.decode("utf-8")
    except UnicodeDecodeError as error:
        text = "The address holds bytes that no address has."
        raise PageError(HTTPStatus.BAD_REQUEST, "This address can't be read", text) from error


def _set_headers(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = _POLICY.format(ancestors=_frame_ancestors())
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if current_services().settings.public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint not in PUBLIC or response.status_code != HTTPStatus.OK:
        headers["Cache-Control"] = "no-store"
    elif request.endpoint == "static":
        headers["Cache-Control"] = "public, max-age=300"
    return response


def _frame_ancestors() -> str:
    """Those of the launch's EHR; pages outside a launch hold no patient data and may be framed by any known EHR."""
    services, launch = current_services(), g.get("launch")
    tenants = [services.tenants.by_key(launch.tenant)] if launch else list(services.tenants)
    origins = sorted({origin for tenant in tenants if tenant for origin in tenant.frame_ancestors})
    return " ".join(["'self'", *origins])
