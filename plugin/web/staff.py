"""For people without a chart before them: what a standalone sign-in leads to.

The person signs in at the EHR of an allow-listed tenant, which says who they are and grants nothing of any patient.
"""

from itertools import groupby

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from plugin.ehr.preflight import examine
from plugin.ehr.tenants import ROLES
from plugin.store.failures import last_failures
from plugin.web.roles import require_role
from plugin.web.services import current_services
from plugin.web.session import current_launch

blueprint = Blueprint("staff", __name__)


@blueprint.get("/home")
def home(launch_id: str) -> Response:
    """What this person's role may open."""
    launch = require_role(*ROLES)
    return make_response(render_template("staff/home.html", role=launch.role))


@blueprint.get("/administration/ehr")
def ehr_offers(launch_id: str) -> Response:
    """What the EHR of this sign-in offers, asked anew at every look, and what failed there; no other's is shown."""
    require_role("admin")
    services = current_services()
    tenant = services.tenant(current_launch())
    report = examine(tenant, services.transport, services.credentials, services.clock())
    topics = [(topic, list(found)) for topic, found in groupby(report.findings, key=lambda each: each.topic)]
    failed = [
        (f"{each.at.astimezone(tenant.zone):%Y-%m-%d %H:%M:%S %Z}", each)
        for each in last_failures(services.store, tenant.key)
    ]
    shown = render_template("staff/ehr_offers.html", report=report, topics=topics, failed=failed)
    return make_response(shown)
