"""Who may open a page: a verified person with one of the roles it is for."""

from http import HTTPStatus

from plugin.store.launch_rows import Launch
from plugin.web.errors import PageError
from plugin.web.knowing_user import look_up
from plugin.web.services import current_services
from plugin.web.session import current_launch


def require_role(*roles: str) -> Launch:
    """The launch of this request if its person has one of these roles; raises PageError."""
    services = current_services()
    launch = look_up(services, current_launch())
    if not launch.role and not launch.user_asked:
        text = "The EHR did not answer when it was asked what you do there, so this page can't be shown yet."
        raise PageError(HTTPStatus.GATEWAY_TIMEOUT, "The EHR does not answer", text, "Try again in a moment.")
    if not services.person(launch).verified or launch.role not in roles:
        text = f"This page is for the role {' or '.join(roles)}; you have {launch.role or 'no role'}."
        raise PageError(HTTPStatus.FORBIDDEN, "Not for your role", text, "Ask the app's administrator for the role.")
    return launch
