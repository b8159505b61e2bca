"""From a chart back to the row of the worklist it was opened from, and on to the next encounter of that list."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import g, redirect, url_for
from werkzeug.wrappers import Response

from plugin.store.launch_rows import CameFrom, Launch
from plugin.store.worklist import Worklist
from plugin.store.worklist_search import Wanted
from plugin.web import review_pages
from plugin.web.errors import PageError
from plugin.web.roles import require_role
from plugin.web.search_words import seal_search
from plugin.web.services import current_services
from plugin.web.session import browser_secret
from plugin.web.staff import blueprint
from plugin.web.worklist_pages import WORKS, open_row


@dataclass(frozen=True, slots=True)
class WayBack:
    """The list's address; `goes_on` is false where its session has ended and the address is that of the sign-in."""

    address: str
    goes_on: bool


@review_pages.blueprint.context_processor
def way_back() -> dict[str, Any]:
    """For every page of a chart; None where it wasn't opened from a list.

    Asking for the list's session keeps it open while somebody works on its charts.
    """
    launch: Launch | None = g.get("launch")
    if launch is None or launch.came_from is None:
        return {"way_back": None}
    session = _session_of(launch.came_from)
    if session is None:
        return {"way_back": WayBack(url_for("launching.sign_in", tenant=launch.tenant), goes_on=False)}
    return {"way_back": WayBack(_address(launch.came_from), goes_on=True)}


@blueprint.post("/next")
def next_encounter(launch_id: str) -> Response:
    """Open the encounter that stood after this one and that nobody else has; after the last, the list again."""
    services, came_from = current_services(), require_role(*WORKS).came_from
    if came_from is None:
        text = "This chart was not opened from the worklist; nothing was done."
        raise PageError(HTTPStatus.NOT_FOUND, "No worklist here", text, "Go back to the chart.")
    session = _session_of(came_from)
    if session is None:
        text = "The session of the worklist has ended."
        raise PageError(HTTPStatus.FORBIDDEN, "No worklist here", text, "Sign in for the worklist again.")
    wanted = Wanted(came_from.filter, came_from.order, came_from.search, came_from.place)
    row = Worklist(services.store, session.tenant).following(wanted, came_from.row, session.user)
    if row is None:
        return redirect(_address(came_from, said="last"), HTTPStatus.SEE_OTHER)
    return open_row(session, row, wanted)


def _session_of(came_from: CameFrom) -> Launch | None:
    services = current_services()
    return services.launches.get(came_from.session, browser_secret(), services.clock())


def _address(came_from: CameFrom, **more: str) -> str:
    """The page of the list that the chart was opened from, at its row."""
    kept = {
        "filter": came_from.filter,
        "order": came_from.order,
        "search": seal_search(came_from.search, came_from.session, current_services().store.cipher),
        "after": came_from.after,
        **more,
    }
    given: dict[str, Any] = {name: value for name, value in kept.items() if value}
    return url_for("staff.worklist", launch_id=came_from.session, _anchor=f"row-{came_from.row}", **given)
