"""Servers without sign-in: the person says who they are, and it is recorded as unverified."""

from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from plugin.ehr.tokens import is_fhir_id
from plugin.store.launch_rows import NewLaunch, Tokens
from plugin.web.coming_back import open_session, to_session
from plugin.web.errors import PageError
from plugin.web.launching import blueprint
from plugin.web.services import current_services
from plugin.web.session import browser_secret


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
    return to_session(open_session(new, browser))
