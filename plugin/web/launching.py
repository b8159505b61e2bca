"""The launch: from the EHR's address to an open session, or to a page that says why not."""

import logging
from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.ehr.authorize import LaunchRequest, authorization_address, read_raw_parameter, requested_scopes
from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.errors import EhrError
from plugin.ehr.identity import NOBODY, Identity, verify_identity
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import TokenAnswer, is_fhir_id
from plugin.ehr.user_names import read_user_name
from plugin.store.launches import Launch, NewLaunch, Pending, StateRefused, Tokens
from plugin.web.errors import PageError
from plugin.web.refusals import refused_by_server, refused_state
from plugin.web.services import current_services
from plugin.web.session import browser_secret, new_browser_secret, set_browser_cookie

log = logging.getLogger(__name__)
blueprint = Blueprint("launching", __name__)

COOKIE_ASKED = "cookie_asked"


# --- out to the EHR ------------------------------------------------------------------------------


@blueprint.get("/launch")
def launch() -> AnyResponse:
    """An EHR launch (`iss` and `launch`) or a standalone one (`iss`, or `tenant` by name)."""
    asked = _read_launch_request()
    browser = browser_secret()
    if not browser:
        return _ask_for_cookie()
    if asked.tenant.open:
        return _show_open_form(asked.tenant)
    services = current_services()
    configuration = services.discovery.of(asked.tenant)
    _require_pkce(asked.tenant, configuration)
    address = authorization_address(
        asked, configuration, services.launches, browser, services.settings.redirect_uri, services.clock()
    )
    return _send_to(address)


def _read_launch_request() -> LaunchRequest:
    """The allow-list is consulted before anything else happens, above all before any request leaves."""
    services, query = current_services(), request.query_string
    iss, name = read_raw_parameter(query, "iss"), request.args.get("tenant")
    tenant = services.tenants.by_iss(iss) if iss else services.tenants.by_key(name or "")
    if tenant is None:
        text = "The EHR that sent you here is not one this app is set up for. Nothing was sent to it."
        raise PageError(HTTPStatus.FORBIDDEN, "Unknown EHR", text, "Ask the app's administrator to add it.")
    return LaunchRequest(tenant, iss or tenant.iss, read_raw_parameter(query, "launch") or "")


def _ask_for_cookie() -> AnyResponse:
    """Set the cookie and look at once whether it stays, before the EHR's single-use launch is spent."""
    if COOKIE_ASKED in request.args:
        return show_breakout(_own_address(request.query_string.decode("latin-1").replace(f"&{COOKIE_ASKED}=1", "")))
    response = _send_to(_own_address(f"{request.query_string.decode('latin-1')}&{COOKIE_ASKED}=1"))
    set_browser_cookie(response, new_browser_secret())
    return response


def _own_address(query: str) -> str:
    return f"{url_for('launching.launch')}?{query}"


def show_breakout(restart: str | None) -> Response:
    """The page for a browser that keeps no cookie in the EHR's frame; `restart` is where a new window may begin."""
    log.info("refused: no cookie")
    return make_response(render_template("breakout.html", restart=restart), HTTPStatus.BAD_REQUEST)


def _require_pkce(tenant: Tenant, configuration: SmartConfiguration) -> None:
    """S256 is sent to every server; one that announces methods without it would ignore the protection."""
    if tenant.pkce == "required" and configuration.pkce_methods and "S256" not in configuration.pkce_methods:
        text = f"{tenant.name} does not offer PKCE with S256."
        remedy = 'Ask the administrator; pkce = "if-supported" in the tenants file lets an old server pass.'
        raise PageError(HTTPStatus.BAD_GATEWAY, "The EHR's sign-in is too weak", text, remedy)


def _send_to(address: str) -> Response:
    """A redirect whose address is left to the byte as it is."""
    return Response("", HTTPStatus.FOUND, {"Location": address})


# --- back from the EHR ---------------------------------------------------------------------------


@blueprint.get("/callback")
def callback() -> AnyResponse:
    """The EHR sends the browser back with a code, or with an error."""
    browser = browser_secret()
    if not browser:
        return show_breakout(_standalone_restart())
    try:
        pending = current_services().launches.take(request.args.get("state", ""), browser, current_services().clock())
    except StateRefused as error:
        if error.reason == "other-browser":
            return show_breakout(_standalone_restart())
        raise refused_state(error) from error
    if "error" in request.args:
        raise refused_by_server(request.args["error"], request.args.get("error_description", ""))
    return _to_session(_open_launch(pending, browser))


def _standalone_restart() -> str | None:
    """Without the cookie nobody can say which launch this was; with one EHR there is only one place to begin."""
    tenants = [tenant for tenant in current_services().tenants if not tenant.open]
    return url_for("launching.launch", tenant=tenants[0].key) if len(tenants) == 1 else None


def _open_launch(pending: Pending, browser: str) -> Launch:
    services = current_services()
    tenant = services.tenants.by_key(pending.tenant)
    if tenant is None:
        raise PageError(HTTPStatus.FORBIDDEN, "Unknown EHR", "This EHR was taken out of the app's settings meanwhile.")
    configuration = services.discovery.of(tenant)
    _check_issuer(configuration)
    answer = services.token_endpoint(tenant, configuration).exchange_code(
        code=request.args.get("code", ""),
        verifier=pending.code_verifier,
        redirect_uri=services.settings.redirect_uri,
        now=services.clock(),
    )
    try:
        granted = _granted(answer, tenant, pending, configuration)
        identity = _named(_identify(answer, tenant, configuration, pending), tenant, answer.tokens, granted)
        return _keep(answer, tenant, pending, identity, granted, browser)
    except (EhrError, PageError):
        revoke_quietly(tenant, configuration, answer.tokens)
        raise


