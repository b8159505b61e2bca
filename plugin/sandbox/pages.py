"""The pages of the EHR: patients, a chart, its apps, its bills, and who is logged in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.sandbox import chart_view
from plugin.sandbox.editing import STATUSES, EditError, edited, form_of
from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.fhir.resources import Stored
from plugin.sandbox.smart.launches import Context
from plugin.sandbox.staff import STAFF, staff_choices
from plugin.sandbox.state import current

pages = Blueprint("pages", __name__)
USER_COOKIE = "sandbox_ehr_user"
REFRESH_SECONDS = 5
_OWN_PATH = re.compile(r"/([\w.-]+(/[\w.-]+)*/?)?")


def logged_in() -> str:
    """The Practitioner id of who is logged in; the nurse until somebody else is chosen."""
    chosen = request.cookies.get(USER_COOKIE)
    return chosen if chosen in {person.id for person in STAFF} else STAFF[0].id


@pages.app_context_processor
def shared_values() -> dict[str, Any]:
    """What the frame of every page shows."""
    return {"staff": staff_choices(), "user": logged_in()}


@pages.get("/")
def patient_list() -> str:
    """Every patient."""
    return render_template("patients.html", patients=chart_view.patients(current().resources), titles=current().titles)


@pages.post("/login")
def log_in() -> AnyResponse:
    """Become somebody else, and stay on the page."""
    back = urlsplit(request.form.get("back", "/"))
    safe = not back.netloc and not back.scheme and _OWN_PATH.fullmatch(back.path)
    response = redirect(back.path if safe else "/")
    response.set_cookie(USER_COOKIE, request.form.get("user", ""), httponly=True, samesite="Lax")
    return response


@pages.get("/patients/<patient>")
def chart(patient: str) -> str:
    """A patient's chart."""
    store = current().resources
    return render_template(
        "chart.html",
        banner=_banner(patient),
        encounters=chart_view.encounters(store, patient),
        conditions=chart_view.conditions(store, patient),
        mar=chart_view.mar(store, patient),
        tasks=chart_view.tasks(store, patient),
    )


@pages.get("/patients/<patient>/encounters/<encounter>")
def encounter_page(patient: str, encounter: str) -> str:
    """One encounter: its MAR, its apps, the way to its bill."""
    return render_template(
        "encounter.html",
        banner=_banner(patient),
        encounter=_encounter(patient, encounter),
        mar=chart_view.mar(current().resources, patient, encounter),
    )


@pages.get("/patients/<patient>/apps/infusion-charges")
def app_page(patient: str) -> str:
    """The app in a frame inside the chart."""
    encounter = request.args.get("encounter")
    return render_template(
        "app.html",
        banner=_banner(patient),
        encounter=_encounter(patient, encounter) if encounter else None,
        address=_launch_address(patient, encounter),
    )


@pages.get("/patients/<patient>/apps/infusion-charges/tab")
def app_tab(patient: str) -> AnyResponse:
    """The app on its own, for a new tab."""
    encounter = request.args.get("encounter")
    return redirect(_launch_address(patient, encounter))


def _launch_address(patient: str, encounter: str | None) -> str:
    """The app's launch address; the + in `launch` is left bare, as some real EHRs do."""
    _banner(patient)
    if encounter:
        _encounter(patient, encounter)
    sandbox = current()
    client_id = sandbox.config.clients[0].client_id
    value = sandbox.launches.begin(Context(patient, encounter or None, logged_in()))
    url = sandbox.clients.launch_url(client_id) or sandbox.config.app_launch_url
    if sandbox.faults.take("lost-cookie"):
        url = _under_other_name(url)
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}iss={quote(sandbox.config.fhir_base, safe='')}&launch={quote(value, safe='+')}"


def _under_other_name(url: str) -> str:
    """The same address on this machine, where cookies of the first one aren't sent."""
    names = ("//127.0.0.1:", "//localhost:")
    first, second = names if names[0] in url else names[::-1]
    return url.replace(first, second, 1)


@pages.get("/patients/<patient>/encounters/<encounter>/billing")
def billing(patient: str, encounter: str) -> str:
    """The ChargeItems of an encounter as they arrive."""
    return render_template(
        "billing.html",
        banner=_banner(patient),
        encounter=_encounter(patient, encounter),
        charges=chart_view.charges(current().resources, patient, encounter),
        seconds=None if request.args.get("refresh") == "off" else REFRESH_SECONDS,
    )


@pages.get("/patients/<patient>/mar/<key>/edit")
def edit_mar(patient: str, key: str) -> str:
    """The form that corrects a line of the MAR."""
    return _edit_form(patient, _administration(patient, key), None)


@pages.post("/patients/<patient>/mar/<key>/edit")
def save_mar(patient: str, key: str) -> AnyResponse | tuple[str, int]:
    """Save the correction as a new version."""
    found = _administration(patient, key)
    try:
        changed = edited(found.resource(), request.form)
        current().resources.update(changed, key, int(request.form.get("version", "0")))
    except (EditError, FhirError) as error:
        return _edit_form(patient, found, str(error)), 400 if isinstance(error, EditError) else 409
    return redirect(url_for("pages.chart", patient=patient, _anchor="mar"))


@pages.post("/patients/<patient>/tasks/<key>")
def answer_task(patient: str, key: str) -> AnyResponse:
    """The reply of whoever is logged in: done, with words, or nobody knows."""
    found = current().resources.find("Task", key)
    if found is None or found.patient != patient:
        abort(404, "This patient has no such task.")
    text = request.form.get("reply", "").strip()
    answered = {
        **found.resource(),
        "status": "completed" if request.form.get("action") == "done" else "rejected",
        "lastModified": datetime.now(UTC).isoformat(timespec="seconds"),
        "output": [{"type": {"text": "Reply"}, "valueString": text or "No more is known."}],
    }
    try:
        current().resources.update(answered, key, int(request.form.get("version", "0")))
    except FhirError as error:
        abort(409, str(error))
    return redirect(url_for("pages.chart", patient=patient, _anchor="tasks"))


def _edit_form(patient: str, found: Stored, problem: str | None) -> str:
    resource = found.resource()
    shown = request.form if problem else form_of(resource)
    return render_template(
        "edit_mar.html",
        banner=_banner(patient),
        row=chart_view.mar_row(current().resources, resource),
        form=shown,
        offset=form_of(resource).offset,
        day=form_of(resource).start[:10] or "2026-03-02",
        statuses=STATUSES,
        problem=problem,
    )


def _banner(patient: str) -> chart_view.PatientRow:
    found = current().resources.find("Patient", patient)
    if found is None:
        abort(404, "There is no such patient here.")
    return chart_view.patient_row(found.resource())


def _encounter(patient: str, encounter: str) -> chart_view.EncounterRow:
    found = current().resources.find("Encounter", encounter)
    if found is None or found.patient != patient:
        abort(404, "This patient has no such encounter.")
    return chart_view.encounter_row(found.resource())


def _administration(patient: str, key: str) -> Stored:
    found = current().resources.find("MedicationAdministration", key)
    if found is None or found.patient != patient:
        abort(404, "This patient has no such administration.")
    return found
