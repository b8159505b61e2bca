"""Launches that come back without a session, in words."""

from http import HTTPStatus

from plugin.store.pending_launches import StateRefused
from plugin.web.errors import PageError

_STATE_REFUSALS = {
    "unknown": "The app did not start this launch, or so long ago that it has been forgotten.",
    "expired": "The sign-in took longer than ten minutes.",
    "used": "This launch has been used already; a page of a launch can't be loaded twice.",
    "unreadable": "The app's keys have changed since the launch began.",
}
_SERVER_ERRORS = {
    "access_denied": "You or the EHR declined the sign-in.",
    "invalid_scope": "The app asked for more than the EHR has registered it for, so the EHR let it have nothing.",
    "unauthorized_client": "The EHR has not registered the app for this kind of launch.",
    "invalid_request": "The EHR found the launch malformed or out of date.",
    "unsupported_response_type": "The EHR does not offer the sign-in that the app needs.",
    "server_error": "The EHR's sign-in failed.",
    "temporarily_unavailable": "The EHR's sign-in is busy.",
    "login_required": "The EHR wants you to sign in first.",
    "interaction_required": "The EHR wants you to sign in first.",
    "consent_required": "The EHR wants your consent first.",
}


def refused_state(error: StateRefused) -> PageError:
    """The page for a state that can't be taken."""
    text = _STATE_REFUSALS.get(error.reason, _STATE_REFUSALS["unknown"])
    return PageError(HTTPStatus.BAD_REQUEST, "This launch can't be completed", text)


# What somebody decided, or does next, is no failure.
_BY_THE_PERSON = frozenset({"access_denied", "login_required", "interaction_required", "consent_required"})
_FOR_IT = {
    "invalid_scope": "compare scopes in the tenants file with those of the registration",
    "unauthorized_client": "the registration at the EHR does not allow this kind of launch",
    "unsupported_response_type": "the authorization server does not offer the code flow",
    "invalid_request": "compare client_id and the redirect address with those of the registration",
}


def refused_by_server(error: str, description: str) -> PageError:
    """The page for an OAuth error; what the server says of it is shown as text, cut short, and not logged."""
    text = _SERVER_ERRORS.get(error, "The EHR ended the sign-in with an error.")
    said = description[:300]
    status = HTTPStatus.FORBIDDEN if error == "access_denied" else HTTPStatus.BAD_REQUEST
    name = error if error in _SERVER_ERRORS else "an error code of the server's own"
    happened = f"the authorization server answered {name}"
    for_it = f"{happened}; {_FOR_IT[error]}" if error in _FOR_IT else happened
    words = f"{text} It said: {said}" if said else text
    return PageError(status, "The EHR ended the launch", words, for_it="" if error in _BY_THE_PERSON else for_it)
