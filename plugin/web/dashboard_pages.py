"""The dashboards of documentation and work: pictures, their numbers, and the numbers as CSV."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

from flask import make_response, render_template
from werkzeug.wrappers import Response

from plugin.review.dashboards import Figures, monday
from plugin.store.worklist import Worklist
from plugin.web.errors import PageError
from plugin.web.roles import require_role
from plugin.web.services import current_services
from plugin.web.staff import blueprint
from plugin.web.views.dashboards import KINDS, as_csv, dashboard
from plugin.web.views.times import counted

SEES = ("coder", "lead", "admin")
WEEKS = 12


@blueprint.get("/dashboards")
def dashboards(launch_id: str) -> Response:
    """All of them."""
    visits = _visits()
    shown = [dashboard(name, visits) for name in KINDS]
    return make_response(
        render_template("staff/dashboards.html", dashboards=shown, weeks=WEEKS, visits=counted(len(visits), "visit"))
    )


@blueprint.get("/dashboards/<name>.csv")
def dashboard_csv(launch_id: str, name: str) -> Response:
    """One of them as a file."""
    visits = _visits()
    if name not in KINDS:
        raise PageError(HTTPStatus.NOT_FOUND, "No such dashboard", "There is nothing to show at this address.")
    response = make_response(as_csv(dashboard(name, visits).table))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _visits() -> Sequence[Figures]:
    """Those of this week and the eleven before it, in the facility's zone."""
    services, launch = current_services(), require_role(*SEES)
    tenant = services.tenant(launch)
    today = services.clock().astimezone(tenant.zone).date()
    return Worklist(services.store, tenant.key).figures(monday(today) - timedelta(weeks=WEEKS - 1), tenant.zone)
