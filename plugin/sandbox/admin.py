"""Routes for tests and demonstrations: register an app's addresses, switch faults, choose a vendor.

JSON only: a page of another site can't send that here without being asked first, and it never is.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from plugin.sandbox.config import ClientSettings
from plugin.sandbox.faults import FAULTS
from plugin.sandbox.state import current
from plugin.sandbox.vendors import VENDORS

admin = Blueprint("admin", __name__, url_prefix="/sandbox")
MARK = "Sandbox EHR: made-up patients"


@admin.get("/")
def overview() -> Response:
    """What this sandbox is and knows."""
    config = current().config
    return jsonify(
        {
            "sandbox": MARK,
            "ehr": f"{config.base_url}/",
            "iss": config.fhir_base,
            "issuer": config.issuer,
            "clients": [settings.client_id for settings in config.clients],
        }
    )


@admin.post("/clients")
def register_client() -> Response:
    """Register an app or change it: client_id, redirect_uris, launch_url, auth_method, jwks, secret, service."""
    body = _object()
    uris = body.get("redirect_uris", [])
    if not isinstance(body.get("client_id"), str) or not isinstance(uris, list):
        abort(400, "client_id must be text and redirect_uris a list.")
    settings = ClientSettings(
        body["client_id"],
        tuple(map(str, uris)),
        body.get("auth_method", "none"),
        body.get("jwks"),
        str(body.get("secret", "")),
        service=body.get("service") is True,
    )
    try:
        current().clients.register(settings, body.get("launch_url"))
    except ValueError as error:
        abort(400, str(error))
    return jsonify({"sandbox": MARK, "registered": settings.client_id})


@admin.get("/faults")
def show_faults() -> Response:
    """What can be switched, and what is on."""
    known = {name: fault.about for name, fault in FAULTS.items()}
    return jsonify({"sandbox": MARK, "known": known, "on": current().faults.shown()})


@admin.put("/faults/<name>")
def turn_on(name: str) -> Response:
    """Switch a fault on: {"value": ..., "times": n or null}."""
    body = _object()
    times = body.get("times")
    if times is not None and not (isinstance(times, int) and times > 0):
        abort(400, "times must be a whole number above 0, or left out.")
    try:
        current().faults.turn_on(name, body.get("value"), times)
    except ValueError as error:
        abort(400, str(error))
    return show_faults()


@admin.delete("/faults")
@admin.delete("/faults/<name>")
def turn_off(name: str | None = None) -> Response:
    """Switch a fault off, or all of them."""
    current().faults.turn_off(name)
    return show_faults()


@admin.get("/vendor")
def show_vendor() -> Response:
    """Whose EHR this behaves like, and whose it could."""
    known = {name: vendor.about for name, vendor in VENDORS.items()}
    return jsonify({"sandbox": MARK, "known": known, "on": current().vendor.name})


@admin.put("/vendor/<name>")
def choose_vendor(name: str) -> Response:
    """Behave like this vendor's EHR from now on."""
    _object()
    try:
        current().vendor.choose(name)
    except ValueError as error:
        abort(400, str(error))
    return show_vendor()


def _object() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        abort(415, "Send one JSON object with Content-Type: application/json.")
    return body
