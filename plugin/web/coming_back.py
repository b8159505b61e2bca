"""The way back from the EHR: from its callback to an open session, or to a page that says why not."""

import logging
from http import HTTPStatus

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.ehr.authorize import LaunchRequest, requested_scopes
from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.errors import EhrError
from plugin.ehr.identity import NOBODY, Identity, verify_identity
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import TokenAnswer
from plugin.store.launch_rows import Launch, NewLaunch, Tokens
from plugin.store.pending_launches import Pending, StateRefused
from plugin.store.rate_counts import forget_counts
from plugin.web.errors import PageError
from plugin.web.failing import about
from plugin.web.knowing_user import is_all_known, look_up
from plugin.web.launching import blueprint, show_breakout
from plugin.web.refusals import refused_by_server, refused_state
from plugin.web.services import current_services
from plugin.web.session import browser_secret

log = logging.getLogger(__name__)


@blueprint.get("/callback")
def callback() -> AnyResponse:
    """The EHR sends the browser back with a code, or with an error."""
    browser = browser_secret()
    if not browser:
        return show_breakout(_standalone_restart())
    try:
        pending = current_services().launches.pending.take(
            request.args.get("state", ""), browser, current_services().clock()
        )
    except StateRefused as error:
        if error.reason == "other-browser":
            return show_breakout(_standalone_restart())
        raise refused_state(error) from error
    if "error" in request.args:
        tenant = current_services().tenants.by_key(pending.tenant)
        if tenant is not None:
            about(tenant)
        raise refused_by_server(request.args["error"], request.args.get("error_description", ""))
    return to_session(_open_launch(pending, browser))


def _standalone_restart() -> str | None:
    """Without the cookie nobody can say which launch this was; with one EHR there is only one place to begin."""
    tenants = [tenant for tenant in current_services().tenants if not tenant.open]
    return url_for("launching.launch", tenant=tenants[0].key) if len(tenants) == 1 else None


def _open_launch(pending: Pending, browser: str) -> Launch:
    services = current_services()
    tenant = services.tenants.by_key(pending.tenant)
    if tenant is None:
        raise PageError(HTTPStatus.FORBIDDEN, "Unknown EHR", "This EHR was taken out of the app's settings meanwhile.")
    about(tenant)
    services.statements.ask_ahead(tenant)  # this may be another process than the one the launch began in
    configuration = services.discovery.of(tenant)
    _check_issuer(configuration)
    try:
        answer = services.token_endpoint(tenant, configuration).exchange_code(
            code=request.args.get("code", ""),
            verifier=pending.code_verifier,
            redirect_uri=services.settings.redirect_uri,
            now=services.clock(),
        )
    except EhrError:
        services.discovery.doubt(tenant)
        raise
    try:
        granted = _granted(answer, tenant, pending, configuration)
        identity = _identify(answer, tenant, configuration, pending)
        return _keep(answer, tenant, pending, identity, granted, browser)
    except (EhrError, PageError):
        services.discovery.doubt(tenant)
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


def _keep(
    answer: TokenAnswer, tenant: Tenant, pending: Pending, identity: Identity, granted: frozenset[str], browser: str
) -> Launch:
    if not pending.staff and not answer.patient:
        text = f"{tenant.name} started the app without a patient, so there is no chart to read."
        raise PageError(HTTPStatus.BAD_REQUEST, "No patient", text, "Open a patient's chart in the EHR first.")
    new = NewLaunch(
        tenant=tenant.key,
        iss=pending.iss,
        patient="" if pending.staff else answer.patient,
        encounter="" if pending.staff else answer.encounter,
        tokens=answer.tokens,
        user=identity.user,
        user_name=identity.name,
        role=identity.role,
        scopes=granted,
        need_patient_banner=answer.need_patient_banner,
        style=current_services().styles.of(tenant, answer.style),
        user_asked=is_all_known(identity, tenant),
    )
    opened = open_session(new, browser)
    if pending.staff:
        opened = _require_staff(tenant, opened)
    log.info("launch opened: tenant %s", tenant.key)
    current_services().metrics.launch(tenant.key)
    return opened


def _require_staff(tenant: Tenant, opened: Launch) -> Launch:
    """Without a chart there is nothing to read for somebody without a role, so that it is asked for at once."""
    known = look_up(current_services(), opened)
    if known.role:
        return known
    current_services().launches.close(opened.id)
    g.pop("launch", None)
    if not known.user_asked:
        text = f"{tenant.name} did not answer when it was asked what you do there."
        raise PageError(HTTPStatus.GATEWAY_TIMEOUT, "The EHR does not answer", text, "Sign in again in a moment.")
    text = f"{tenant.name} says who you are, and the app's settings give you no role there."
    raise PageError(HTTPStatus.FORBIDDEN, "Not for your role", text, "Ask the app's administrator for a role.")


def open_session(new: NewLaunch, browser: str) -> Launch:
    """Each new launch sweeps out the ended ones, so that no clock of its own is needed for it."""
    services = current_services()
    services.launches.purge(services.clock())
    forget_counts(services.store, services.clock())
    return services.launches.open(new, browser, services.clock())


def to_session(opened: Launch) -> AnyResponse:
    if not opened.patient:
        return redirect(url_for("staff.home", launch_id=opened.id), HTTPStatus.SEE_OTHER)
    if not opened.encounter:
        return redirect(url_for("launching.choose_encounter", launch_id=opened.id), HTTPStatus.SEE_OTHER)
    return redirect(session_address(opened), HTTPStatus.SEE_OTHER)


def session_address(opened: Launch) -> str:
    """Where the pages of a launch begin."""
    return f"{request.script_root}/s/{opened.id}/"


def revoke_quietly(tenant: Tenant, configuration: SmartConfiguration, tokens: Tokens) -> None:
    """Tokens end by themselves soon; that the EHR can't be told must not hide what the user has to know."""
    try:
        services = current_services()
        if not services.token_endpoint(tenant, configuration).revoke(tokens, services.clock()):
            log.info("tokens not revoked: tenant %s", tenant.key)
    except EhrError as error:
        log.warning("tokens not revoked: %s", type(error).__name__)
