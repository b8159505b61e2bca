"""The worklist: which encounters want a coder, who has them, and the way into their charts."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from plugin.store.launch_rows import CameFrom, Launch, NewLaunch
from plugin.store.scans import Scans
from plugin.store.worklist import Taken, Worklist, WorkRow
from plugin.store.worklist_search import Wanted, cursor
from plugin.web.errors import PageError
from plugin.web.roles import require_role
from plugin.web.search_words import open_search, seal_search
from plugin.web.services import Services, current_services
from plugin.web.session import browser_secret
from plugin.web.staff import blueprint
from plugin.web.views.worklist import filter_choices, list_rows, order_choices, read_search, read_wanted, scan_words

WORKS = ("coder", "lead")
LONGEST_REASON = 500
LIST_FIELDS = ("filter", "order", "search", "after")
AGAIN = "Go back to the worklist and look again."


@blueprint.get("/worklist")
def worklist(launch_id: str) -> Response:
    """A page of encounters, by what they should bring."""
    services, launch = current_services(), require_role(*WORKS)
    asked = {name: request.args.get(name, "") for name in LIST_FIELDS}
    words = open_search(asked["search"], launch.id, services.store.cipher)
    wanted = read_wanted(**{**asked, "search": words})
    page = _list(services, launch).page(wanted, launch.user)
    today = services.clock().astimezone(services.tenant(launch).zone).date()
    body = render_template(
        "staff/worklist.html",
        rows=list_rows(page.rows, launch.user, today),
        wanted=wanted,
        sought=asked["search"] if words else "",
        filters=filter_choices(wanted, page),
        orders=order_choices(wanted),
        next=page.next,
        opens=_opens(services, launch),
        is_lead=launch.role == "lead",
        has_fees=bool(services.tenant(launch).fees),
        scan=scan_words(Scans(services.store, launch.tenant).last(services.clock()), services.tenant(launch).zone),
        was_last=request.args.get("said") == "last",
    )
    return make_response(body)


@blueprint.post("/worklist/search")
def search_worklist(launch_id: str) -> Response:
    """Look for a name or number, which no address may show, and choose the order."""
    services, launch = current_services(), require_role(*WORKS)
    words = seal_search(read_search(request.form.get("words", "")), launch.id, services.store.cipher)
    asked = read_wanted(request.form.get("filter", ""), request.form.get("order", ""), words, "")
    address = url_for(
        "staff.worklist", launch_id=launch.id, filter=asked.filter, order=asked.order, search=words or None
    )
    return redirect(address, HTTPStatus.SEE_OTHER)


@blueprint.post("/worklist/<any(claim, release, hold, resume):action>")
def change_worklist(launch_id: str, action: str) -> Response:
    """Take an encounter on or give it back; put it on hold with a reason or take it off."""
    services, launch = current_services(), require_role(*WORKS)
    rows, person, now = _list(services, launch), services.person(launch), services.clock()
    row = _row(rows)
    try:
        if action == "hold":
            rows.hold(row.id, person, _reason(), now)
        else:
            {"claim": rows.claim, "release": rows.release, "resume": rows.resume}[action](row.id, person, now)
    except Taken as taken:
        raise PageError(HTTPStatus.CONFLICT, "Somebody else has it", f"{taken}; nothing was done.", AGAIN) from taken
    return redirect(_back(launch, row), HTTPStatus.SEE_OTHER)


@blueprint.post("/worklist/open")
def open_from_worklist(launch_id: str) -> Response:
    """Open a chart with this person's own token, in a session of its own; the EHR decides whether they may read it.

    The session lasts as long as the token: a renewal would take the token from the worklist's own session.
    """
    services, launch = current_services(), require_role(*WORKS)
    row = _row(_list(services, launch))
    if not _opens(services, launch):
        text = "Your sign-in does not let the app read charts."
        raise PageError(HTTPStatus.FORBIDDEN, "No chart here", text, "Open the app from the patient's chart.")
    given = {name: request.form.get(name, "") for name in LIST_FIELDS}
    given["search"] = open_search(given["search"], launch.id, services.store.cipher)
    return open_row(launch, row, read_wanted(**given))


def open_row(launch: Launch, row: WorkRow, wanted: Wanted) -> Response:
    """Open a row's chart with the token of the session that has the list, remembering the way back to it."""
    services = current_services()
    opened = services.launches.open(_chart_session(launch, row, wanted), browser_secret(), services.clock())
    return redirect(url_for("review.show", launch_id=opened.id), HTTPStatus.SEE_OTHER)


def _chart_session(launch: Launch, row: WorkRow, wanted: Wanted) -> NewLaunch:
    place = cursor(row, wanted.order)
    return NewLaunch(
        tenant=launch.tenant,
        iss=launch.iss,
        patient=row.patient.removeprefix("Patient/"),
        encounter=row.encounter.removeprefix("Encounter/"),
        tokens=replace(launch.tokens, refresh=""),
        user=launch.user,
        user_name=launch.user_name,
        role=launch.role,
        scopes=launch.scopes,
        style=launch.style,
        came_from=CameFrom(launch.id, row.id, wanted.filter, wanted.order, wanted.search, wanted.after, place),
    )


def _opens(services: Services, launch: Launch) -> bool:
    """Whether this person's token reads charts: of people at large, not of one patient."""
    at_large = frozenset(scope for scope in launch.scopes if scope.startswith("user/"))
    granted = services.capabilities(replace(launch, scopes=at_large))
    return granted.can_read("Encounter") and granted.can_read("MedicationAdministration")


def _list(services: Services, launch: Launch) -> Worklist:
    return Worklist(services.store, services.tenant(launch).key)


def _back(launch: Launch, row: WorkRow) -> str:
    """The page the button was on, at its row."""
    given = {name: request.form.get(name, "") for name in LIST_FIELDS}
    kept: dict[str, Any] = {name: value for name, value in given.items() if value}
    return url_for("staff.worklist", launch_id=launch.id, _anchor=f"row-{row.id}", **kept)


def _row(rows: Worklist) -> WorkRow:
    number = request.form.get("row", "")
    found = rows.row(int(number)) if number.isascii() and number.isdecimal() and len(number) < 10 else None
    if found is None:
        text = "The worklist has no such encounter; nothing was done."
        raise PageError(HTTPStatus.NOT_FOUND, "Not on the worklist", text, AGAIN)
    return found


def _reason() -> str:
    reason = " ".join(request.form.get("reason", "").split())
    if not 0 < len(reason) <= LONGEST_REASON:
        text = f"Say why, in at most {LONGEST_REASON} characters; nothing was done."
        raise PageError(HTTPStatus.UNPROCESSABLE_ENTITY, "A hold needs a reason", text, AGAIN)
    return reason
