"""Around the pages of a session: choosing the encounter when the EHR named none, and logging out."""

import logging
from http import HTTPStatus

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.ehr.encounters import Visit, find_visits, read_visit
from plugin.ehr.errors import EhrError
from plugin.ehr.telling_apart import count_given, find_person, name_places
from plugin.ehr.tokens import is_fhir_id
from plugin.store.launch_rows import Launch
from plugin.web import staff
from plugin.web.coming_back import revoke_quietly, session_address
from plugin.web.errors import PageError
from plugin.web.knowing_user import begin_look_up
from plugin.web.launching import blueprint
from plugin.web.services import current_services
from plugin.web.session import browser_secret, current_launch
from plugin.web.views.visits import list_visits

LOG_OUT = "launching.log_out"

log = logging.getLogger(__name__)


@blueprint.get("/s/<launch_id>/encounter")
def choose_encounter(launch_id: str) -> AnyResponse:
    """The picker for a launch without an encounter; none is ever chosen for the user."""
    current = current_launch()
    if current.encounter:
        return redirect(session_address(current), HTTPStatus.SEE_OTHER)
    services = current_services()
    user = begin_look_up(services, current)
    client, tenant, granted = services.client(current), services.tenant(current), services.capabilities(current)
    visits = find_visits(client, tenant, current.patient)
    person = find_person(client, current.patient) if granted.can_read("Patient") else None
    places = name_places(client, tenant, visits) if granted.can_read("Location") else {}
    counts = granted.can_read("MedicationAdministration")
    given = count_given(client, tenant, current.patient, visits) if counts else {}
    listed = list_visits(visits, places, given, tenant.zone)
    user.soon()
    return make_response(render_template("pick_encounter.html", visits=listed, person=person))


@blueprint.post("/s/<launch_id>/encounter")
def set_encounter(launch_id: str) -> AnyResponse:
    """The user's choice, checked again against the EHR."""
    services, current = current_services(), current_launch()
    chosen = request.form.get("choice", "")
    visit: Visit | None = None
    if is_fhir_id(chosen):
        visit = read_visit(services.client(current), services.tenant(current), current.patient, chosen)
    if visit is None:
        text = "The chosen encounter is not one of this patient's that can carry charges; nothing was done."
        raise PageError(HTTPStatus.CONFLICT, "Wrong encounter", text, "Go back and choose another.")
    return redirect(session_address(services.launches.choose_encounter(current, visit.id)), HTTPStatus.SEE_OTHER)


@blueprint.post("/s/<launch_id>/logout")
def log_out(launch_id: str) -> AnyResponse:
    """Revoke the tokens at the EHR where it can be done, and wipe them here whatever it says."""
    services, current = current_services(), current_launch()
    wiped = services.launches.close_all_with(current, browser_secret())
    tenant = services.tenant(current)
    for tokens in () if tenant.open else wiped:
        try:
            revoke_quietly(tenant, services.discovery.of(tenant), tokens)
        except EhrError as error:
            log.warning("tokens not revoked: %s", type(error).__name__)
    g.pop("launch")
    return make_response(render_template("logged_out.html"))


@blueprint.before_app_request
def require_encounter() -> AnyResponse | None:
    """Pages of a launch need its encounter; until one is chosen they all lead to the picker.

    A session without a patient has the pages of staff and no chart's.
    """
    opened: Launch | None = g.get("launch")
    if opened is None or opened.encounter or request.blueprint == staff.blueprint.name:
        return None
    if not opened.patient and request.endpoint != LOG_OUT:
        raise PageError(HTTPStatus.FORBIDDEN, "No chart here", "You signed in without a patient's chart.")
    if request.blueprint == blueprint.name:
        return None
    return redirect(url_for("launching.choose_encounter", launch_id=opened.id), HTTPStatus.SEE_OTHER)
