"""The launch a request belongs to: its id stands in the address, the browser's secret in the cookie; both must fit.

Every POST below `/s/<launch_id>/` is checked here before a page sees it: where it comes from, its CSRF token, and that
the patient and encounter on the form are those of the launch.
"""

import hashlib
import hmac
import re
import secrets
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request

from plugin.store.launch_rows import Launch
from plugin.web.error_words import FROM_CHART
from plugin.web.errors import PageError
from plugin.web.services import current_services

COOKIE = "__Host-infusion_charges"
CSRF_FIELD = "csrf_token"
_SECRET = re.compile(r"[A-Za-z0-9_-]{40,64}")


def browser_secret() -> str:
    """The browser's secret from its cookie; empty when there is none or it isn't one of ours."""
    value = request.cookies.get(COOKIE, "")
    return value if _SECRET.fullmatch(value) else ""


def new_browser_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def set_browser_cookie(response: Response, secret: str) -> None:
    """`Partitioned` lets the cookie live in an EHR's frame; it holds nothing but the secret."""
    response.set_cookie(
        COOKIE,
        secret,
        secure=True,
        httponly=True,
        samesite="None",
        path="/",
        partitioned=not current_services().settings.unpartitioned_for_tests,
    )


def current_launch() -> Launch:
    """The launch of this request; raises PageError when address and browser don't fit together."""
    launch: Launch | None = g.get("launch")
    if launch is None:
        launch = g.launch = _find_launch()
    return launch


def _find_launch() -> Launch:
    services, browser = current_services(), browser_secret()
    launch_id = (request.view_args or {}).get("launch_id", "")
    ours = browser and _SECRET.fullmatch(launch_id)  # a NUL, say, is an error to some databases
    found = services.launches.get(launch_id, browser, services.clock()) if ours else None
    if found is None:
        text = "This page belongs to a session that has ended, or that was opened in another browser or window."
        raise PageError(HTTPStatus.FORBIDDEN, "No session here", text)
    return found


def csrf_token() -> str:
    """The token that forms of this launch carry in the field `csrf_token`."""
    return _sign(current_launch().id, current_services().settings.encryption_keys[0])


def _sign(launch_id: str, key: str) -> str:
    return hmac.new(key.encode(), b"csrf:" + launch_id.encode(), hashlib.sha256).hexdigest()


def install_session(app: Flask) -> None:
    """Check every request that names a launch, and give templates what they need of it."""
    app.before_request(_check_request)
    app.context_processor(_template_values)


def _check_request() -> None:
    launch_id = (request.view_args or {}).get("launch_id")
    if launch_id is not None:
        current_launch()
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        _check_origin()
        if launch_id is not None:
            _check_csrf()
            _check_context()


def _check_origin() -> None:
    """`Origin` is null here because of `no-referrer`; browsers then say the same by Sec-Fetch-Site."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    ours = current_services().settings.origin
    if site not in (None, "same-origin") or origin not in (None, "null", ours):
        raise PageError(HTTPStatus.FORBIDDEN, "Refused", "The form was sent from another site; nothing was done.")


def _check_csrf() -> None:
    given = request.form.get(CSRF_FIELD, "").encode()
    keys = current_services().settings.encryption_keys
    if not any(hmac.compare_digest(given, _sign(current_launch().id, key).encode()) for key in keys):
        raise PageError(HTTPStatus.FORBIDDEN, "Refused", "The form is not one of this session; nothing was done.")


def _check_context() -> None:
    """What was on the screen must be what the launch is about, whatever else is open in this browser."""
    launch = current_launch()
    if (request.form.get("patient"), request.form.get("encounter")) != (launch.patient, launch.encounter):
        text = "The form is about another patient or encounter than this session; nothing was done."
        raise PageError(HTTPStatus.CONFLICT, "Wrong patient or encounter", text, FROM_CHART)


def _template_values() -> dict[str, Any]:
    """`launch` and `tenant` are None on pages outside a launch; `session_fields` are the hidden fields of every form.

    `not_granted` says in words what the EHR's grant leaves out.
    """
    launch: Launch | None = g.get("launch")
    tenant = current_services().tenants.by_key(launch.tenant) if launch else None
    if launch is None or tenant is None:
        return {"launch": None, "tenant": None, "session_fields": {}, "not_granted": ()}
    return {
        "launch": launch,
        "tenant": tenant,
        "session_fields": {CSRF_FIELD: csrf_token(), "patient": launch.patient, "encounter": launch.encounter},
        "not_granted": current_services().capabilities(launch).missing(),
    }
