"""The launch: from the EHR's address to an open session, or to a page that says why not."""

import logging
from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.ehr.authorize import LaunchRequest, authorization_address, read_raw_parameter
from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.tenants import Tenant
from plugin.web.error_words import TELL_IT
from plugin.web.errors import PageError
from plugin.web.failing import about
from plugin.web.services import current_services
from plugin.web.session import browser_secret, new_browser_secret, set_browser_cookie

log = logging.getLogger(__name__)
blueprint = Blueprint("launching", __name__)

COOKIE_ASKED = "cookie_asked"


# --- out to the EHR ------------------------------------------------------------------------------


@blueprint.get("/launch")
def launch() -> AnyResponse:
    """An EHR launch (`iss` and `launch`) or a standalone one (`iss`, or `tenant` by name)."""
    return _leave(_read_launch_request())


@blueprint.get("/sign-in")
def sign_in() -> AnyResponse:
    """Staff without a chart before them: the EHR says who they are, and grants nothing of any patient."""
    asked = _read_launch_request()
    if asked.tenant.open:
        text = f"{asked.tenant.name} has no sign-in, so nobody can be told apart there."
        raise PageError(HTTPStatus.FORBIDDEN, "No sign-in", text)
    return _leave(replace(asked, launch="", staff=True))


def _leave(asked: LaunchRequest) -> AnyResponse:
    browser = browser_secret()
    if not browser:
        return _ask_for_cookie()
    if asked.tenant.open:
        return _show_open_form(asked.tenant)
    services = current_services()
    services.statements.ask_ahead(asked.tenant)
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
        for_it = "a launch from an iss, or for a tenant, that isn't in the tenants file"
        raise PageError(HTTPStatus.FORBIDDEN, "Unknown EHR", text, TELL_IT, for_it=for_it)
    about(tenant)
    return LaunchRequest(tenant, iss or tenant.iss, read_raw_parameter(query, "launch") or "")


def _ask_for_cookie() -> AnyResponse:
    """Set the cookie and look at once whether it stays, before the EHR's single-use launch is spent."""
    if COOKIE_ASKED in request.args:
        return show_breakout(_own_address(request.query_string.decode("latin-1").replace(f"&{COOKIE_ASKED}=1", "")))
    response = _send_to(_own_address(f"{request.query_string.decode('latin-1')}&{COOKIE_ASKED}=1"))
    set_browser_cookie(response, new_browser_secret())
    return response


def _own_address(query: str) -> str:
    return f"{url_for(request.endpoint or 'launching.launch')}?{query}"


def show_breakout(restart: str | None) -> Response:
    """The page for a browser that keeps no cookie in the EHR's frame; `restart` is where a new window may begin."""
    log.info("refused: no cookie")
    return make_response(render_template("breakout.html", restart=restart), HTTPStatus.BAD_REQUEST)


def _require_pkce(tenant: Tenant, configuration: SmartConfiguration) -> None:
    """S256 is sent to every server; one that announces methods without it would ignore the protection."""
    if tenant.pkce == "required" and configuration.pkce_methods and "S256" not in configuration.pkce_methods:
        text = f"{tenant.name} signs people in by a way that lacks a protection the app asks for."
        for_it = 'no PKCE with S256 is announced; pkce = "if-supported" in the tenants file lets an old server pass'
        raise PageError(HTTPStatus.BAD_GATEWAY, "The EHR's sign-in is too weak", text, TELL_IT, for_it=for_it)


def _send_to(address: str) -> Response:
    """A redirect whose address is left to the byte as it is."""
    return Response("", HTTPStatus.FOUND, {"Location": address})


def _show_open_form(tenant: Tenant) -> Response:
    return make_response(render_template("open_tenant.html", tenant=tenant))


# --- the app's own address ---------------------------------------------------------------------------


@blueprint.get("/")
def index() -> str:
    """For somebody who opens the app's own address; which EHRs there are is told only where there is one."""
    services = current_services()
    tenants = [tenant for tenant in services.tenants if not tenant.open]
    only = tenants[0] if len(tenants) == 1 else None
    return render_template("index.html", only=only, several=len(tenants) > 1, demo_ehr=services.settings.demo_ehr)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers; says nothing of the EHR or the database."""
    return Response("ok\n", mimetype="text/plain")
