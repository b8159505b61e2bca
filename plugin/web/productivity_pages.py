"""How much each person did, week by week: for leads and administrators, where the site has switched it on."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from http import HTTPStatus

from flask import make_response, render_template
from werkzeug.wrappers import Response

from plugin.review.dashboards import Cell, Table, monday
from plugin.store.productivity import work_between
from plugin.web.errors import PageError
from plugin.web.roles import require_role
from plugin.web.services import current_services
from plugin.web.staff import blueprint
from plugin.web.views.dashboards import as_csv
from plugin.web.views.dashboards import productivity as productivity_of

SEES = ("lead", "admin")
WEEKS = 12
COLUMNS = ("week", "person", "encounters", "accepted", "edited", "dismissed", "answers attested")


@blueprint.get("/productivity")
def productivity(launch_id: str) -> Response:
    """The last weeks, newest first."""
    return make_response(render_template("staff/productivity.html", shown=productivity_of(_table()), weeks=WEEKS))


@blueprint.get("/productivity.csv")
def productivity_csv(launch_id: str) -> Response:
    """The same as a file."""
    response = make_response(as_csv(_table()))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="productivity.csv"'
    return response


def _table() -> Table:
    launch = require_role(*SEES)
    if not current_services().tenant(launch).productivity:
        text = "This site does not count what each person does."
        raise PageError(HTTPStatus.NOT_FOUND, "Not counted here", text, "An administrator of the app can switch it on.")
    return Table(COLUMNS, tuple(_rows()))


def _rows() -> Iterator[tuple[Cell, ...]]:
    """A week begins on Monday in the facility's zone."""
    services, launch = current_services(), require_role(*SEES)
    now = services.clock().astimezone(services.tenant(launch).zone)
    for back in range(WEEKS):
        first = monday(now.date()) - timedelta(weeks=back)
        bounds = [datetime.combine(day, time(), now.tzinfo) for day in (first, first + timedelta(weeks=1))]
        for each in work_between(services.store, launch.tenant, *bounds):
            yield (first.isoformat(), each.name, each.encounters, *each.done)
