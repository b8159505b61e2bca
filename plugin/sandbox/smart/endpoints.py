"""The routes of the authorization server: discovery, authorize, token, revoke, keys."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from plugin.sandbox.chart_view import encounter_choices
from plugin.sandbox.config import origin_of
from plugin.sandbox.guard import allow_form_target
from plugin.sandbox.smart.assertion import ALGORITHMS
from plugin.sandbox.smart.clients import AUTH_METHODS
from plugin.sandbox.smart.launches import Context
from plugin.sandbox.smart.scopes import scopes_supported
from plugin.sandbox.smart.server import SmartRequest
from plugin.sandbox.staff import staff_choices
from plugin.sandbox.state import current

smart = Blueprint("smart", __name__)

CAPABILITIES = [
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-style",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "context-standalone-encounter",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
]
# The colours of assets/sandbox.css.
STYLE = {
    "color_background": "#eef4f6",
    "color_text": "#1b2a30",
    "color_highlight": "#1d4e5f",
    "color_error": "#9c1c1c",
    "dim_border_radius": "4px",
    "font_family_body": "system-ui, sans-serif",
}


def _endpoints() -> dict[str, Any]:
    issuer = current().config.issuer
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/jwks",
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": scopes_supported(),
    }


@smart.get("/fhir/.well-known/smart-configuration")
def smart_configuration() -> Response:
    """What a SMART app looks up first."""
    return jsonify({**_endpoints(), "capabilities": CAPABILITIES})


@smart.get("/auth/.well-known/openid-configuration")
def openid_configuration() -> Response:
    """The same for OpenID Connect."""
    claims = {"claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "auth_time", "fhirUser"]}
    types = {"subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]}
    return jsonify({**_endpoints(), **types, **claims})


@smart.get("/auth/style.json")
def style() -> Response:
    """This EHR's look, for an app that wants to fit in; public."""
    return jsonify(STYLE)


@smart.get("/auth/jwks")
def jwks() -> Response:
    """The public signing keys."""
    return jsonify(current().identity.public_keys())


@smart.post("/auth/token")
def token() -> AnyResponse:
    """A code or a refresh token for tokens."""
    failure = current().faults.take("token-error")
    if failure:
        return _refused(failure, "The fault switch token-error is on.", 500 if failure == "server_error" else 400)
    return _form_checked() or _no_store(current().server.create_token_response())


@smart.post("/auth/revoke")
def revoke() -> AnyResponse:
    """Take a token back."""
    return _form_checked() or _no_store(current().server.create_endpoint_response("revocation"))


@smart.post("/auth/introspect")
def introspect() -> AnyResponse:
    """Whether a token holds, and what for."""
    return _form_checked() or _no_store(current().server.create_endpoint_response("introspection"))


def _form_checked() -> AnyResponse | None:
    if request.mimetype != "application/x-www-form-urlencoded":
        return _refused("invalid_request", "Send Content-Type: application/x-www-form-urlencoded.", 400)
    repeated = _repeated(request.form)
    return _refused("invalid_request", f"{repeated} is given more than once.", 400) if repeated else None


def _repeated(params: MultiDict[str, str]) -> str | None:
    return next((name for name, values in params.lists() if len(values) > 1), None)


def _refused(error: str, description: str, status: int) -> AnyResponse:
    response = jsonify({"error": error, "error_description": description})
    response.status_code = status
    return _no_store(response)


def _no_store(response: AnyResponse) -> AnyResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


@smart.route("/auth/authorize", methods=["GET", "POST"])
def authorize() -> AnyResponse | tuple[str, int]:
    """Answer an authorization request: at once for an EHR launch, by asking somebody for a standalone one."""
    given = request.args if request.method == "GET" else request.form
    repeated = _repeated(given)
    if repeated:
        return _error_page(f"The parameter {repeated} is given more than once.")
    params = given.to_dict()
    unsafe = _unsafe_redirect(params)
    if unsafe:
        return _error_page(unsafe)
    refusal = _refusal(params)
    if refusal:
        return _send_error(params, *refusal)
    if "launch" in _scope(params):
        return _grant(params, current().launches.find(params.get("launch", "")))
    return _ask(params)