def _check_issuer(configuration: SmartConfiguration) -> None:
    """RFC 9207: a server that says who it is must be the one the launch was sent to."""
    given = request.args.get("iss")
    if given is not None and configuration.issuer and given != configuration.issuer:
        text = "The answer came from another sign-in server than the one that was asked."
        raise PageError(HTTPStatus.BAD_REQUEST, "This launch can't be completed", text)


def _identify(answer: TokenAnswer, tenant: Tenant, configuration: SmartConfiguration, pending: Pending) -> Identity:
    """Without an id_token the launch goes on, and nothing can be accepted."""
    if not answer.id_token:
        return NOBODY
    services = current_services()
    return verify_identity(answer.id_token, tenant, configuration, services.keys, pending.nonce, services.clock())


def _granted(
    answer: TokenAnswer, tenant: Tenant, pending: Pending, configuration: SmartConfiguration
) -> frozenset[str]:
    """A server that grants just what was asked for need not say so (RFC 6749, 5.1)."""
    asked = requested_scopes(LaunchRequest(tenant, pending.iss, pending.launch, pending.staff), configuration)
    return frozenset((asked if answer.scope is None else answer.scope).split())


def _named(identity: Identity, tenant: Tenant, tokens: Tokens, granted: frozenset[str]) -> Identity:
    """With the name from the user's own resource, where the id_token has none."""
    if identity.name or not identity.user:
        return identity
    transport = current_services().transport
    return replace(identity, name=read_user_name(transport, tenant, tokens.access, identity.user, granted))


def _keep(
    answer: TokenAnswer, tenant: Tenant, pending: Pending, identity: Identity, granted: frozenset[str], browser: str
) -> Launch:
    if not answer.patient:
        text = f"{tenant.name} started the app without a patient, so there is no chart to read."
        raise PageError(HTTPStatus.BAD_REQUEST, "No patient", text, "Open a patient's chart in the EHR first.")
    new = NewLaunch(
        tenant=tenant.key,
        iss=pending.iss,
        patient=answer.patient,
        encounter=answer.encounter,
        tokens=answer.tokens,
        user=identity.user,
        user_name=identity.name,
        role=identity.role,
        scopes=granted,
        need_patient_banner=answer.need_patient_banner,
    )
    log.info("launch opened: tenant %s", tenant.key)
    return _open(new, browser)


def _open(new: NewLaunch, browser: str) -> Launch:
    """Each new launch sweeps out the ended ones, so that no clock of its own is needed for it."""
    services = current_services()
    services.launches.purge(services.clock())
    return services.launches.open(new, browser, services.clock())


def _to_session(opened: Launch) -> AnyResponse:
    if not opened.encounter:
        return redirect(url_for("launching.choose_encounter", launch_id=opened.id), HTTPStatus.SEE_OTHER)
    return redirect(session_address(opened), HTTPStatus.SEE_OTHER)


def session_address(opened: Launch) -> str:
    """Where the pages of a launch begin."""
    return f"{request.script_root}/s/{opened.id}/"


# --- servers without sign-in ---------------------------------------------------------------------


def _show_open_form(tenant: Tenant) -> Response:
    return make_response(render_template("open_tenant.html", tenant=tenant))


@blueprint.post("/launch/open")
def open_without_sign_in() -> AnyResponse:
    """Begin a session on an EHR without sign-in: the person says who they are, and it is recorded as unverified."""
    services, browser = current_services(), browser_secret()
    tenant = services.tenants.by_key(request.form.get("tenant", ""))
    patient, name = request.form.get("patient", "").strip(), request.form.get("name", "").strip()[:120]
    if tenant is None or not tenant.open or not browser:
        raise PageError(HTTPStatus.FORBIDDEN, "Refused", "This EHR needs a sign-in.")
    if not is_fhir_id(patient) or not name:
        text = "A patient id and your name are both needed."
        raise PageError(HTTPStatus.BAD_REQUEST, "Something is missing", text, "Go back and fill in both.")
    tokens = Tokens("", "", services.clock())
    new = NewLaunch(tenant.key, tenant.iss, patient, tokens, user_name=f"{name} (unverified)", role="coder")
    return _to_session(_open(new, browser))


def revoke_quietly(tenant: Tenant, configuration: SmartConfiguration, tokens: Tokens) -> None:
    """Tokens end by themselves soon; that the EHR can't be told must not hide what the user has to know."""
    try:
        services = current_services()
        if not services.token_endpoint(tenant, configuration).revoke(tokens, services.clock()):
            log.info("tokens not revoked: tenant %s", tenant.key)
    except EhrError as error:
        log.warning("tokens not revoked: %s", type(error).__name__)


# --- the app's own address ---------------------------------------------------------------------------


@blueprint.get("/")
def index() -> str:
    """For somebody who opens the app's own address."""
    return render_template("index.html")


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers; says nothing of the EHR or the database."""
    return Response("ok\n", mimetype="text/plain")