def _unsafe_redirect(params: dict[str, str]) -> str | None:
    """Why nothing may be sent back to the app, not even an error."""
    client = current().clients.find(params.get("client_id", ""))
    if client is None:
        return f"No app is registered as {params.get('client_id', '')!r}."
    if not client.check_redirect_uri(params.get("redirect_uri", "")):
        return f"The address {params.get('redirect_uri', '')!r} is not registered for this app, to the letter."
    return None


def _refusal(params: dict[str, str]) -> tuple[str, str] | None:
    """Error and description where the request can't be granted; Authlib checks the rest."""
    if params.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code"
    if params.get("aud") != current().config.fhir_base:
        return "invalid_request", f"aud must be {current().config.fhir_base}"
    if "launch" in _scope(params) and current().launches.find(params.get("launch", "")) is None:
        return "invalid_request", "The launch value is unknown, was changed on the way, or has expired"
    try:
        current().server.get_consent_grant(_oauth_request(params), end_user="anyone")
    except OAuth2Error as error:
        return str(error.error), str(error.description)
    return None


def _scope(params: dict[str, str]) -> list[str]:
    return params.get("scope", "").split()


def _oauth_request(params: dict[str, str]) -> SmartRequest:
    return SmartRequest("GET", request.base_url, params, request.headers)


def _grant(params: dict[str, str], context: Context | None) -> AnyResponse:
    """Send a code for a context, or access_denied where there is none."""
    if context is None:
        return _send_error(params, "access_denied", "The request was denied")
    oauth_request = _oauth_request(params)
    oauth_request.context = context
    server = current().server
    grant = server.get_consent_grant(oauth_request, end_user=context.user)
    response: AnyResponse = server.create_authorization_response(oauth_request, grant_user=context.user, grant=grant)
    return _no_store(response)


def _send_error(params: dict[str, str], error: str, description: str) -> AnyResponse:
    answer = {"error": error, "error_description": description}
    if "state" in params:
        answer["state"] = params["state"]
    separator = "&" if "?" in params["redirect_uri"] else "?"
    return _no_store(redirect(f"{params['redirect_uri']}{separator}{urlencode(answer)}"))


def _ask(params: dict[str, str]) -> AnyResponse:
    allow_form_target(origin_of(params["redirect_uri"]))
    page = render_template(
        "authorize.html",
        ticket=current().launches.park(params),
        client_id=params["client_id"],
        scopes=current().server.query_client(params["client_id"]).get_allowed_scope(params.get("scope")).split(),
        staff=staff_choices(),
        choices=encounter_choices(current().resources) if _wants_chart(params) else None,
    )
    return _no_store(Response(page, mimetype="text/html"))


def _wants_chart(params: dict[str, str]) -> bool:
    return any(name.startswith(("launch/", "patient/")) for name in _scope(params))


@smart.post("/auth/decide")
def decide() -> AnyResponse | tuple[str, int]:
    """The answer of the person who was asked."""
    params = current().launches.redeem(request.form.get("ticket", ""))
    if params is None:
        return _error_page("This question has been answered already, or has expired. Start again from the app.")
    allow_form_target(origin_of(params["redirect_uri"]))
    if request.form.get("decision") != "allow":
        return _grant(params, None)
    return _grant(params, _chosen(params))


def _chosen(params: dict[str, str]) -> Context:
    user = request.form.get("user", "")
    if user not in dict(staff_choices()):
        abort(400, "Choose who you are.")
    if not _wants_chart(params):
        return Context(None, None, user)
    patient, _, encounter = request.form.get("chart", "").partition("/")
    if f"{patient}/{encounter}" not in dict(encounter_choices(current().resources)):
        abort(400, "Choose a patient and an encounter from the list.")
    return Context(patient, encounter or None, user)


def _error_page(text: str) -> tuple[str, int]:
    return render_template("error.html", title="This launch can't go on", text=text), 400
